#include "p2rec/run/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>

#include "autograd/parallel.h"
#include "autograd/storage.h"
#include "models/formats/language_model.h"
#include "models/formats/tiny_file.h"
#include "models/llama/parameter_layout.h"
#include "models/recommenders/popularity.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/npy.h"
#include "nn/peft_adapter.h"
#include "nn/system/memory.h"
#include "p2rec/data/fingerprint.h"
#include "p2rec/data/items_file.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranks_file.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/methods/common/final_recommenders.h"
#include "p2rec/methods/p2rec/describe_groups.h"
#include "p2rec/methods/p2rec/group_files.h"
#include "p2rec/methods/p2rec/item_inits.h"
#include "p2rec/p2rec.h"
#include "p2rec/report/report.h"
#include "p2rec/run/artifacts.h"
#include "p2rec/run/memory_estimate.h"
#include "p2rec/run/recommender_options.h"
#include "p2rec/run/results.h"
#include "p2rec/run/run_folder.h"
#include "p2rec/run/stage_needs.h"
#include "p2rec/task/parallel_jobs.h"

namespace p2rec {
namespace {

using ag::Tensor;
namespace fs = std::filesystem;

ItemsAs items_as_from(const std::string& name) {
  if (name == "tokens") return ItemsAs::Tokens;
  if (name == "ids") return ItemsAs::Ids;
  if (name == "titles") return ItemsAs::Titles;
  if (name == "ids+titles") return ItemsAs::IdsAndTitles;
  throw ag::InputError("--items-as: found '" + name + "', expected tokens, ids, titles or ids+titles");
}

ReconstructionConfig reconstruction_config(const Options& o) {
  ReconstructionConfig config;
  FinetuneConfig& finetune = config.finetune;
  finetune.lora.rank = o.lora_rank;
  finetune.lora.alpha = o.lora_alpha;
  finetune.lora.dropout = o.lora_dropout;
  finetune.lora.seed = finetune.seed = o.seeds[0];
  finetune.lr = o.sft_lr;
  finetune.batch = o.sft_batch;
  finetune.epochs = o.sft_epochs;
  config.item_lr = o.sft_item_lr;
  return config;
}

class Run {
 public:
  explicit Run(const Options& options)
      : o_(options),
        out_(options.out),
        from_(options.from.empty() ? out_ : nn::Path(options.from)),
        data_(load_data(options.data)),
        data_hashes_(hashes_of(data_)),
        manifest_(out_),
        inputs_(from_),
        results_(out_) {
    check_from();
    made_with_ = fingerprint_of_from();
    if (o_.llm != "tiny") llm_ = "file with hash " + models::language_model_hash(o_.llm);
    for (Stage stage : stages_from(Stage::Pretrain)) fingerprints_.push_back(fingerprint_of(stage));
  }

  void stages(Stage first, Stage last) {
    prepare(first, last);
    nn::write_atomically(out_ / "config.toml", to_toml(o_));
    journal_ = Journal::open(out_, o_.quiet, o_.save_every);
    results_.set_data({data_.users(), data_.items(), data_.interactions()});
    for (Stage stage : stages_from(first, last)) {
      const std::string name = name_of(stage);
      if (manifest_.done(name) && stage != Stage::Evaluate) {  // ranking is quick, and prints the table again
        journal_->say(name + ": done before");
      } else {
        run(stage);
        manifest_.enter(name, fingerprint(stage));
      }
      remove_checkpoints(out_, stage);  // only now: whoever is interrupted before goes on from them
      if (stage == Stage::Groups)
        results_.set_groups(describe_groups(data_, read_groups(out_ / "groups.tsv", data_)));
    }
    if (last == Stage::Evaluate) journal_->say("report: " + write_report(out_).string());
  }

 private:
  const std::string& fingerprint(Stage stage) const { return fingerprints_[static_cast<size_t>(stage)]; }

