// Scenes: impressions of items with what is known when an item is shown, and their texts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/tokenizers/tokenizer.h"
#include "nn/io/describe.h"
#include "p2rec/data/interactions.h"

namespace p2rec {

struct SceneConfig {
  std::string user_table = "none", item_table = "none";  // with attributes, as ml-100k.user; "none": no table
  std::vector<std::string> fields = {"age", "gender", "occupation", "class"};  // their columns that are used
  double min_click = 4;                         // the rating from which an impression is a click
  double validation_cut = 0.8, test_cut = 0.9;  // shares of all impressions before the cuts in time
  int64_t history = 5;                          // clicked titles in a user's text
};
void describe(SceneConfig& config, const nn::Visit& visit);

struct Impression {
  int64_t user;
  int32_t item;
  int64_t time;
  bool click;
};

// All impressions, in order of time (ties: by user, then as in the data), in three parts. Throws
// ag::InputError if the data have no times or ratings, if they are split already, or if a part has no click
// or nothing else.
struct Impressions {
  std::vector<Impression> train, validation, test;
};
Impressions impressions_of(const Interactions& data, const SceneConfig& config);

std::vector<bool> labels_of(const std::vector<Impression>& impressions);  // true for a click

enum class FieldOf : uint8_t { Time, User, Item };

// A feature of scenes, with its distinct values in ascending order.
struct Field {
  std::string name;
  FieldOf of;
  std::vector<std::string> values;
};

class Scenes {
 public:
  // Reads the tables. Throws ag::InputError if a field is in none of them.
  Scenes(const Interactions& data, const SceneConfig& config);

  // First the hour (0-23) and the day of the week of a time in seconds since 1970 (UTC), then the columns of
  // the users' table, then those of the items'.
  const std::vector<Field>& fields() const { return fields_; }
  size_t item_fields() const;  // how many of the last fields are the items'
  // The number of the value in each field. A user or item that the table lacks has the value "unknown".
  std::vector<int32_t> values_of(const Impression& impression) const;

  // The features of all fields are numbered one after the other.
  int64_t features() const;
  int64_t first_feature(size_t field) const;

 private:
  void add_columns(const std::string& table, const std::vector<std::string>& ids, FieldOf of,
                   const SceneConfig& config);
  std::vector<Field> fields_;
  std::vector<std::vector<int32_t>> value_of_;  // per field: of each user or item; empty for times
};

// The texts as tokens. A text is made of parts, each a new token that names its field, and the value's words:
//   <hour>14<day>Saturday<age>24<gender>M<item>Toy Story<class>Animation Children's Comedy
class SceneTexts {
 public:
  using Tokens = std::vector<int32_t>;
  // `rows`: rows of the model's token table; new tokens are the ids from there on.
  SceneTexts(const Scenes& scenes, const Interactions& data, const models::Tokenizer& tokenizer,
             int64_t rows);

  int64_t new_tokens() const { return static_cast<int64_t>(scenes_.fields().size()) + 2; }
  Tokens feature(size_t field, int32_t value) const;
  Tokens feature(int64_t number) const;  // of all features
  Tokens item(int32_t item) const;       // its title (or id) and its fields
  // The user's fields and the titles of clicked items.
  Tokens user(int64_t user, const std::vector<int32_t>& clicked) const;
  Tokens impression(const Impression& impression) const;  // time, user and item

 private:
  Tokens words(const std::string& text) const;
  void append_fields(Tokens& text, const Impression& impression, FieldOf of) const;
  const Scenes& scenes_;
  const Interactions& data_;
  const models::Tokenizer& tokenizer_;
  int64_t rows_;
};

}  // namespace p2rec
