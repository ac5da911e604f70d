#include "p2rec/run/stage.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <sstream>

#include "autograd/storage.h"
#include "models/formats/language_model.h"
#include "nn/io/hash.h"
#include "p2rec/data/load_data.h"
#include "p2rec/run/options.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {
namespace {

namespace fs = std::filesystem;

// Adds those of some "key=value" lines that the text does not have yet.
void add_lines(std::string& text, const std::string& lines, const std::string& prefix = "") {
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    line = prefix + line + "\n";
    if (!text.starts_with(line) && text.find("\n" + line) == text.npos) text += line;
  }
}

// A language model may have several files; any other file is hashed as it is.
std::string content_hash(const nn::Path& path) {
  const bool other = std::filesystem::exists(path) && !models::may_be_language_model(path);
  return other ? nn::file_hash(path) : models::language_model_hash(path);
}

// The options of a section. For a file, only its content matters, not its path.
std::string options_of(const Section& section) {
  std::string lines;
  section.visit([&](const nn::Option& option, nn::Field field) {
    const std::string value = to_text(field);
    const bool is_file = !option.builtin.empty() && value != option.builtin;
    lines += option.name + "=" + (is_file ? "file with hash " + content_hash(value) : value) + "\n";
  });
  return lines;
}

class Run {
 public:
  Run(const RunConfig& config, const Sections& sections, const Stages& stages)
      : config_(config),
        sections_(sections),
        stages_(stages),
        data_(config.data.name.empty() ? Interactions() : load_data(config.data)),
        hashes_(hashes_of(data_)),
        manifest_(config.out, config.overwrite),
        other_manifest_(config.from.empty() ? config.out : config.from, config.overwrite),
        results_(config.out) {
    check_from();
  }

  void run(const std::string& first, const std::string& last) {
    const std::vector<const Stage*> chosen = choose(first, last);
    prepare(chosen);
    nn::write_atomically(fs::path(config_.out) / kConfigFile, to_toml(sections_));
    journal_ = Journal::open(config_.out, config_.quiet, config_.save_every);
    if (!config_.data.name.empty()) {
      const std::string facts = facts_text(data_);
      journal_->say(facts.substr(0, facts.size() - 1));
      results_.set_data(counts_of(data_));
    }
    for (const Stage* stage : chosen) {
      if (manifest_.done(stage->name)) {
        journal_->say(stage->name + ": done before");
      } else if (const auto other = reused_from(*stage)) {
        journal_->say(stage->name + ": copied from " + *other);
        manifest_.enter(stage->name, fingerprint(*stage));
      } else {
        run_timed(*stage);
        manifest_.enter(stage->name, fingerprint(*stage));
      }
      remove_checkpoints(config_.out, *stage);  // only now: an interrupted stage resumes from them
    }
  }

 private:
  bool reads_other_run(const Stage& stage) const { return stage.begins_from_other && !config_.from.empty(); }
  RunParts parts() const { return {config_, sections_, data_, results_, journal_}; }

  // These two compute each value at most once, and only if needed: hashing a language model takes long.
  const std::string& fingerprint(const Stage& stage) {
    const auto known = fingerprints_.find(stage.name);
    return known != fingerprints_.end() ? known->second : fingerprints_[stage.name] = fingerprint_of(stage);
  }
  const std::string& options(const std::string& section) {
    const auto known = options_.find(section);
    return known != options_.end() ? known->second
                                   : options_[section] = options_of(section_named(sections_, section));
  }

  // Copies the stage's files from the first folder of config.reuse that has them, and returns that folder.
  // The same fingerprint means the same files.
  std::optional<std::string> reused_from(const Stage& stage) {
    for (const std::string& folder : config_.reuse) {
      const Manifest other(folder);
      if (!other.done(stage.name) || other.fingerprint_of(stage.name) != fingerprint(stage)) continue;
      for (const nn::Path& file : found_files(folder, stage.files)) {
        const nn::Path copy = nn::Path(config_.out) / fs::relative(file, folder);
        fs::create_directories(copy.parent_path());
        nn::write_atomically(copy, nn::read_file(file, "file of another run"));
      }
      return folder;
    }
    return std::nullopt;
  }

  // All that determines the stage's files: its inputs, its options, the seeds and the data that it may see.
  std::string fingerprint_of(const Stage& stage) {
    std::string lines;
    for (const std::string& input : stage.inputs) {
      if (reads_other_run(stage)) {
        add_lines(lines, fingerprint_in_other_run(input), "from.");
      } else {
        add_lines(lines, fingerprint(stage_named(stages_, input)));
      }
    }
    for (const std::string& section : stage.configs) add_lines(lines, options(section));
    std::vector<uint64_t> seeds = config_.seeds;
    if (!stage.all_seeds) seeds.resize(1);
    add_lines(lines, (stage.all_seeds ? "seeds=" : "seed=") + to_text(&seeds));
    add_lines(lines, data_fingerprint(hashes_, stage.sees));
    return lines;
  }

  // With `from`: the fingerprint of another run's stage, which may have other options than this run.
  std::string fingerprint_in_other_run(const std::string& stage) const {
    const std::string made = other_manifest_.done(stage) ? other_manifest_.fingerprint_of(stage) : "";
    INPUT_CHECK(made.empty() || made.find(data_fingerprint(hashes_, Sees::Training)) != std::string::npos,
                "from: ", config_.from, " was made from other data than ", data_.source,
                "; hint: give the same data");
    return made;
  }