  std::string fingerprint_of(Stage stage) const {
    const bool counts_all = is_popularity(o_) && o_.popularity == "all";
    const bool sees_targets = stage == Stage::Evaluate || (stage == Stage::Train && counts_all);
    std::string text = p2rec::fingerprint(o_, stage) +
                       data_fingerprint(data_hashes_, o_.patience > 0 || counts_all, sees_targets);
    if (stage >= Stage::Reconstruct) text += "llm=" + llm_ + "\n";
    if (stage >= Stage::Train) text += made_with_;
    return text;
  }

  // With --from: what the embeddings were made with, which need not be this run's options.
  std::string fingerprint_of_from() const {
    const std::vector<Stage> inputs = inputs_of(Stage::Train, o_);
    if (o_.from.empty() || inputs.empty()) return "";
    const std::string last = name_of(inputs.back());
    const std::string& made = inputs_.fingerprint_of(last);
    INPUT_CHECK(made.find(data_fingerprint(data_hashes_, false, false)) != std::string::npos,
                "--from: ", o_.from, " was made of other data than ", data_.source,
                "; hint: give the same --data");
    std::string text;
    for (size_t begin = 0, end; (end = made.find('\n', begin)) != std::string::npos; begin = end + 1)
      text += "from." + made.substr(begin, end + 1 - begin);
    return text;
  }

  void check_from() const {
    std::error_code none;
    INPUT_CHECK(fs::is_directory(from_, none) || o_.from.empty(), "--from: ", o_.from,
                " is no folder; expected that of a run; hint: p2rec augment makes one");
    INPUT_CHECK(o_.from.empty() || !fs::equivalent(from_, out_, none), "--from: ", o_.from,
                " is --out as well; expected another run's folder; hint: leave --from out");
  }

  // Earlier stages must be done and fit; what is to be run must not be there, unless the user says what to do with it.
  // What a later stage would refuse is refused before the first one begins, and before anything is removed.
  void prepare(Stage first, Stage last) {
    INPUT_CHECK(o_.from.empty() || first >= Stage::Train, "--from: found ", o_.from, " for the stage '",
                name_of(first), "', but it is what a training begins from; hint: p2rec train --from ",
                o_.from);
    check_sizes(first);
    bool teacher_needed = false, recommenders_needed = false, language_model_needed = false;
    for (Stage stage : stages_from(first, last)) {
      for (const Stage input : inputs_of(stage, o_)) {
        if (input < first) check_input(stage, input);
      }
      if (!o_.overwrite) check_goes_on(out_, manifest_, stage, fingerprint(stage), o_.resume);
      if (!o_.overwrite && manifest_.done(name_of(stage))) continue;
      teacher_needed |= stage == Stage::Pretrain;
      recommenders_needed |= stage == Stage::Train;
      language_model_needed |= stage == Stage::Reconstruct || stage == Stage::Augment;
    }
    if (teacher_needed) recommenders_that_fit(data_, teacher_config(o_), 1);
    if (recommenders_needed) check_teacher_table();
    if (recommenders_needed && !is_popularity(o_))
      recommenders_that_fit(data_, recommender_config(o_, o_.seeds[0]), 1);
    if (language_model_needed) check_language_model();
    remove_temporaries(out_);
    if (o_.overwrite) remove_from(out_, manifest_, first);
  }

  void check_sizes(Stage first) const {
    INPUT_CHECK(!is_popularity(o_) || first >= Stage::Train, "--model: found popularity for the stage '",
                name_of(first), "', but what is only counted has no use for it; hint: p2rec train ",
                "--model popularity, then p2rec evaluate");
    INPUT_CHECK(first > Stage::Groups || o_.groups <= data_.items(), "--groups: found ", o_.groups, ", but ",
                data_.source, " has only ", data_.items(), " items");
    const std::vector<Stage> inputs = inputs_of(Stage::Train, o_);
    const bool embeddings_used = std::find(inputs.begin(), inputs.end(), Stage::Augment) != inputs.end();
    INPUT_CHECK(!embeddings_used || o_.hidden <= data_.items(), "--hidden: found ", o_.hidden,
                ", but the embeddings of ", data_.items(),
                " items have no more principal components than there are items");
  }

