#include "p2rec/methods/common/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "autograd/parallel.h"
#include "models/recommenders/popularity.h"
#include "nn/io/json.h"
#include "p2rec/data/text_file.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/trained.h"
#include "p2rec/methods/common/user_examples.h"
#include "p2rec/run/run_folder.h"
#include "p2rec/task/parallel_jobs.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char *kTeacher = "pretrain", *kTeacherFile = "teacher.safetensors";
constexpr const char* kPopularity = "popularity";
constexpr const char* kDoubt = "doubt";  // in the metadata of the teacher's file

bool is_counted(const RecommenderConfig& config) { return config.model.as<models::PopularityConfig>(); }

Sees sees(const RecommenderConfig& config) {
  const auto* popularity = config.model.as<models::PopularityConfig>();
  if (popularity) return popularity->all ? Sees::Test : Sees::Training;
  return config.patience > 0 ? Sees::Validation : Sees::Training;
}

RecommenderConfig with_seed(RecommenderConfig config, const Context& context, uint64_t seed) {
  config.seed = seed;
  config.device = context.device();
  return config;
}

RecommenderConfig recommender_config(const Context& context, uint64_t seed) {
  return with_seed(context.config<RecommenderConfig>("recommender"), context, seed);
}

RecommenderConfig teacher_config(const Context& context) {
  return with_seed(context.config<TeacherConfig>("teacher").recommender, context, context.seed());
}

// --- doubts ------------------------------------------------------------------------------------------------

// Popularity's validation NDCG@10. NaN, which nothing is compared with, if nothing was validated.
double validation_floor(const Interactions& data, const RecommenderConfig& config,
                        const ag::Communicator& ranks) {
  if (config.patience == 0) return NAN;
  const models::Popularity popularity(item_counts(data, CountedPart::Training));
  return evaluate(popularity, data, Target::Validation, {.users = config.validation_users}, ranks)
      .at("NDCG@10");
}

// The reason not to trust a training in a verdict, or "". `floor` is popularity's validation NDCG@10; the
// options to set begin with `prefix`.
std::string doubt_of(const Trained& t, const RecommenderConfig& config, double floor,
                     const std::string& prefix = "") {
  if (config.patience == 0)
    return fmt::format(
        "trained for {} epochs without validation, so it is unknown if it had converged; "
        "set {}patience above 0",
        t.epochs, prefix);
  if (t.epochs == config.max_epochs && t.epochs - t.best_epoch < config.patience)
    return fmt::format("stopped at epoch {} while validation still improved; set a higher {}max-epochs",
                       t.epochs, prefix);
  if (!(t.best() > floor))
    return fmt::format(
        "its best validation NDCG@10, {:.4f}, is not above popularity's, {:.4f}; set a higher "
        "{}patience or another {}lr",
        t.best(), floor, prefix, prefix);
  return "";
}

// --- the teacher -------------------------------------------------------------------------------------------

int64_t pretrain(const Context& context) {
  const Task task = context.task();
  const RecommenderConfig config = teacher_config(context);
  const Recommender teacher = pretrain_teacher(context.data(), config, task);
  const Trained trained{teacher.epochs, teacher.best_epoch, teacher.tokens, teacher.validation};
  const double floor = validation_floor(context.data(), config, task.ranks());
  const std::string doubt = doubt_of(trained, config, floor, "teacher.");
  nn::Metadata meta = context.metadata();
  add_facts(meta, teacher);
  meta[kDoubt] = doubt;
  write_recommender(context.output(kTeacherFile), *teacher.model, meta);
  if (!doubt.empty()) context.say(wrapped("pretrain: in doubt: " + doubt, 2));
  return teacher.tokens;
}

// --- training ----------------------------------------------------------------------------------------------

std::vector<Job> jobs_of(const Context& context) {
  return jobs_of(context.config<RecommenderConfig>("recommender"), context.config<ItemInitConfig>("starts"),
                 context.seeds());
}

// The job's item vectors: (V,hidden) for an item table, or (V,D) under an adapter.
Tensor init_vectors(const Context& context, const RecommenderConfig& config, const ItemInits& inits,
                    const Job& job) {
  const ItemInit& init = init_named(inits, job.arm);
  const int64_t hidden = config.model->hidden;
  if (config.model->use == models::ItemsUse::Init) {
    const auto reduced = [&](const Tensor& rows) { return principal_components(rows, hidden); };
    return scaled_to(init.vectors({context, hidden, job.seed, reduced}),
                     context.config<ItemInitConfig>("starts").std);
  }
  const auto whole = [](const Tensor& rows) { return rows; };
  return standardised(init.vectors({context, inits.embedding_columns(context), job.seed, whole}));
}

