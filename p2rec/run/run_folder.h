// The output folder of a run between two calls of the program: which files belong to which stage, what may be gone on with,
// and what has to go.
//
// Whatever moment the program is killed at, the folder is in one of these states, and each is gone on with:
//   a stage stands in the manifest     all its files are whole; a checkpoint that is still there is removed
//   it does not                        its files are whole or absent. It is run again from its checkpoint, or from the
//                                      beginning where there is none, and writes all of them anew; only the tiny language
//                                      model and finished recommenders are kept
//   NAME.tmp                           a file that was being written: removed, and never read
#pragma once

#include <string>
#include <vector>

#include "nn/io/safetensors.h"
#include "p2rec/run/artifacts.h"
#include "p2rec/run/options.h"

namespace p2rec {

// All stages from `first` to `last`, in order.
std::vector<Stage> stages_from(Stage first, Stage last = Stage::Evaluate);

// Where a file's metadata says with which options it was made: "key=value" lines.
constexpr const char *kArtefactOptions = "p2rec.options", *kCheckpointOptions = "fingerprint";

// Whether no run has begun here: the folder is empty, or the first run was killed over its first file.
bool is_untouched(const nn::Path& folder);

// The stage's files that are there, with its checkpoints.
std::vector<nn::Path> found_files_of(const nn::Path& folder, Stage stage);

// Throws ag::InputError unless the stage is untouched, or `resume` is given and what is there was made with these options.
void check_goes_on(const nn::Path& folder, const Manifest& manifest, Stage stage,
                   const std::string& fingerprint, bool resume);

// What was being written when an earlier run was killed.
void remove_temporaries(const nn::Path& folder);
// Of a stage that stands in the manifest.
void remove_checkpoints(const nn::Path& folder, Stage stage);
// All that the stages from `first` on have left: --overwrite.
void remove_from(const nn::Path& folder, Manifest& manifest, Stage first);

// A number in an artefact's metadata. Throws ag::InputError where there is none.
int64_t number_in(const nn::Metadata& metadata, const std::string& key, const nn::Path& file);

}  // namespace p2rec