  void check_input(Stage stage, Stage input) const {
    if (stage == Stage::Train) {
      for (const std::string& start : o_.starts)
        INPUT_CHECK(stage_behind(start) != input || inputs_.done(name_of(input)), from_.string(),
                    ": the stage '", name_of(input), "' has not been run here, and --starts ", start,
                    " needs it; hint: p2rec ", name_of(input), "; --starts random needs no earlier stage");
    }
    if (stage != Stage::Train || o_.from.empty()) manifest_.check_fits(name_of(input), fingerprint(input));
  }

  // A recommender of other sizes than the teacher's cannot begin with its table.
  void check_teacher_table() const {
    const bool begins_with_it =
        !is_popularity(o_) && o_.use == "start" && std::ranges::count(o_.starts, "teacher") > 0;
    if (o_.from.empty() || !begins_with_it) return;
    const int64_t columns = teacher_table().dim(1);
    INPUT_CHECK(columns == o_.hidden, "--starts teacher: the item table of the teacher in ", o_.from, " has ",
                columns, " columns, but --hidden is ", o_.hidden, "; hint: --hidden ", columns,
                ", or other --starts");
  }

  // It can be read, fits into memory, and its prompts have the titles that they need.
  void check_language_model() const {
    std::unique_ptr<models::Tokenizer> tokenizer = std::make_unique<models::ByteTokenizer>();
    if (o_.llm != "tiny") {
      models::CheckedModel checked = models::check_language_model(o_.llm);
      models::need_memory_for(checked.config, "--llm: " + o_.llm);
      tokenizer = std::move(checked.tokenizer);
    }
    Prompts(data_, *tokenizer, {items_as_from(o_.items_as), o_.history});
  }

  void run(Stage stage) {
    switch (stage) {
      case Stage::Pretrain:
        return timed("pretrain", [&] { return pretrain(); });
      case Stage::Groups:
        return timed("groups", [&] { return groups(); });
      case Stage::Reconstruct:
        if (o_.llm == "tiny") timed("tiny_llm", [&] { return tiny_llm(); });
        return timed("reconstruct", [&] { return reconstruct_users(); });
      case Stage::Augment:
        return timed("augment", [&] { return augment(); });
      case Stage::Train:
        return timed("train", [&] { return train(); });
      case Stage::Evaluate:
        return timed("evaluate", [&] { return evaluate_all(); });
    }
  }

  // Runs a stage, which returns the tokens it has read, and records what it cost: at its end, when it is stopped on the
  // way, and with every checkpoint, so that little is lost when it is killed.
  template <class F>
  void timed(const std::string& name, const F& stage) {
    const double before = o_.resume ? results_.seconds_of(name) : 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto record = [&](int64_t tokens) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      results_.set_stage({name, before + seconds, ag::peak_rss_mib(), tokens});
    };
    journal_->when_saved([&] { record(0); });
    try {
      const int64_t tokens = stage();
      journal_->when_saved(nullptr);
      record(tokens);
      ag::release_cached_memory();
    } catch (const Interrupted&) {
      journal_->when_saved(nullptr);
      record(0);
      throw;
    }
  }

  Task task(Stage stage) { return journal_->task(name_of(stage), fingerprint(stage)); }
  nn::Metadata metadata(Stage stage) const {
    return {{"p2rec.stage", name_of(stage)}, {kArtefactOptions, fingerprint(stage)}};
  }

  // --- the stages, each by its step of the method ----------------------------------------------------------
  int64_t pretrain() {
    const Recommender teacher = pretrain_teacher(data_, teacher_config(o_), task(Stage::Pretrain));
    nn::write_safetensors(out_ / "teacher.safetensors", teacher.model->named_parameters(),
                          metadata(Stage::Pretrain));
    return teacher.tokens;
  }

