// 17 Is it better? When does a larger number mean something?
//
//   d_su = gain of ours - gain of the baseline        the same seed s, the same user u: paired
//   d = mean of d_su over S seeds and U users
//
//   interval     of 2000 means of d_su, each over seeds and users drawn with replacement, the middle 95 %
//   resolvable = t(S-1) std_s(d_s) / sqrt(S)          d_s = mean over users
//
// The spread std_s is over the seeds, and t is Student's 97.5 % quantile with S - 1 degrees of freedom. A
// difference counts as shown if the interval excludes 0 and |d| is at least `resolvable`: with few seeds the
// bootstrap draws the same ones again and again, and its intervals are too narrow. A training has three
// sources of chance: which users there are, which seed, and when it was stopped.
//
// New: paired differences, the bootstrap, false alarms, a head start. Needs: 06, 16. Takes 50 s.
// --data FILE or FOLDER and --llm FILE or FOLDER use your own data and language model.
// Read beside it: p2rec/evaluation/results.h, p2rec/results/README.md.
#include <cmath>
#include <map>

#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/common/item_init.h"
#include "tutorials/figures.h"
#include "tutorials/steps.h"

namespace {

using ag::Tensor;
using lesson::check;
using p2rec::Difference, p2rec::Interactions, p2rec::Results, p2rec::UnitValues;

// --- 1. The trainings that are compared

// The best validation NDCG@10 so far, by epoch and arm: a mean over seeds.
using Curves = std::map<std::string, std::vector<double>>;

// One recommender for each arm and seed. An arm is a start of the item table; all else is the same.
Results train_all(const lesson::Options& options, const Interactions& data, const Tensor& embeddings,
                  Curves& curves) {
  const auto test = p2rec::ranked_users(data, p2rec::Target::Test);
  Results results = p2rec::ranking_results(p2rec::describe_ranked_users(data, test, p2rec::Target::Test), {});
  results.arms = {{"random", "random numbers"},
                  {"p2rec", "the enhanced embeddings", true},
                  {"shuffled", "the same, shuffled over the items"}};
  results.arm = "start";
  results.baseline = "random";
  results.facts = {"epochs"};
  const int64_t d = std::min<int64_t>({32, data.items(), embeddings.dim(1)});
  const Tensor table = p2rec::principal_components(embeddings, d);
  const uint64_t seeds = options.quick ? 3 : 5;
  for (uint64_t seed = options.seed; seed < options.seed + seeds; ++seed) {
    p2rec::RecommenderConfig config = lesson::recommender(options, options.quick ? 8 : 100, d);
    config.seed = seed;
    for (const p2rec::Arm& arm : results.arms) {
      const Tensor start = arm.name == "p2rec"      ? table
                           : arm.name == "shuffled" ? p2rec::shuffled(table, seed)
                                                    : p2rec::drawn({data.items(), d}, "start random", seed);
      const p2rec::Recommender r = p2rec::train_from(p2rec::scaled_to(start, 0.02), data, config);
      // A training that has ended keeps the weights of its best epoch, so its curve stays there.
      std::vector<double>& curve = curves[arm.name];
      curve.resize(static_cast<size_t>(config.max_epochs));
      double best = 0;
      for (size_t e = 0; e < curve.size(); ++e) {
        if (e < r.validation.size()) best = std::max(best, r.validation[e]);
        curve[e] += best / double(seeds);
      }
      // One that was stopped while it still rose says nothing of where it would have ended.
      const bool rising = r.epochs == config.max_epochs && r.epochs - r.best_epoch < config.patience;
      const UnitValues gains = p2rec::gains(p2rec::target_ranks(*r.model, data, p2rec::Target::Test));
      const char* doubt = rising ? "stopped while validation still improved" : "";
      results.rows.push_back({arm.name, seed, {double(r.epochs)}, gains, doubt});
    }
  }
  return results;
}

std::vector<UnitValues> values_of(const Results& results, const std::string& arm) {
  std::vector<UnitValues> values;
  for (const p2rec::ResultRow& row : results.rows) {
    if (row.arm == arm) values.push_back({row.values[results.main_measure()]});
  }
  return values;
}
double mean_of(const UnitValues& values) { return p2rec::estimate(values[0]).mean; }

// --- 2. The bootstrap

// `paired` draws a user for both arms at once; otherwise each arm draws its own users.
Difference bootstrap(const std::vector<UnitValues>& ours, const std::vector<UnitValues>& baseline,
                     bool paired, uint64_t seed) {
  const auto S = static_cast<uint32_t>(ours.size()), U = static_cast<uint32_t>(ours[0][0].size());
  std::vector<double> means;
  for (uint32_t b = 0; b < 1000; ++b) {
    const ag::RandomKey key{seed, b, ag::stream("lesson 17 bootstrap")};
    uint64_t draw = 0;
    std::vector<uint32_t> seeds(S);
    for (uint32_t& s : seeds) s = ag::random_below(key, draw++, S);
    double sum = 0;
    for (uint32_t i = 0; i < U; ++i) {
      const uint32_t u = ag::random_below(key, draw++, U),
                     other = paired ? u : ag::random_below(key, draw++, U);
      for (const uint32_t s : seeds) sum += ours[s][0][u] - baseline[s][0][other];
    }
    means.push_back(sum / S / U);
  }
  std::ranges::sort(means);
  return {p2rec::estimate(means).mean, means[25], means[974], 0};
}

void show(const std::string& name, const Difference& d) {
  fmt::print("  {:<26} {:+.4f}  [{:+.4f}, {:+.4f}]\n", name, d.mean, d.low, d.high);
}

// --- 3. False alarms

// Studies of a method without any effect on 100 users: d_su = a_s + n_su, where the chance of a seed, a_s, is
// twice as large as what the users' n_su leave in their mean.
std::vector<Difference> studies_without_effect(uint64_t studies, size_t seeds, uint64_t seed) {
  std::vector<Difference> found;
  for (uint64_t study = 0; study < studies; ++study) {
    std::vector<UnitValues> ours(seeds, {std::vector<double>(100)}), nothing = ours;
    for (uint32_t s = 0; s < seeds; ++s) {
      const ag::RandomKey key{1000 * seed + study, s, ag::stream("lesson 17 studies")};
      for (uint64_t u = 0; u < 100; ++u)
        ours[s][0][u] = 0.02 * ag::random_normal(key, 0) + 0.1 * ag::random_normal(key, u + 1);
    }
    found.push_back(p2rec::differences(ours, nothing)[0]);
  }
  return found;
}

bool excludes_zero(const Difference& d) { return d.low > 0 || d.high < 0; }
bool is_shown(const Difference& d) { return excludes_zero(d) && std::abs(d.mean) >= d.resolvable; }

// The share of studies in which a rule sees an effect.
double alarms(const char* name, const std::vector<Difference>& studies, bool (*rule)(const Difference&)) {
  const double share = double(std::ranges::count_if(studies, rule)) / double(studies.size());
  fmt::print("  {:<44} {:.2f}  {}\n", name, share, lesson::bar(share));
  return share;
}

// --- 4. A head start

void show_lead(const lesson::Options& options, Curves& curves) {
  const auto &random = curves["random"], &ours = curves["p2rec"], &shuffled = curves["shuffled"];
  fmt::print("  epoch   random    p2rec  shuffled  p2rec's lead\n");
  for (size_t e = 1;; e = std::min(2 * e, random.size())) {
    fmt::print("  {:5}   {:.4f}   {:.4f}    {:.4f}       {:+.4f}\n", e, random[e - 1], ours[e - 1],
               shuffled[e - 1], ours[e - 1] - random[e - 1]);
    if (e == random.size()) break;
  }
  lesson::lines(options, "head_start", "Best validation NDCG@10 so far", "epoch", "NDCG@10",
                {{"p2rec", lesson::numbered(ours)},
                 {"random", lesson::numbered(random)},
                 {"shuffled", lesson::numbered(shuffled)}});
}

void chapter(const lesson::Options& options) {
  const Interactions data = lesson::interactions(options);
  Curves curves;
  const Results results = train_all(options, data, lesson::enhanced_embeddings(options, data), curves);
  const auto random = values_of(results, "random"), ours = values_of(results, "p2rec"),
             shuffled = values_of(results, "shuffled");
  const size_t S = random.size();

  lesson::heading("1. NDCG@10 minus that of random, one seed at a time");
  fmt::print("  seed    p2rec  shuffled\n");
  double best = -INFINITY;
  std::vector<double> of_random;
  for (size_t s = 0; s < S; ++s) {
    of_random.push_back(mean_of(random[s]));
    best = std::max(best, mean_of(ours[s]));
    fmt::print("  {:4}  {:+.4f}   {:+.4f}\n", options.seed + s, mean_of(ours[s]) - of_random[s],
               mean_of(shuffled[s]) - of_random[s]);
  }
  // Each line could have been a paper's result. And so could this one:
  const p2rec::Estimate spread = p2rec::estimate(of_random);
  fmt::print("  random itself: {:.4f} +-{:.4f} over seeds. The best seed of ours against its mean: {:+.4f}\n",
             spread.mean, spread.std, best - spread.mean);

  lesson::heading("2. Paired differences and their intervals");
  const Difference library = p2rec::differences(ours, random)[0],
                   paired = bootstrap(ours, random, true, options.seed),
                   unpaired = bootstrap(ours, random, false, options.seed);
  show("the library's", library);
  show("by hand", paired);
  show("by hand, not paired", unpaired);
  const double width = paired.high - paired.low;
  check(std::abs(paired.low - library.low) < width / 4 && std::abs(paired.high - library.high) < width / 4,
        "twenty lines give the library's interval");
  // Users differ more than starts do: some are easy for every model. Paired, this cancels.
  check(width < unpaired.high - unpaired.low, "the same users on both sides make it narrower");

  lesson::heading("3. How often a method without effect is called better or worse");
  const uint64_t studies = options.quick ? 60 : 400;
  const std::vector<Difference> of_one = studies_without_effect(studies, 1, options.seed),
                                of_three = studies_without_effect(studies, 3, options.seed);
  const double one = alarms("one seed: the interval excludes 0", of_one, excludes_zero);
  alarms("three seeds: the interval excludes 0", of_three, excludes_zero);
  const double careful = alarms("three seeds: and |d| is at least resolvable", of_three, is_shown);
  check(one > careful, "an interval over users knows nothing of the seed's chance");
  check(careful < 0.2, "with `resolvable`, false alarms are rare");

  lesson::heading("4. A head start or a lasting gain: validation NDCG@10, mean over seeds");
  show_lead(options, curves);

  lesson::heading("5. The report, whatever it says");
  const p2rec::Summary summary = p2rec::summarise(results);
  fmt::print("{}", p2rec::summary_table(summary));
  std::vector<p2rec::SpreadRow> rows;
  for (const p2rec::ArmSummary& arm : summary.arms) {
    if (arm.differences.empty()) continue;
    const Difference& d = arm.differences[0][summary.main_measure()];
    fmt::print("  {} against random: {} (the smallest difference that {} seeds can show is {:.4f})\n",
               arm.name, p2rec::text_of(p2rec::verdict_of(summary, arm)), S, d.resolvable);
    rows.push_back({arm.name, d.mean, d.low, d.high, "", {}, arm.is_the_method});
    for (size_t s = 0; s < S; ++s)
      rows.back().dots.emplace_back(arm.seeds[s].means[0][summary.main_measure()] - of_random[s],
                                    fmt::format("seed {}", options.seed + s));
  }
  lesson::intervals(options, "differences", "Paired differences, their intervals, and each seed",
                    "NDCG@10 minus that of random", rows);
  fmt::print("\nNext: the whole method in one program: 18.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data", "--llm"}, chapter); }