  void check_from() const {
    if (config_.from.empty()) return;
    std::error_code none;
    INPUT_CHECK(fs::is_directory(config_.from, none), "from: ", config_.from,
                " is not a folder; expected the folder of a run; hint: p2rec run makes one");
    INPUT_CHECK(!fs::equivalent(config_.from, config_.out, none), "from: ", config_.from,
                " is the run's own folder; expected another run's; hint: leave it out");
  }

  // The stages from `first` to `last` that `last` needs.
  std::vector<const Stage*> choose(const std::string& first, const std::string& last) const {
    std::vector<const Stage*> chosen =
        needed_stages(stages_, stage_named(stages_, last), !config_.from.empty());
    const Stage& begin = stage_named(stages_, first);
    std::erase_if(chosen, [&](const Stage* stage) { return stage < &begin; });
    const auto from_other = std::ranges::find_if(stages_, &Stage::begins_from_other);
    INPUT_CHECK(config_.from.empty() || from_other != stages_.end(), "from: found ", config_.from,
                ", but no stage of this method begins with another run's files; hint: leave it out");
    INPUT_CHECK(config_.from.empty() || chosen.front() >= &*from_other, "from: found ", config_.from,
                " for the stage '", chosen.front()->name, "'; expected it only for '", from_other->name,
                "' and later stages");
    return chosen;
  }

  // Checks that the inputs of the stages are there, and that files of an earlier run are not, unless the user
  // says what to do with them. Runs the checks of all stages before anything is removed.
  void prepare(const std::vector<const Stage*>& chosen) {
    std::set<std::string> planned;
    for (const Stage* stage : chosen) {
      for (const Stage& earlier : stages_) {
        if (std::ranges::count(stage->inputs, earlier.name) && !planned.contains(earlier.name))
          check_input(*stage, earlier);
      }
      planned.insert(stage->name);
      if (!config_.overwrite)
        check_resumes(config_.out, manifest_, *stage, fingerprint(*stage), config_.resume);
      const bool skipped = !config_.overwrite && manifest_.done(stage->name);
      if (stage->check && !skipped) stage->check(Context(parts(), *stage, fingerprint(*stage)));
    }
    remove_temporaries(config_.out, stages_);
    if (config_.overwrite) remove_from(config_.out, manifest_, stages_, chosen.front()->name);
  }

  void check_input(const Stage& stage, const Stage& input) {
    if (reads_other_run(stage)) {
      other_manifest_.fingerprint_of(input.name);  // throws unless it is done there
    } else {
      manifest_.check_fits(input.name, fingerprint(input));
    }
  }

  // Runs a stage and records its cost at its end, when it is stopped, and with every checkpoint, so that
  // little is lost if it is killed.
  void run_timed(const Stage& stage) {
    using Clock = std::chrono::steady_clock;
    const double before = config_.resume ? results_.seconds_of(stage.name) : 0;
    const Clock::time_point begin = Clock::now();
    const auto record = [&](int64_t tokens) {
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      results_.set_stage({stage.name, before + seconds, ag::peak_rss_mib(), tokens});
    };
    journal_->when_saved([&] { record(0); });
    const RunParts run = parts();
    try {
      const int64_t tokens = stage.run(Context(run, stage, fingerprint(stage)));
      journal_->when_saved(nullptr);
      record(tokens);
      ag::release_cached_memory();
    } catch (const Interrupted&) {
      journal_->when_saved(nullptr);
      record(0);
      throw;
    }
  }

  const RunConfig& config_;
  const Sections& sections_;
  const Stages& stages_;
  const Interactions data_;
  const DataHashes hashes_;
  Manifest manifest_;
  const Manifest other_manifest_;  // of the folder that the training starts from
  ResultsFile results_;
  std::map<std::string, std::string> fingerprints_, options_;  // per stage; per section
  std::shared_ptr<Journal> journal_;
};

// Creates the folder and its parents. Returns those that it created, the innermost first.
std::vector<nn::Path> make_folders(const nn::Path& path) {
  std::vector<nn::Path> made;
  std::error_code unknown;
  for (nn::Path p = path; !p.empty() && !fs::exists(p, unknown); p = p.parent_path()) made.push_back(p);
  nn::make_folder(path);
  return made;
}

void check_folder(const RunConfig& config, bool begins) {
  if (is_untouched(config.out)) return;
  INPUT_CHECK(fs::exists(nn::Path(config.out) / kConfigFile), "out: ", config.out,
              " exists, but has no earlier run; hint: choose a new or an empty folder");
  INPUT_CHECK(!begins || config.resume || config.overwrite, "out: ", config.out,
              " has an earlier run; hint: --resume resumes it, --overwrite starts over");
}

}  // namespace

void run_stages(const RunConfig& config, const Sections& sections, const Stages& stages,
                const std::string& first, const std::string& last) {
  check(config);
  INPUT_CHECK(!config.out.empty(), "out: found nothing; expected the folder of the run");
  const std::vector<nn::Path> made = make_folders(config.out);
  try {
    const nn::FolderLock lock(config.out);
    check_folder(config, first == stages.front().name);
    Run(config, sections, stages).run(first, last);
  } catch (...) {
    std::error_code not_empty;
    for (const nn::Path& folder : made) fs::remove(folder, not_empty);
    throw;
  }
}

}  // namespace p2rec
