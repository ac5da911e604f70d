// The files of an output folder: their names, their formats, and the manifest that says which stages are done.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/safetensors.h"
#include "p2rec/data/interactions.h"
#include "p2rec/methods/p2rec/item_groups.h"

namespace p2rec {

// groups.tsv: item_id, group.  preferences.tsv: user_id, one column per group.  items.tsv: row, item_id, title.
void write_groups(const nn::Path& file, const Interactions& data, const ItemGroups& groups);
ItemGroups read_groups(const nn::Path& file, const Interactions& data);  // labels and their number only
void write_preferences(const nn::Path& file, const Interactions& data,
                       const ag::Tensor& preferences /*(users,K)*/);
void write_items(const nn::Path& file, const Interactions& data);

// A matrix for NumPy: version 1.0 of the format, little-endian, C order (numpy.lib.format).
void write_npy(const nn::Path& file, const ag::Tensor& matrix);

// manifest.json: for every finished stage the options and inputs that it was made from, as "key=value" lines. A stage is
// done when, and only when, it stands here: it is entered after all its files are whole.
class Manifest {
 public:
  explicit Manifest(const nn::Path& folder);
  bool done(const std::string& stage) const { return stages_.contains(stage); }
  // What a stage was made with. Throws ag::InputError if it is not done.
  const std::string& fingerprint_of(const std::string& stage) const;
  // Throws ag::InputError naming the first option that differs from what the stage was made with.
  void check_fits(const std::string& stage, const std::string& fingerprint) const;
  void enter(const std::string& stage, const std::string& fingerprint);
  void remove(const std::string& stage);
  const nn::Path& path() const { return path_; }

 private:
  void write() const;
  nn::Path path_;
  std::map<std::string, std::string> stages_;
};

// Hashes, in hex, of the catalogue with the training parts, of the validation targets and of the test targets.
struct DataHashes {
  std::string training, validation, test;
};
DataHashes hashes_of(const Interactions& data);
// "key=value" lines of what a stage has read of the data: the catalogue with the training parts, and where it looks at them
// the validation and the test targets. Two data sets that agree on those have the same lines.
std::string data_fingerprint(const DataHashes& data, bool validation, bool test);
// A hash of a file's bytes, in hex.
std::string file_hash(const nn::Path& file);
// The same of a language model, which may be a Hugging Face folder: of its configuration, weights and tokenizer.
std::string language_model_hash(const nn::Path& path);

}  // namespace p2rec
