// The output folder of a run between two calls of the program: which stages are done, which files each stage
// owns, what can be resumed, and what --overwrite deletes.
//
// Whenever the program is killed, the folder is in one of these states, and each can be resumed:
//   a stage is in the manifest      all its files are whole; a checkpoint that is still there is removed
//   it is not                       its files are whole or absent. It is run again from its checkpoint, or from the
//                                   beginning if there is none; finished recommenders are kept
//   NAME.tmp                        a file that was being written: removed, and never read
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/safetensors.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// The keys under which a file's metadata holds the options that it was made with: "key=value" lines.
constexpr const char *kArtefactOptions = "p2rec.options", *kCheckpointOptions = "fingerprint";

// manifest.json: for every finished stage its fingerprint. A stage is done if and only if it is here: it is
// entered when all its files are whole. Throws ag::InputError for the manifest of another version.
class Manifest {
 public:
  // `overwrite`: the manifest of another version counts as an empty one.
  explicit Manifest(const nn::Path& folder, bool overwrite = false);
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

// True if a file name fits a pattern, in which a '*' matches anything.
bool matches(const std::string& name, const std::string& pattern);
// The files below the folder whose names match one of the patterns.
std::vector<nn::Path> found_files(const nn::Path& folder, const std::vector<std::string>& patterns);

// True if no run has begun here: the folder is empty, or the
// first run was killed while it wrote its first file.
bool is_untouched(const nn::Path& folder);

// Throws ag::InputError unless the stage is untouched, or `resume` is
// given and what is there was made with these options.
void check_resumes(const nn::Path& folder, const Manifest& manifest, const Stage& stage,
                   const std::string& fingerprint, bool resume);

// What was being written when an earlier run was killed.
void remove_temporaries(const nn::Path& folder, const Stages& stages);
// Those of a stage that is in the manifest.
void remove_checkpoints(const nn::Path& folder, const Stage& stage);
// All that the stages from `first` on have left.
void remove_from(const nn::Path& folder, Manifest& manifest, const Stages& stages, const std::string& first);

// An integer in a file's metadata. Throws ag::InputError if there is none.
int64_t integer_in(const nn::Metadata& metadata, const std::string& key, const nn::Path& file);

}  // namespace p2rec
