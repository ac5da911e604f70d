// The manifest of an output folder, which says which stages are done.
#pragma once

#include <map>
#include <string>

#include "nn/io/files.h"

namespace p2rec {

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

}  // namespace p2rec