  int64_t groups() {
    const Task stage = task(Stage::Groups);
    stage.announce(fmt::format("{} items into {} groups", data_.items(), o_.groups));
    KMeansConfig config;
    config.groups = static_cast<int32_t>(o_.groups);
    config.normalize = o_.normalize;
    config.seed = o_.seeds[0];
    const ItemGroups found = group_items(teacher_table(), config);
    write_groups(out_ / "groups.tsv", data_, found);
    write_preferences(out_ / "preferences.tsv", data_, user_preferences(data_, found));
    stage.finish(fmt::format("inertia {:.4f} after {} iterations", found.inertia, found.iterations));
    return 0;
  }

  int64_t tiny_llm() {
    const nn::Path file = out_ / "tiny_llm.safetensors";
    if (fs::exists(file)) return 0;  // whole, as every artefact, and of these options: prepare() has looked
    TinyLlmConfig config;
    config.steps = o_.tiny_steps;
    config.seed = o_.seeds[0];
    const models::ByteTokenizer tokenizer;
    const Task part = task(Stage::Reconstruct).part("llm", 1);
    const auto model = pretrain_tiny_llm(data_, tokenizer, config, part);
    models::write_tiny_llm(file, *model, metadata(Stage::Reconstruct));
    part.discard();
    return 0;
  }

  int64_t reconstruct_users() {
    const models::LanguageModel llm = language_model();
    const Prompts prompts = prompts_for(llm);
    const ItemGroups found = read_groups(out_ / "groups.tsv", data_);
    const Tensor preferences = user_preferences(data_, found);
    const ReconstructionConfig config = reconstruction_config(o_);
    std::vector<int64_t> lengths;
    for (int64_t u = 0; u < data_.users(); ++u)
      lengths.push_back(std::ssize(prompts.of(training_part(data_, u))));
    check_fine_tuning_memory(llm.model->config(), config, prompts.has_item_tokens() ? data_.items() : 0,
                             o_.groups, lengths, 2'000'000);
    const Reconstruction r =
        reconstruct(*llm.model, prompts, data_, preferences, config, task(Stage::Reconstruct));
    const ReconstructionBaselines baselines = reconstruction_baselines(data_, found, preferences, prompts);
    results_.set_reconstruction({r.losses.first, r.losses.last_epoch, r.losses.heldout, baselines.mean,
                                 baselines.window, baselines.ridge});
    journal_->say(
        fmt::format("reconstruct: held-out loss {:.5f}; mean preference {:.5f}, window {:.5f}, ridge {:.5f}",
                    r.losses.heldout, baselines.mean, baselines.window, baselines.ridge));
    nn::write_adapter(out_ / "adapter", *llm.model, config.finetune.lora, llm.name,
                      metadata(Stage::Reconstruct));
    nn::write_safetensors(out_ / "head.safetensors",
                          {{"weight", r.model.head_weight}, {"bias", r.model.head_bias}},
                          metadata(Stage::Reconstruct));
    if (r.model.reader.item_tokens.defined()) {
      nn::write_safetensors(out_ / "item_tokens.safetensors", {{"item_tokens", r.model.reader.item_tokens}},
                            metadata(Stage::Reconstruct));
    }
    return r.tokens;
  }

  int64_t augment() {
    const models::LanguageModel llm = language_model();
    const Prompts prompts = prompts_for(llm);
    const Task stage = task(Stage::Augment);
    ItemReader reader{*llm.model};
    if (prompts.has_item_tokens())
      reader.item_tokens = initial_item_tokens(*llm.model, data_.items(), o_.seeds[0]);
    const Tensor untuned = augment_items(reader, prompts, stage.part("untuned", 2));
    nn::write_safetensors(out_ / "item_embeddings_untuned.safetensors", {{"embeddings", untuned}},
                          metadata(Stage::Augment));
    nn::read_adapter(out_ / "adapter", *llm.model);
    if (prompts.has_item_tokens())
      reader.item_tokens =
          read_matrix(out_ / "item_tokens.safetensors", "item_tokens").to(llm.model->device());
    const Tensor enhanced = augment_items(reader, prompts, stage.part("tuned", 2));
    nn::write_safetensors(out_ / "item_embeddings.safetensors", {{"embeddings", enhanced}},
                          metadata(Stage::Augment));
    nn::write_npy(out_ / "item_embeddings.npy", enhanced);
    write_items(out_ / "items.tsv", data_);
    return 2 * data_.items();
  }

