// 18 P2Rec: does the whole method find what is there, and does it win?
//
//   interactions -> teacher -> groups -> preferences -> LoRA -> item embeddings -> recommender -> HR@K
//
// We know how the synthetic data is made: every item belongs to a hidden group, every user prefers some
// groups, and titles contain hints of the group. So we can check that each step finds what is in the data.
// To find it is not to win: only a comparison with controls shows a gain.
//
// New: nothing but the whole. Needs: 09, 11; 13 to 17 explain its steps. Takes 20 s.
// --data FILE or FOLDER and --llm FILE or FOLDER use your own data and language model.
// Read beside it: p2rec/p2rec.h, the method's table of contents.
#include <cmath>

#include "models/recommenders/popularity.h"
#include "p2rec/evaluation/known_truth.h"
#include "p2rec/p2rec.h"
#include "tutorials/steps.h"

namespace {

using namespace p2rec;
using ag::Tensor;

// --- 2. The settings: one struct per step, with the program's defaults

// Here the recommender has half the width and three times the learning rate, so that the program takes
// seconds. Training stops after ten epochs without a better validation result.
P2RecConfig settings(const lesson::Options& options, const Interactions& data) {
  P2RecConfig config;
  config.recommender =
      lesson::recommender(options, options.quick ? 20 : 200, std::min<int64_t>(32, data.items()));
  config.teacher = teacher_of(config.recommender);
  config.groups.groups = 8;
  config.groups.seed = options.seed;
  config.reconstruction.finetune.seed = options.seed;
  return config;
}

// --- 3. What the steps found

void check_at_least(const std::string& what, double found, double limit) {
  lesson::check(found >= limit, fmt::format("{:<61} {:.3f} (at least {:.3f})", what, found, limit));
}

void compare_with_truth(const Interactions& data, const P2RecResult& result, double error_of_mean) {
  const std::vector<int32_t>& hidden_group = data.truth->item_group;
  // Steps 1 and 2: the rows of the teacher's item table are clustered. Items with similar neighbours in the
  // histories get into the same group. The recommender itself knows nothing of groups.
  check_at_least("share of items in the right group (by chance 0.13)",
                 purity(result.groups.group_of, hidden_group), 1.5 * 0.13);
  // Steps 3 and 4: the language model reads a user's items and predicts the share of each group. On users
  // that it was not trained on, its error is compared with that of predicting the mean of all users.
  check_at_least("error on held-out users, how much less than that of the mean",
                 1 - result.losses.heldout / error_of_mean, 0.4);
  // Step 5: each item was a virtual user with only this item. Items of a hidden group should get similar
  // enhanced embeddings.
  check_at_least("neighbours in the same hidden group (by chance 0.12)",
                 neighbours_of_group(result.embeddings, hidden_group), 1.5 * 0.12);
  check_at_least("HR@10 from the enhanced embeddings (by chance 0.011)",
                 metrics_from_ranks(result.ranks).at("HR@10"), 2 * 10.0 / double(data.items()));
}

// --- 4. The table

void show(const char* name, const Metrics& metrics, int64_t best_epoch, const char* start) {
  fmt::print("  {:<11} {:.4f}   {:.4f} {:>11}  {}\n", name, metrics.at("HR@10"), metrics.at("NDCG@10"),
             best_epoch > 0 ? std::to_string(best_epoch) : "", start);
}

// The same recommender from other item vectors.
void show_control(const char* name, const Tensor& start, const Interactions& data, const P2RecConfig& config,
                  const char* meaning) {
  const Recommender trained = train_from(scaled_to(start, config.inits.std), data, config.recommender);
  show(name, evaluate(*trained.model, data), trained.best_epoch, meaning);
}

void chapter(const lesson::Options& options) {
  lesson::heading("1. The data");
  // The last two items of every user are used only in evaluation. The synthetic data are as sparse as
  // Amazon's, about nine items per user: the method is made for such data. From fewer users a teacher learns
  // no groups, so --quick has all of them, and fewer epochs of recommenders.
  lesson::Options all = options;
  all.quick = options.quick && options.data != "synthetic";
  const Interactions data = lesson::interactions(all);
  fmt::print("  {} users, {} items, {} interactions; item 0 is '{}'\n", data.users(), data.items(),
             data.interactions(), data.titles.empty() ? data.item_ids[0] : data.titles[0]);

  lesson::heading("2. All seven steps: p2rec(data, llm, config)");
  // p2rec/methods/p2rec/p2rec.cpp is the page to read now.
  const models::LanguageModel llm = lesson::language_model(options, data);
  const P2RecConfig config = settings(options, data);
  const lesson::Stopwatch time;
  const P2RecResult result = p2rec::p2rec(data, llm, config);
  fmt::print("  the language model is {}; {:.1f} s\n", llm.name, time.seconds());

  lesson::heading("3. What the steps found");
  const double error_of_mean = p2rec::error_of_mean(data, result.preferences, split_users(data));
  fmt::print("  error of the preferences of held-out users: {:.4f}, of the mean {:.4f}\n",
             result.losses.heldout, error_of_mean);
  if (data.truth) compare_with_truth(data, result, error_of_mean);

  lesson::heading("4. Does it win? The same recommender from other item vectors");
  // Each control lacks one thing: the language model (teacher), the items (shuffled), or all of it (random).
  const int64_t d = config.recommender.model->hidden;
  fmt::print("  {:<11} {:<8} {:<8} {:>10}  {}\n", "", "HR@10", "NDCG@10", "best epoch", "starts from");
  show("popularity", evaluate(models::Popularity(item_counts(data, CountedPart::Training)), data), 0, "");
  show_control("random", drawn({data.items(), d}, "random", options.seed), data, config, "random numbers");
  show("p2rec", metrics_from_ranks(result.ranks), result.recommender.best_epoch, "the enhanced embeddings");
  show_control("shuffled", shuffled(principal_components(result.embeddings, d), options.seed), data, config,
               "the same, shuffled over the items");
  show_control("teacher", item_table(pretrain_teacher(data, config.teacher.recommender)), data, config,
               "the teacher's item table");
  fmt::print("  One seed shows nothing: `p2rec run` takes several and reports the spread.\n");
  fmt::print("\nNext: the same training, shared by several processes: 19.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data", "--llm"}, chapter); }
