// Initialisations of a recommender's item vectors. Each method has a table of them: its own and the controls.
// Each is one arm of the results, with one recommender per seed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "p2rec/run/stage.h"
#include "p2rec/training/train_recommender.h"

namespace p2rec {

// The inputs of an initialisation.
struct InitRequest {
  const Context& context;
  int64_t columns;                                                 // of randomly drawn vectors
  uint64_t seed;                                                   // of the recommender and its vectors
  std::function<ag::Tensor(const ag::Tensor& embeddings)> reduce;  // (V,C) -> (V,columns); adapter: unchanged
};

struct ItemInit {
  std::string name, meaning;                              // the meaning is for the report
  std::vector<std::string> stages;                        // it reads the files of these
  std::function<ag::Tensor(const InitRequest&)> vectors;  // (V,d), or (V,D) under an adapter, of any scale
  bool is_the_method = false;
  std::function<ExtraLoss(const InitRequest&)> extra_loss = {};  // added to the recommender's loss
  bool by_default = true;                                        // among the starts if none are given
};

// A method's initialisations.
struct ItemInits {
  std::vector<ItemInit> table;
  std::string embeddings_stage;  // writes the language model's embeddings
  std::function<int64_t(const Context&)> embedding_columns;
};

// The control that every method has: random numbers.
ItemInit random_init();
// Throws ag::Error for an unknown name.
const ItemInit& init_named(const ItemInits& inits, const std::string& name);

// The initialisations that a run compares.
struct ItemInitConfig {
  std::vector<std::string> inits;  // by name
  double std = 0.02;               // standard deviation of every item table; under an adapter it is 1
  std::vector<std::string> known;  // the names of the method's table
};
void describe(ItemInitConfig& config, const nn::Visit& visit);
ItemInitConfig all_of(const ItemInits& inits);
// Throws ag::InputError for a start-std other than the default if the vectors do not start the item table.
void check(const ItemInitConfig& config, bool starts_item_table);

// --- how vectors are made ----------------------------------------------------------------------------------

// (V,d) scaled to the standard deviation `std` over all numbers, for an item table. Throws ag::Error if all
// numbers are equal.
ag::Tensor scaled_to(const ag::Tensor& vectors, double std);

// (V,D) with centred columns and standard deviation 1 over all numbers, for frozen vectors under an adapter.
ag::Tensor standardised(const ag::Tensor& vectors);

// N(0,1) numbers. The name and the seed determine them.
ag::Tensor drawn(ag::Shape shape, const std::string& name, uint64_t seed);

// Row i of the result is row rows[i] of x.
ag::Tensor take_rows(const ag::Tensor& x, const std::vector<int32_t>& rows);

// The rows in a random order: the statistics stay the same, but a row no longer belongs to its item.
ag::Tensor shuffled(const ag::Tensor& x, uint64_t seed);
// The same, but each row goes to an item of its own group: what remains is what the groups know. group_of
// (V).
ag::Tensor shuffled_in_groups(const ag::Tensor& x, const std::vector<int32_t>& group_of, uint64_t seed);

// The first d principal components (V,d) of the rows (V,C). The largest loading of each component is
// positive, so the signs do not depend on the solver. Throws ag::InputError if d > min(V,C).
ag::Tensor principal_components(const ag::Tensor& rows, int64_t d);

// Reads a matrix (items,C) from a safetensors file. Throws ag::InputError for another number of rows.
ag::Tensor read_item_matrix(const nn::Path& file, const std::string& name, int64_t items);

}  // namespace p2rec