  // PopRec: its training is a count.
  int64_t count_popularity() {
    const Job job = jobs_of(o_).at(0);
    const bool all = o_.popularity == "all";
    const models::Popularity model(item_counts(data_, all ? CountedPart::Everything : CountedPart::Training));
    nn::Metadata meta = metadata(Stage::Train);
    for (const char* number : {"epochs", "best_epoch", "tokens"}) meta[number] = "0";
    nn::write_safetensors(out_ / job.file(), model.named_parameters(), meta);
    task(Stage::Train).finish(all ? "counted in all interactions" : "counted in the training parts");
    return 0;
  }

  StartInputs start_inputs() const {
    StartInputs inputs;
    inputs.items = data_.items();
    for (const Stage input : inputs_of(Stage::Train, o_)) {
      if (input == Stage::Pretrain) inputs.teacher = teacher_table();
      if (input == Stage::Groups) inputs.groups = read_groups(from_ / "groups.tsv", data_);
      if (input == Stage::Augment) {
        inputs.enhanced = read_matrix(from_ / "item_embeddings.safetensors", "embeddings");
        inputs.untuned = read_matrix(from_ / "item_embeddings_untuned.safetensors", "embeddings");
      }
    }
    return inputs;
  }

  int64_t train() {
    if (is_popularity(o_)) return count_popularity();
    const StartInputs inputs = start_inputs();
    const std::vector<Job> jobs = jobs_of(o_);
    const Task stage = task(Stage::Train);
    stage.announce(
        fmt::format("{} recommenders: {} starts, {} seeds", jobs.size(), o_.starts.size(), o_.seeds.size()));
    std::vector<int64_t> tokens(jobs.size(), 0);
    RecommenderConfig widest = recommender_config(o_, o_.seeds[0]);
    int64_t for_components = 0;
    if (inputs.enhanced.defined()) {
      widest.model->features = inputs.enhanced.dim(1);
      for_components = start_table_memory(data_.items(), inputs.enhanced.dim(1));
    }
    const int64_t at_once =  // the results do not depend on it
        recommenders_that_fit(data_, widest, ag::thread_count(), for_components);
    run_side_by_side(jobs.size(), static_cast<size_t>(at_once), [&](size_t i) {
      const Job& job = jobs[i];
      const Task part = stage.part(job.name(), static_cast<int64_t>(jobs.size()));
      const nn::Path file = out_ / job.file();
      if (fs::exists(file)) {  // whole, as every artefact, and of these options: prepare() has looked
        tokens[i] = number_in(nn::read_safetensors_metadata(file), "tokens", file);
        part.discard();
        return part.finish("done before");
      }
      const RecommenderConfig config = recommender_config(o_, job.seed);
      const Tensor start = config.model->use == models::ItemsUse::Init
                               ? start_table(job.start, inputs, o_.hidden, o_.start_std, job.seed)
                               : start_features(job.start, inputs, job.seed);
      const Recommender r = train_from(start, data_, config, part);
      nn::Metadata meta = metadata(Stage::Train);
      meta["epochs"] = std::to_string(r.epochs);
      meta["best_epoch"] = std::to_string(r.best_epoch);
      meta["tokens"] = std::to_string(r.tokens);
      nn::write_safetensors(file, r.model->named_parameters(), meta);
      part.discard();
      tokens[i] = r.tokens;
    });
    std::vector<std::string> order;
    for (const Job& job : jobs) order.push_back(job.name());
    journal_->sort_log(stage.name(), order);
    int64_t total = 0;
    for (int64_t t : tokens) total += t;
    stage.finish(fmt::format("{} recommenders", jobs.size()));
    return total;
  }