ExtraLoss extra_loss(const Context& context, const RecommenderConfig& config, const ItemInits& inits,
                     const Job& job) {
  const ItemInit& init = init_named(inits, job.arm);
  if (!init.extra_loss) return {};
  return init.extra_loss({context, config.model->hidden, job.seed, {}});
}

void check_train(const Context& context, const ItemInits& inits) {
  RecommenderConfig config = recommender_config(context, context.seed());
  if (is_counted(config)) return;
  const bool starts_table = config.model->use == models::ItemsUse::Init;
  check(context.config<ItemInitConfig>("starts"), starts_table);
  const int64_t hidden = config.model->hidden, items = context.data().items();
  INPUT_CHECK(hidden <= items || !starts_table || !context.has_input(inits.embeddings_stage),
              "hidden: found ", hidden, ", but the embeddings of ", items,
              " items have at most as many principal components; hint: set hidden to ", items);
  if (!starts_table) config.model->features = hidden;  // the embeddings' columns may not be known yet
  check_training_memory(context.data(), config);
}

// Trains one recommender. If its file exists, it is complete and was made with these options: nothing to do.
// `doubt`: about the teacher, if the vectors depend on it. Returns the number of tokens read.
int64_t train_job(const Context& context, const ItemInits& inits, const Job& job, const Task& part,
                  const std::string& doubt) {
  const nn::Path file = context.output(job.file());
  if (std::filesystem::exists(file)) {
    part.discard();
    part.finish("done before");
    return integer_in(nn::read_safetensors_metadata(file), "tokens", file);
  }
  const RecommenderConfig config = recommender_config(context, job.seed);
  const Tensor start = is_counted(config) ? Tensor() : init_vectors(context, config, inits, job);
  const ExtraLoss extra = is_counted(config) ? ExtraLoss() : extra_loss(context, config, inits, job);
  const Recommender r = train_from(start, context.data(), config, part, extra);
  nn::Metadata meta = context.metadata();
  add_facts(meta, r);
  if (!doubt.empty()) meta["teacher_doubt"] = doubt;
  write_recommender(file, *r.model, meta);
  part.discard();
  return r.tokens;
}

int64_t trainings_at_once(const Context& context, const ItemInits& inits) {
  RecommenderConfig config = recommender_config(context, context.seed());
  if (is_counted(config)) return 1;
  const bool embedded = context.has_input(inits.embeddings_stage);
  const int64_t columns = embedded ? inits.embedding_columns(context) : 0;
  if (config.model->use != models::ItemsUse::Init) config.model->features = columns;
  // The principal components are computed in double.
  const int64_t besides = context.data().items() * columns * static_cast<int64_t>(sizeof(double));
  return trainings_side_by_side(context.data(), config, ag::thread_count(), besides);
}

// True if the init's vectors depend on the teacher, directly or by the stages that make them.
bool needs_teacher(const ItemInit& init, const Stages& earlier) {
  return std::ranges::any_of(init.stages, [&](const std::string& name) {
    const auto needed = needed_stages(earlier, stage_named(earlier, name), false);
    return std::ranges::count(needed, kTeacher, &Stage::name) > 0;
  });
}

// `taught`: the inits whose vectors depend on the teacher.
int64_t train(const Context& context, const ItemInits& inits, const std::set<std::string>& taught) {
  const std::vector<Job> jobs = jobs_of(context);
  const std::string doubt = taught.empty() ? "" : teacher_doubt(context);
  const Task stage = context.task();
  const RecommenderConfig config = recommender_config(context, context.seed());
  stage.announce(counted(std::ssize(jobs), "recommender"));
  if (!is_counted(config)) stage.announce(training_text(context.data(), config));
  std::vector<int64_t> tokens(jobs.size(), 0);
  // The results do not depend on how many are trained at once.
  const int64_t at_once = stage.ranks().at_once(trainings_at_once(context, inits));
  run_side_by_side(jobs.size(), static_cast<size_t>(at_once), [&](size_t i) {
    tokens[i] = train_job(context, inits, jobs[i], stage.part(jobs[i].name(), std::ssize(jobs)),
                          taught.contains(jobs[i].arm) ? doubt : "");
  });
  std::vector<std::string> order;
  for (const Job& job : jobs) order.push_back(job.name());
  context.sort_log(order);
  stage.finish(counted(std::ssize(jobs), "recommender"));
  return std::reduce(tokens.begin(), tokens.end());
}

