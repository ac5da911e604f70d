#include "p2rec/methods/llmemb/item_prompts.h"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "models/formats/language_model.h"
#include "nn/io/text.h"

namespace p2rec {
namespace {

constexpr size_t kLongestValue = 100;  // characters
constexpr const char* kInstruction = "The item has the following attributes: \n";
constexpr uint64_t kMostParts = 1 << 16;  // of an item, for its place in the random stream

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

// At most 100 characters, without what separates attributes.
std::string cleaned(std::string value) {
  std::ranges::replace(value, ';', '.');
  std::ranges::replace(value, '\n', ' ');
  size_t characters = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (nn::begins_character(value[i]) && ++characters > kLongestValue) return value.substr(0, i);
  }
  return value;
}

// The places 0 .. n-1 in a random order: that of their random numbers.
std::vector<size_t> shuffled_places(const std::vector<double>& draw) {
  std::vector<size_t> places(draw.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::ranges::stable_sort(places, {}, [&](size_t place) { return draw[place]; });
  return places;
}

}  // namespace

std::vector<std::string> item_attributes(const Interactions& data, int64_t item) {
  const auto i = static_cast<size_t>(item);
  std::vector<std::string> found;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) found.push_back(name + " is " + cleaned(value));
  };
  add("title", data.title(i));
  for (size_t a = 0; a < data.attribute_names.size(); ++a)
    add(data.attribute_names[a], data.attributes[i][a]);
  if (found.empty()) add("id", data.item_ids[i]);
  return found;
}

size_t parts_of(const std::vector<std::string>& attributes) {
  return attributes.size() == 1 ? words_of(attributes[0]).size() : attributes.size();
}

std::vector<std::string> dropped_attributes(const std::vector<std::string>& attributes, double ratio,
                                            const std::vector<double>& draw) {
  const size_t n = parts_of(attributes), kept = n - static_cast<size_t>(static_cast<double>(n) * ratio);
  AG_CHECK(draw.size() == n, "dropped_attributes: ", draw.size(), " random numbers for ", n, " parts");
  std::vector<size_t> places = shuffled_places(draw);
  places.resize(kept);
  std::vector<std::string> chosen;
  if (attributes.size() > 1) {
    for (const size_t place : places) chosen.push_back(attributes[place]);
    return chosen;
  }
  std::ranges::sort(places);
  const std::vector<std::string> words = words_of(attributes[0]);
  for (const size_t place : places) chosen.push_back(words[place]);
  return {joined(chosen, " ")};
}

ItemPrompts::ItemPrompts(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows)
    : tokenizer_(tokenizer) {
  for (int64_t item = 0; item < data.items(); ++item) {
    attributes_.push_back(item_attributes(data, item));
    models::need_rows(whole(item), rows, attributes_.back()[0]);
  }
}

std::vector<int32_t> ItemPrompts::tokens_of(const std::vector<std::string>& attributes) const {
  std::vector<int32_t> ids = tokenizer_.encode(kInstruction + (" " + joined(attributes, "; ")));
  if (const auto& ends = tokenizer_.special().ends; !ends.empty()) ids.push_back(ends[0]);
  return ids;
}

std::vector<int32_t> ItemPrompts::whole(int64_t item) const {
  return tokens_of(attributes_[static_cast<size_t>(item)]);
}

std::vector<int32_t> ItemPrompts::copy(int64_t item, int copy, double ratio, const ag::RandomKey& key) const {
  const std::vector<std::string>& attributes = attributes_[static_cast<size_t>(item)];
  std::vector<double> draw(parts_of(attributes));
  const uint64_t first = (2 * static_cast<uint64_t>(item) + static_cast<uint64_t>(copy)) * kMostParts;
  for (size_t i = 0; i < draw.size(); ++i) draw[i] = ag::random_uniform(key, first + i);
  return tokens_of(dropped_attributes(attributes, ratio, draw));
}

}  // namespace p2rec