  int64_t evaluate_all() {
    std::vector<ResultRow> rows;
    const std::vector<Job> jobs = jobs_of(o_);
    const Task stage = task(Stage::Evaluate);
    stage.announce(fmt::format("{} recommenders", jobs.size()));
    const RankingConfig ranking = ranking_config(o_);
    const std::vector<RankedUser> users =
        describe_ranked_users(data_, ranked_users(data_, ranking.users), Target::Test);
    const std::vector<Split> splits = splits_of(users);
    for (const Job& job : jobs) {
      const nn::TensorFile file = nn::read_safetensors(out_ / job.file());
      const auto model = trained_recommender(o_, job, data_.items(), file);
      const std::vector<int64_t> ranks = target_ranks(*model, data_, Target::Test, ranking);
      rows.push_back({o_.model, job.start, job.seed, number_in(file.metadata, "epochs", file.path),
                      number_in(file.metadata, "best_epoch", file.path),
                      metrics_from_ranks(ranks, o_.cutoffs), ranks,
                      split_metrics(ranks, splits, o_.cutoffs)});
      stage.progress(static_cast<double>(rows.size()) / static_cast<double>(jobs.size()), job.name());
      stage.check_stop();
    }
    const std::vector<StartSummary> summary = summarise(rows, splits);
    write_ranks(out_ / "ranks.tsv", data_, users, rows);
    results_.set_rows(rows, summary);
    const bool full = ranking.against == RankedAgainst::Catalogue;
    stage.finish(fmt::format("{} users ranked against {} items", users.size(),
                             full ? data_.items() : ranking.negatives));
    std::cout << summary_table(summary) << std::flush;
    return 0;
  }

  // --- what earlier stages left ----------------------------------------------------------------------------
  models::LanguageModel language_model() const {
    models::LanguageModel llm =
        models::load_language_model(o_.llm == "tiny" ? out_ / "tiny_llm.safetensors" : nn::Path(o_.llm));
    llm.model->move_to(device_of(o_));
    return llm;
  }
  Prompts prompts_for(const models::LanguageModel& llm) const {
    return {data_, *llm.tokenizer, {items_as_from(o_.items_as), o_.history}};
  }
  Tensor read_matrix(const nn::Path& file, const std::string& name) const {
    const Tensor matrix = nn::read_safetensors(file).at(name);
    INPUT_CHECK(matrix.rank() == 2 && matrix.dim(0) == data_.items(), file.string(), ": '", name,
                "' has shape ", matrix.shape(), ", expected a row for each of ", data_.items(), " items");
    return matrix;
  }
  // For groups these are the run's own; for the final training those that it begins from.
  Tensor teacher_table() const { return read_matrix(from_ / "teacher.safetensors", "item_embedding.weight"); }

  const Options& o_;
  nn::Path out_, from_;  // where the run is, and where the inputs of its final training are
  Interactions data_;
  const DataHashes data_hashes_;
  Manifest manifest_;
  const Manifest inputs_;  // of from_, as it was found
  std::string made_with_;  // with --from: what the final training's inputs were made with
  ResultsFile results_;
  std::string llm_ = "tiny";  // what the language model is, wherever its file lies
  std::vector<std::string> fingerprints_;
  std::shared_ptr<Journal> journal_;
};

}  // namespace

namespace {

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

void run_stages(const Options& options, Stage first, Stage last) {
  check_options(options);
  INPUT_CHECK(!options.out.empty(), "--out: expected the folder for the artefacts");
  const MadeFolder folder(options.out);
  const nn::FolderLock lock(options.out);
  if (!is_untouched(options.out)) {
    INPUT_CHECK(fs::exists(nn::Path(options.out) / "config.toml"), "--out: ", options.out,
                " exists and holds no earlier run; hint: name a new or an empty folder");
    INPUT_CHECK(first != Stage::Pretrain || options.resume || options.overwrite, "--out: ", options.out,
                " holds an earlier run; hint: --resume goes on with it, --overwrite begins anew");
  }
  Run(options).stages(first, last);
}

}  // namespace p2rec