// --- evaluation --------------------------------------------------------------------------------------------

Results empty_results(const std::vector<RankedUser>& users, const RankingConfig& ranking,
                      const std::vector<Job>& jobs, const ItemInits& inits) {
  Results results = ranking_results(users, ranking);
  results.arm = "start";
  results.baseline = "random";
  results.facts = {"epochs", "reach", "best_epoch"};
  results.note = "reach: epochs until random's best validation";
  for (const ItemInit& init : inits.table) {
    if (std::ranges::count(jobs, init.name, &Job::arm))
      results.arms.push_back({init.name, init.meaning, init.is_the_method});
  }
  results.arms.push_back({kPopularity, "the number of each item's interactions: a lower bound"});
  if (jobs[0].arm != kPopularity) return results;
  results.baseline = results.note = "";
  results.facts = {};
  return results;
}

std::unique_ptr<models::SequentialRecommender> load(const Context& context, const Job& job) {
  return load_recommender(nn::read_safetensors(context.input("train", job.file())), context.data().items(),
                          recommender_config(context, job.seed));
}

// The doubt about the teacher first, then that about the training itself.
std::string joined_doubts(const std::string& teacher, const std::string& own) {
  if (teacher.empty()) return own;
  return "its teacher: " + teacher + (own.empty() ? "" : "; also: " + own);
}

// Adds the facts and doubts of the trainings to their rows, which are the first ones, in the order of the
// jobs.
void add_trainings(Results& results, const Context& context, const std::vector<Job>& jobs, double floor) {
  std::vector<Trained> trained;
  std::map<uint64_t, double> best_of_random;  // validation, by seed
  for (const Job& job : jobs) {
    trained.push_back(trained_from(context.input("train", job.file())));
    if (job.arm == results.baseline) best_of_random[job.seed] = trained.back().best();
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    const Trained& t = trained[i];
    const auto random = best_of_random.find(jobs[i].seed);
    const double reach = random == best_of_random.end() ? NAN : epoch_that_reaches(random->second, t);
    results.rows[i].facts = {double(t.epochs), reach, double(t.best_epoch)};
    results.rows[i].doubt =
        joined_doubts(t.teacher_doubt, doubt_of(t, context.config<RecommenderConfig>("recommender"), floor));
  }
}

// Examples from the method's own recommender with the first seed, or else from the first recommender.
nn::OrderedJson user_examples(const Context& context, const ItemInits& inits, const std::vector<Job>& jobs,
                              const std::vector<RankedUser>& users, const std::vector<RanksColumn>& columns,
                              bool filter_history) {
  const auto own = std::ranges::find_if(jobs, [&](const Job& job) {
    return job.arm != kPopularity && init_named(inits, job.arm).is_the_method;
  });
  const Job& job = own == jobs.end() ? jobs.at(0) : *own;
  return describe_users({job.name(), *load(context, job)}, context.data(), users, columns, filter_history);
}

int64_t evaluate_all(const Context& context, const ItemInits& inits) {
  RankingConfig ranking = context.config<RankingConfig>("evaluation");
  const auto& config = context.config<RecommenderConfig>("recommender");
  ranking.users = config.validation_users;
  const std::vector<Job> jobs = jobs_of(context);
  const Task stage = context.task();
  stage.announce(counted(std::ssize(jobs), "recommender"));
  const Interactions& data = context.data();
  const std::vector<RankedUser> users =
      describe_ranked_users(data, ranked_users(data, Target::Test, ranking.users), Target::Test);
  Results results = empty_results(users, ranking, jobs, inits);
  std::vector<RanksColumn> columns;
  const auto add = [&](const Job& job, const models::SequentialRecommender& model) {
    columns.push_back({job.name(), target_ranks(model, data, Target::Test, ranking, stage.ranks())});
    results.rows.push_back({job.arm, job.seed, std::vector<double>(results.facts.size(), NAN),
                            gains(columns.back().ranks, ranking.cutoffs)});
  };
  for (const Job& job : jobs) {
    add(job, *load(context, job));
    if (is_counted(config)) break;
    if (stage.progress(double(columns.size()) / double(jobs.size()))) stage.show(job.name());
    stage.check_stop();
  }
  if (!is_counted(config)) {
    const models::Popularity popularity(item_counts(data, CountedPart::Training));
    add_trainings(results, context, jobs, validation_floor(data, config, stage.ranks()));
    add({kPopularity, context.seed()}, popularity);
  }
  write_ranks(context.output("ranks.tsv"), data, users, columns);
  const bool whole = ranking.against == RankedAgainst::Catalogue;
  stage.finish(fmt::format("{} ranked against {}", counted(std::ssize(users), "user"),
                           counted(whole ? data.items() : ranking.negatives, "item")));
  context.record(user_examples(context, inits, jobs, users, columns, ranking.filter_history));
  context.record(summarise(results));
  return 0;
}

}  // namespace

