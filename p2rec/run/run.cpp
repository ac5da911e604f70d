#include "p2rec/run/run.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <set>

#include "autograd/storage.h"
#include "models/formats/language_model.h"
#include "p2rec/data/fingerprint.h"
#include "p2rec/data/load_data.h"
#include "p2rec/run/config_file.h"
#include "p2rec/run/context.h"
#include "p2rec/run/results_file.h"
#include "p2rec/run/run_folder.h"

namespace p2rec {
namespace {

namespace fs = std::filesystem;

// "key=value" lines without those that are there already.
void add_lines(std::string& lines, const std::string& more, const std::string& prefix = "") {
  for (size_t begin = 0, end; (end = more.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = prefix + more.substr(begin, end + 1 - begin);
    if (("\n" + lines).find("\n" + line) == std::string::npos) lines += line;
  }
}

// The options of a section. A file counts by its content, wherever it lies.
std::string lines_of(const Section& section) {
  std::string lines;
  section.visit([&](const nn::Option& option, nn::Field field) {
    const std::string value = to_text(field);
    const bool is_file = !option.builtin.empty() && value != option.builtin;
    lines +=
        option.name + "=" + (is_file ? "file with hash " + models::language_model_hash(value) : value) + "\n";
  });
  return lines;
}

class Run {
 public:
  Run(const RunConfig& config, const Sections& sections, const Stages& stages)
      : config_(config),
        sections_(sections),
        stages_(stages),
        data_(load_data(config.data)),
        hashes_(hashes_of(data_)),
        manifest_(config.out, config.overwrite),
        others_(config.from.empty() ? config.out : config.from, config.overwrite),
        results_(config.out) {
    check_from();
  }

  void run(const std::string& first, const std::string& last) {
    const std::vector<const Stage*> chosen = choose(first, last);
    prepare(chosen);
    nn::write_atomically(fs::path(config_.out) / kConfigFile, to_toml(sections_));
    journal_ = Journal::open(config_.out, config_.quiet, config_.save_every);
    results_.set_data({data_.users(), data_.items(), data_.interactions()});
    for (const Stage* stage : chosen) {
      if (manifest_.done(stage->name)) {
        journal_->say(stage->name + ": done before");
      } else {
        run_timed(*stage);
        manifest_.enter(stage->name, fingerprint(*stage));
      }
      remove_checkpoints(config_.out,
                         *stage);  // only now: a run that is interrupted before resumes from them
    }
  }

 private:
  bool lies_elsewhere(const Stage& stage) const { return stage.begins_from_other && !config_.from.empty(); }
  // Made when it is asked for: a language model that no stage reads is not hashed.
  const std::string& fingerprint(const Stage& stage) {
    const auto known = fingerprints_.find(stage.name);
    return known != fingerprints_.end() ? known->second : fingerprints_[stage.name] = fingerprint_of(stage);
  }
  RunParts parts() const { return {config_, sections_, data_, results_, journal_}; }

  // What the stage's files are made from: its inputs, its options, the seeds and the data that it may see.
  std::string fingerprint_of(const Stage& stage) {
    std::string lines;
    for (const std::string& input : stage.inputs) {
      add_lines(lines,
                lies_elsewhere(stage) ? lines_of_other(input) : fingerprint(stage_named(stages_, input)));
    }
    for (const std::string& section : stage.configs)
      add_lines(lines, lines_of(section_named(sections_, section)));
    RunConfig seeds = config_;
    if (!stage.all_seeds) seeds.seeds.resize(1);
    add_lines(lines, (stage.all_seeds ? "seeds=" : "seed=") + to_text(&seeds.seeds) + "\n");
    add_lines(lines, data_fingerprint(hashes_, stage.sees));
    return lines;
  }

  // With `from`: what another run's stage was made with, which need not be this run's options.
  std::string lines_of_other(const std::string& stage) const {
    const std::string made = others_.done(stage) ? others_.fingerprint_of(stage) : "";
    INPUT_CHECK(made.empty() || made.find(data_fingerprint(hashes_, Sees::Training)) != std::string::npos,
                "from: ", config_.from, " was made of other data than ", data_.source,
                "; hint: give the same data");
    std::string lines;
    add_lines(lines, made, "from.");
    return lines;
  }

  void check_from() const {
    if (config_.from.empty()) return;
    std::error_code none;
    INPUT_CHECK(fs::is_directory(config_.from, none), "from: ", config_.from,
                " is no folder; expected that of a run; hint: p2rec run makes one");
    INPUT_CHECK(!fs::equivalent(config_.from, config_.out, none), "from: ", config_.from,
                " is the run's own folder; expected another run's; hint: leave it out");
  }

  // The stages from `first` to `last` that `last` rests on.
  std::vector<const Stage*> choose(const std::string& first, const std::string& last) const {
    const Stage &begin = stage_named(stages_, first), &end = stage_named(stages_, last);
    const auto from_other = std::ranges::find_if(stages_, &Stage::begins_from_other);
    const Stages up_to(stages_.data(), &end + 1);
    std::set<std::string> names;
    for (const Stage* stage : needed_stages(up_to, !config_.from.empty())) names.insert(stage->name);
    std::vector<const Stage*> chosen;
    for (const Stage* stage = &begin; stage <= &end; ++stage) {
      if (names.contains(stage->name)) chosen.push_back(stage);
    }
    INPUT_CHECK(config_.from.empty() || chosen.front() >= &*from_other, "from: found ", config_.from,
                " for the stage '", chosen.front()->name, "'; expected it only for those from '",
                from_other->name, "' on");
    return chosen;
  }

  // What is to be run must not be there, unless the user says what to do with it, and its inputs must be. What a later stage
  // would refuse is refused here, before anything is removed.
  void prepare(const std::vector<const Stage*>& chosen) {
    std::set<std::string> to_come;
    for (const Stage* stage : chosen) {
      for (const Stage& earlier : stages_) {
        if (std::ranges::count(stage->inputs, earlier.name) && !to_come.contains(earlier.name))
          check_input(*stage, earlier.name);
      }
      to_come.insert(stage->name);
      if (!config_.overwrite)
        check_resumes(config_.out, manifest_, *stage, fingerprint(*stage), config_.resume);
      const bool passed_over = !config_.overwrite && manifest_.done(stage->name);
      if (stage->check && !passed_over) stage->check(Context(parts(), *stage, fingerprint(*stage)));
    }
    remove_temporaries(config_.out, stages_);
    if (config_.overwrite) remove_from(config_.out, manifest_, stages_, chosen.front()->name);
  }

  void check_input(const Stage& stage, const std::string& input) {
    if (lies_elsewhere(stage)) {
      others_.fingerprint_of(input);  // throws unless it is done there
    } else {
      manifest_.check_fits(input, fingerprint(stage_named(stages_, input)));
    }
  }

  // Runs a stage and records what it cost: at its end, when it is stopped on the way, and with every checkpoint, so that
  // little is lost when it is killed.
  void run_timed(const Stage& stage) {
    const double before = config_.resume ? results_.seconds_of(stage.name) : 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto record = [&](int64_t tokens) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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
  const Manifest others_;  // of the folder that a training begins from, as it was found
  ResultsFile results_;
  std::map<std::string, std::string> fingerprints_;  // per stage
  std::shared_ptr<Journal> journal_;
};

// A folder and those above it, made where they are not there. What is refused before anything is written leaves none of them.
class MadeFolder {
 public:
  explicit MadeFolder(const nn::Path& path) {
    std::error_code unknown;
    for (nn::Path p = path; !p.empty() && !fs::exists(p, unknown); p = p.parent_path()) made_.push_back(p);
    nn::make_folder(path);
  }
  ~MadeFolder() {
    if (std::uncaught_exceptions() == 0) return;
    std::error_code not_empty;
    for (const nn::Path& p : made_) fs::remove(p, not_empty);
  }
  MadeFolder(const MadeFolder&) = delete;
  MadeFolder& operator=(const MadeFolder&) = delete;

 private:
  std::vector<nn::Path> made_;  // the innermost first
};

}  // namespace

void run_stages(const RunConfig& config, const Sections& sections, const Stages& stages,
                const std::string& first, const std::string& last) {
  check(config);
  INPUT_CHECK(!config.out.empty(), "out: found nothing; expected the folder of the run");
  const MadeFolder folder(config.out);
  const nn::FolderLock lock(config.out);
  if (!is_untouched(config.out)) {
    INPUT_CHECK(fs::exists(nn::Path(config.out) / kConfigFile), "out: ", config.out,
                " exists and holds no earlier run; hint: name a new or an empty folder");
    INPUT_CHECK(first != stages.front().name || config.resume || config.overwrite, "out: ", config.out,
                " holds an earlier run; hint: --resume resumes it, --overwrite begins anew");
  }
  Run(config, sections, stages).run(first, last);
}

}  // namespace p2rec
