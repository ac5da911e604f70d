// The output folder of a run between two calls of the program: which stages are done, which files each stage
// owns, what can be resumed, and what --overwrite deletes.
//
// The program may be killed at any time. The folder can always be resumed:
//   stage in the manifest      all its files are complete; a remaining checkpoint is removed
//   stage not in the manifest  each of its files is complete or absent; it runs again from its checkpoint, or
//                              from the start if there is none; finished recommenders are kept
//   NAME.tmp                   an unfinished file; removed and never read
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/io/safetensors.h"
#include "p2rec/run/stage.h"

namespace p2rec {

// The keys, in a file's metadata, of the options that it was made with, as lines "key=value".
constexpr const char *kArtefactOptions = "p2rec.options", *kCheckpointOptions = "fingerprint";

// manifest.json: the fingerprint of every finished stage. A stage is done if and only if it is in
// the manifest; it is entered when all its files are complete. Throws ag::InputError for the
// manifest of another version.
class Manifest {
 public:
  // `overwrite`: reads the manifest of another version as an empty one.
  explicit Manifest(const nn::Path& folder, bool overwrite = false);
  bool done(const std::string& stage) const { return stages_.contains(stage); }
  // The fingerprint that a stage was made with. Throws ag::InputError if it is not done.
  const std::string& fingerprint_of(const std::string& stage) const;
  // Throws ag::InputError, which names the first option that differs, if the stage was made
  // with other options.
  void check_fits(const std::string& stage, const std::string& fingerprint) const;
  void enter(const std::string& stage, const std::string& fingerprint);
  void remove(const std::string& stage);
  const nn::Path& path() const { return path_; }

 private:
  void write() const;
  nn::Path path_;
  std::map<std::string, std::string> stages_;
};

// True if a file name matches a pattern, in which '*' stands for any characters.
bool matches(const std::string& name, const std::string& pattern);
// The files in the folder and its subfolders whose names match one of the patterns.
std::vector<nn::Path> found_files(const nn::Path& folder, const std::vector<std::string>& patterns);

// True if no run has begun here: the folder is empty, or a run was killed while it wrote its first file.
bool is_untouched(const nn::Path& folder);

// Throws ag::InputError if the stage has files and not `resume`, or if they were made with other options.
void check_resumes(const nn::Path& folder, const Manifest& manifest, const Stage& stage,
                   const std::string& fingerprint, bool resume);

// Removes files that a killed run did not finish.
void remove_temporaries(const nn::Path& folder, const Stages& stages);
// Removes the checkpoints of a stage that is in the manifest.
void remove_checkpoints(const nn::Path& folder, const Stage& stage);
// Removes all files, log lines and records of `first` and later stages.
void remove_from(const nn::Path& folder, Manifest& manifest, const Stages& stages, const std::string& first);

// An integer in a file's metadata. Throws ag::InputError if there is none.
int64_t integer_in(const nn::Metadata& metadata, const std::string& key, const nn::Path& file);

}  // namespace p2rec