void describe(TeacherConfig& c, const nn::Visit& visit) {
  describe(c.recommender, [&](const nn::Option& option, nn::Field field) {
    if (option.name != "model" && option.name != "use") visit(option, field);
  });
}

TeacherConfig teacher_of(const RecommenderConfig& recommender) {
  TeacherConfig teacher{recommender};
  if (!recommender.model.as<models::SasrecConfig>()) {
    models::SasrecConfig model;
    model.max_length = recommender.model->max_length;
    model.hidden = recommender.model->hidden;
    model.dropout = recommender.model->dropout;
    teacher.recommender.model = model;
  }
  teacher.recommender.model->use = models::ItemsUse::Init;
  return teacher;
}

Stage teacher_stage(const TeacherConfig& config) {
  return {.name = kTeacher,
          .help = "trains the teacher, a recommender on ids only",
          .files = {kTeacherFile},
          .configs = {"teacher"},
          .sees = sees(config.recommender),
          .check = [](const Context& c) { check_training_memory(c.data(), teacher_config(c)); },
          .run = pretrain};
}

Tensor teacher_table(const Context& context) {
  return read_item_matrix(context.input(kTeacher, kTeacherFile), "item_embedding.weight",
                          context.data().items());
}

std::unique_ptr<models::SequentialRecommender> teacher_model(const Context& context) {
  return load_recommender(nn::read_safetensors(context.input(kTeacher, kTeacherFile)), context.data().items(),
                          teacher_config(context));
}

std::string teacher_doubt(const Context& context) {
  const nn::Metadata metadata = nn::read_safetensors_metadata(context.input(kTeacher, kTeacherFile));
  const auto doubt = metadata.find(kDoubt);
  return doubt == metadata.end() ? "its file does not say how it was trained" : doubt->second;
}

std::vector<Job> jobs_of(const RecommenderConfig& recommender, const ItemInitConfig& inits,
                         const std::vector<uint64_t>& seeds) {
  if (is_counted(recommender)) return {{kPopularity, seeds.at(0)}};
  std::vector<Job> jobs;
  for (const std::string& init : inits.inits) {
    for (uint64_t seed : seeds) jobs.push_back({init, seed});
  }
  return jobs;
}

Stage train_stage(const RecommenderConfig& recommender, const ItemInitConfig& config, const ItemInits& inits,
                  const Stages& earlier) {
  Stage stage{.name = "train",
              .help =
                  "trains a recommender for each start and seed. A start needs only the stage that makes it: "
                  "--starts random trains a plain recommender, which needs no earlier stage",
              .files = {"recommender-*.safetensors"},
              .configs = {"recommender", "starts"},
              .sees = sees(recommender),
              .all_seeds = true,
              .begins_from_other = true};
  const auto add = [&](const std::string& input) {
    if (!std::ranges::count(stage.inputs, input)) stage.inputs.push_back(input);
  };
  std::set<std::string> taught;
  if (!is_counted(recommender)) {
    for (const std::string& init : config.inits) {
      for (const std::string& input : init_named(inits, init).stages) add(input);
      if (needs_teacher(init_named(inits, init), earlier)) taught.insert(init);
    }
    if (!taught.empty()) add(kTeacher);  // its file says if it can be trusted
    // Under an adapter, vectors that are drawn have as many columns as the language model's.
    if (recommender.model->use != models::ItemsUse::Init) add(inits.embeddings_stage);
  }
  stage.check = [=](const Context& context) { check_train(context, inits); };
  stage.run = [=](const Context& context) { return train(context, inits, taught); };
  return stage;
}

Stage evaluate_stage(const ItemInits& inits) {
  return {.name = "evaluate",
          .help =
              "ranks the held-out items with the trained recommenders; writes results.json, ranks.tsv and "
              "report.html",
          .inputs = {"train"},
          .files = {"ranks.tsv"},
          .configs = {"recommender", "starts", "evaluation"},
          .sees = Sees::Test,
          .all_seeds = true,
          .run = [=](const Context& context) { return evaluate_all(context, inits); }};
}

}  // namespace p2rec
