// Where a later recommender's item vectors begin: each method has a table of such initialisations, its own
// and the controls that they are compared with. One of them with one seed is one arm of the results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "p2rec/run/stage.h"

namespace p2rec {

// What an initialisation is made of.
struct InitRequest {
  const Context& context;
  int64_t columns;                                                 // of vectors that are drawn
  uint64_t seed;                                                   // of the recommender: of all that is drawn
  std::function<ag::Tensor(const ag::Tensor& embeddings)> reduce;  // (V,C) -> (V,columns), or as they are
};

struct ItemInit {
  std::string name, meaning;                              // the meaning is for the report
  std::string stage;                                      // whose files it is made of; empty: none
  std::function<ag::Tensor(const InitRequest&)> vectors;  // (V,d), or (V,D) under an adapter, of any scale
  bool is_the_method = false;
};

// A method's table.
struct ItemInits {
  std::vector<ItemInit> table;
  std::string embeddings_stage;  // makes the language model's embeddings
  std::function<int64_t(const Context&)> embedding_columns;
};

// The control that every method has: random numbers.
ItemInit random_init();
// Throws ag::Error if there is none of that name.
const ItemInit& init_named(const ItemInits& inits, const std::string& name);

// Which of them are compared.
struct ItemInitConfig {
  std::vector<std::string> inits;  // by name
  double std = 0.02;               // of every item table; vectors under an adapter have one of 1
  std::vector<std::string> known;  // the names of the method's table
};
void describe(ItemInitConfig& config, const nn::Visit& visit);
ItemInitConfig all_of(const ItemInits& inits);
// Throws ag::InputError for a given start-std unless the vectors start the item table, which it scales.
void check(const ItemInitConfig& config, bool starts_item_table);

// --- how vectors are made ----------------------------------------------------------------------------------

// (V,d): a table that a recommender begins with, scaled to the standard deviation `std` over all its numbers.
ag::Tensor scaled_to(const ag::Tensor& vectors, double std);

// (V,D): vectors that stay as they are under an adapter: centred columns, a joint standard deviation of one.
ag::Tensor standardised(const ag::Tensor& vectors);

// N(0,1), a function of the name and the seed.
ag::Tensor drawn(ag::Shape shape, const std::string& name, uint64_t seed);

// Row i of the result is row rows[i] of x.
ag::Tensor take_rows(const ag::Tensor& x, const std::vector<int32_t>& rows);

// The same rows, in an order that the seed draws: their statistics remain, their meaning is gone.
ag::Tensor shuffled(const ag::Tensor& x, uint64_t seed);

// The first d principal components (V,d) of the rows (V,C), centred. A component's sign makes its largest
// loading positive, so that the result does not depend on the solver's choice.
ag::Tensor principal_components(const ag::Tensor& rows, int64_t d);

// A matrix in a safetensors file. Throws ag::InputError unless it has one row for each item.
ag::Tensor read_item_matrix(const nn::Path& file, const std::string& name, int64_t items);

}  // namespace p2rec
