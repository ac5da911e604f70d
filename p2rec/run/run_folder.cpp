#include "p2rec/run/run_folder.h"

#include <algorithm>
#include <charconv>

#include "p2rec/run/results_file.h"
#include "p2rec/task/log_file.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

namespace fs = std::filesystem;

// The names of what a stage leaves in the folder; a '*' stands for anything.
std::vector<std::string> files_of(Stage stage) {
  switch (stage) {
    case Stage::Pretrain:
      return {"teacher.safetensors", "state-pretrain.safetensors"};
    case Stage::Groups:
      return {"groups.tsv", "preferences.tsv"};
    case Stage::Reconstruct:
      return {"tiny_llm.safetensors", "adapter/adapter_config.json", "adapter/adapter_model.safetensors",
              "head.safetensors",     "item_tokens.safetensors",     "state-reconstruct*.safetensors"};
    case Stage::Augment:
      return {"item_embeddings.safetensors", "item_embeddings.npy", "item_embeddings_untuned.safetensors",
              "items.tsv", "state-augment-*.safetensors"};
    case Stage::Train:
      return {"recommender-*.safetensors", "state-train-*.safetensors"};
    case Stage::Evaluate:
      return {"ranks.tsv"};
  }
  return {};
}

// What belongs to no single stage.
constexpr const char *kConfig = "config.toml", *kManifest = "manifest.json", *kResults = "results.json",
                     *kLog = "log.jsonl", *kReport = "report.html";

bool matches(const std::string& name, const std::string& pattern) {
  const size_t star = pattern.find('*');
  if (star == std::string::npos) return name == pattern;
  const std::string before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && name.starts_with(before) && name.ends_with(after);
}

// The files below the folder whose names match one of the patterns with `ending` behind it.
std::vector<nn::Path> found_files(const nn::Path& folder, const std::vector<std::string>& patterns,
                                  std::string_view ending = "") {
  std::vector<nn::Path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), folder).generic_string();
    for (const std::string& pattern : patterns) {
      if (matches(name, pattern + std::string(ending))) found.push_back(entry.path());
    }
  }
  return found;
}

bool is_checkpoint(const nn::Path& file) { return file.filename().string().starts_with("state-"); }

void check_options_of(const nn::Path& file, const std::string& fingerprint) {
  const nn::Metadata found = nn::read_safetensors_metadata(file);
  const auto options = found.find(is_checkpoint(file) ? kCheckpointOptions : kArtefactOptions);
  INPUT_CHECK(options != found.end(), file.string(),
              ": found among the files of a run, but it does not say with which options it was made");
  const std::string difference = first_difference(options->second, fingerprint);
  INPUT_CHECK(difference.empty(), file.string(), ": was made with other options: ", difference,
              "; hint: give the old option again, or --overwrite begins anew");
}

}  // namespace

std::vector<Stage> stages_from(Stage first, Stage last) {
  std::vector<Stage> stages;
  for (int s = static_cast<int>(first); s <= static_cast<int>(last); ++s)
    stages.push_back(static_cast<Stage>(s));
  return stages;
}

bool is_untouched(const nn::Path& folder) {
  const std::string first = kConfig + std::string(nn::kTemporaryEnding);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != first) return false;
  }
  return true;
}

std::vector<nn::Path> found_files_of(const nn::Path& folder, Stage stage) {
  return found_files(folder, files_of(stage));
}

void check_goes_on(const nn::Path& folder, const Manifest& manifest, Stage stage,
                   const std::string& fingerprint, bool resume) {
  const std::string name = name_of(stage);
  const bool done = manifest.done(name);
  if (done) manifest.check_fits(name, fingerprint);
  const std::vector<nn::Path> files = found_files_of(folder, stage);
  INPUT_CHECK(resume || (!done && files.empty()), folder.string(), ": the stage '", name,
              "' has been begun or done here before; hint: --resume goes on, --overwrite begins anew");
  if (done) return;
  for (const nn::Path& file : files) {
    if (file.extension() == ".safetensors") check_options_of(file, fingerprint);
  }
}

void remove_temporaries(const nn::Path& folder) {
  std::vector<std::string> patterns = {kConfig, kManifest, kResults, kLog, kReport};
  for (Stage stage : stages_from(Stage::Pretrain)) {
    for (const std::string& pattern : files_of(stage)) patterns.push_back(pattern);
  }
  for (const nn::Path& file : found_files(folder, patterns, nn::kTemporaryEnding)) fs::remove(file);
}

void remove_checkpoints(const nn::Path& folder, Stage stage) {
  for (const nn::Path& file : found_files_of(folder, stage)) {
    if (is_checkpoint(file)) fs::remove(file);
  }
}

// The last stage goes first, and of each stage its entry in the manifest: whenever this is interrupted, what is left is a
// run that was interrupted in the stage that is being removed. The records in results.json go at the end, all at once: a
// stage that is run again replaces its own, but one that still stands in the manifest would never get them back.
void remove_from(const nn::Path& folder, Manifest& manifest, Stage first) {
  LogFile log(folder / kLog);
  fs::remove(folder / kReport);  // it tells of what goes now
  std::vector<Stage> stages = stages_from(first);
  std::reverse(stages.begin(), stages.end());
  std::vector<std::string> gone;
  for (Stage stage : stages) {
    manifest.remove(name_of(stage));
    for (const nn::Path& file : found_files_of(folder, stage)) fs::remove(file);
    log.drop_all(name_of(stage));
    if (stage == Stage::Reconstruct) gone.push_back("tiny_llm");
    gone.push_back(name_of(stage));
  }
  ResultsFile(folder).remove(gone);
}

int64_t number_in(const nn::Metadata& metadata, const std::string& key, const nn::Path& file) {
  const auto found = metadata.find(key);
  int64_t number = 0;
  const bool parsed =
      found != metadata.end() &&
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), number).ec ==
          std::errc();
  INPUT_CHECK(parsed, file.string(), ": its metadata has no number '", key,
              "'; hint: another version of p2rec wrote it; --overwrite begins anew");
  return number;
}

}  // namespace p2rec
