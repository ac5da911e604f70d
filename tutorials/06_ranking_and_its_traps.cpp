// 06 Ranking and its traps: how is a recommender measured, and how does one fool oneself?
//
//   rank    how many items come before the target, 0 is first
//   HR@K    1 if rank < K, else 0              NDCG@K  1 / log2(rank + 2) if rank < K, else 0
//
// HR is the hit rate. NDCG, the normalised discounted cumulative gain, also counts how near the top a hit is.
// Everything here is counted, nothing is trained, and each trap is a number: ties, the user's own items,
// leakage, and ranking among a sample. Published results have fallen into every one of them.
//
// New: leave-one-out, popularity, a Markov chain, HR, NDCG. Needs: only patience with counting.
// Takes less than a second.
// --data FILE measures your own data. Read beside it: p2rec/evaluation/ranking.h, evaluation.h.
#include <cmath>
#include <functional>
#include <map>

#include "models/recommenders/popularity.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/evaluation.h"
#include "tutorials/figures.h"

namespace {

using ag::real;
using lesson::check;
using p2rec::Interactions, p2rec::Target;

using Scores = std::vector<real>;                                  // one for each item
using Scorer = std::function<void(int64_t user, Scores& scores)>;  // of the test target's history
using Ranks = std::vector<int64_t>;                                // one for each user that has a test target

// --- Three recommenders that only count

Scorer popularity(const Interactions& data, p2rec::CountedPart part) {
  return [counts = p2rec::item_counts(data, part)](int64_t, Scores& scores) {
    std::ranges::copy(counts, scores.begin());
  };
}

// How often b came right after a: a Markov chain. `sequence_of(user)` says what is counted, `tie_breaker` is
// added in small for items that were never counted.
Scorer markov(const Interactions& data, const std::function<p2rec::Sequence(int64_t)>& sequence_of,
              const std::vector<int64_t>& tie_breaker) {
  std::vector<std::map<int32_t, int64_t>> after(static_cast<size_t>(data.items()));
  for (int64_t u = 0; u < data.users(); ++u) {
    const p2rec::Sequence sequence = sequence_of(u);
    for (size_t i = 1; i < sequence.size(); ++i) ++after[static_cast<size_t>(sequence[i - 1])][sequence[i]];
  }
  return [=, &data](int64_t user, Scores& scores) {
    for (size_t i = 0; i < scores.size(); ++i)
      scores[i] = tie_breaker.empty() ? 0 : real(1e-4) * static_cast<real>(tie_breaker[i]);
    const int32_t last = p2rec::target_history(data, user, Target::Test).back();
    for (const auto& [item, count] : after[static_cast<size_t>(last)])
      scores[static_cast<size_t>(item)] += static_cast<real>(count);
  };
}

// The same random number for a user and an item each time.
double noise(uint64_t seed, int64_t user, uint64_t item) {
  return ag::random_uniform({seed, static_cast<uint32_t>(user), ag::stream("lesson 06 noise")}, item);
}
Scorer random_scores(uint64_t seed) {
  return [seed](int64_t user, Scores& scores) {
    for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<real>(noise(seed, user, i));
  };
}

// --- Ranking

// Calls rank(user, scores) for every user with a test target.
Ranks ranks_by(const Interactions& data, const Scorer& scorer,
               const std::function<int64_t(int64_t user, const Scores& scores)>& rank) {
  Ranks ranks;
  Scores scores(static_cast<size_t>(data.items()));
  for (const int64_t user : p2rec::ranked_users(data, Target::Test)) {
    scorer(user, scores);
    ranks.push_back(rank(user, scores));
  }
  return ranks;
}

// Full ranking, as this project reports it: against every item that the user does not have yet, and an item
// with the target's score counts as before it.
Ranks full(const Interactions& data, const Scorer& scorer) {
  return ranks_by(data, scorer, [&](int64_t user, const Scores& scores) {
    return p2rec::rank_of_target(scores, p2rec::target_item(data, user, Target::Test),
                                 p2rec::target_history(data, user, Target::Test));
  });
}

// Against 100 items that are drawn for each user, all of them equally often; of few items, all.
Ranks sampled(const Interactions& data, const Scorer& scorer, uint64_t seed) {
  const p2rec::NegativeItems drawn(std::vector<int64_t>(static_cast<size_t>(data.items()), 1), seed);
  return ranks_by(data, scorer, [&](int64_t user, const Scores& scores) {
    const int32_t target = p2rec::target_item(data, user, Target::Test);
    const auto removed = p2rec::sorted_distinct(p2rec::target_history(data, user, Target::Test));
    const int64_t others = data.items() - std::ssize(removed) - 1, n = std::min<int64_t>(100, others);
    return std::ranges::count_if(drawn.draw(user, n, target, removed), [&](int32_t item) {
      return scores[static_cast<size_t>(item)] >= scores[static_cast<size_t>(target)];
    });
  });
}

double hit_rate(const Ranks& ranks) {
  return double(std::ranges::count_if(ranks, [](int64_t rank) { return rank < 10; })) / double(ranks.size());
}
double ndcg(const Ranks& ranks) {
  double sum = 0;
  for (const int64_t rank : ranks) sum += rank < 10 ? 1 / std::log2(double(rank) + 2) : 0;
  return sum / double(ranks.size());
}

// A mean over users is known only up to its standard error, sqrt(p (1 - p) / n) for a hit rate.
double show(const std::string& name, const Ranks& ranks) {
  const double hr = hit_rate(ranks), error = std::sqrt(hr * (1 - hr) / double(ranks.size()));
  fmt::print("  {:<44} {:.4f} +-{:.4f}  {:.4f}  {}\n", name, hr, error, ndcg(ranks), lesson::bar(hr, 20));
  return hr;
}
void columns() { fmt::print("  {:<44} {:<15}  NDCG@10\n", "", "HR@10 +-error"); }

void chapter(const lesson::Options& options) {
  const Interactions data = p2rec::load_data(options.data);
  const auto training = [&](int64_t u) { return p2rec::training_part(data, u); };
  const auto everything = [&](int64_t u) { return p2rec::Sequence(data.sequences[static_cast<size_t>(u)]); };
  const std::vector<int64_t> counts = p2rec::item_counts(data, p2rec::CountedPart::Training);

  lesson::heading(
      "1. Leave-one-out: the last item of a user is the test target, the one before for validation");
  const std::vector<int64_t> users = p2rec::ranked_users(data, Target::Test);
  const int64_t someone = users.front();
  const p2rec::Sequence trained = training(someone),
                        shown = trained.last(std::min<size_t>(trained.size(), 10));
  fmt::print("  user {}: items {}{} | {}\n", data.user_ids[size_t(someone)],
             shown.size() < trained.size() ? "... " : "", fmt::join(shown, " "),
             fmt::join(everything(someone).subspan(trained.size()), " | "));
  fmt::print("  {} users, {} of them with a test target; {} items, {} interactions\n", data.users(),
             users.size(), data.items(), data.interactions());
  // In your own data, a rate of fewer users is mostly chance, and 100 of fewer items are nearly all of them.
  const bool many = options.data == "synthetic" || (users.size() >= 100 && data.items() >= 500);

  lesson::heading("2. What counting can do");
  columns();
  const double chance = 10.0 / double(data.items());
  const Ranks popular = full(data, popularity(data, p2rec::CountedPart::Training));
  show(fmt::format("random scores (10 of {} items: {:.4f})", data.items(), chance),
       full(data, random_scores(options.seed)));
  const double popular_hr = show("popularity in the training parts", popular);
  const double markov_hr =
      show("Markov chain of the training parts", full(data, markov(data, training, counts)));
  if (many) check(popular_hr > chance, "popularity is better than chance: a model must beat it, not chance");
  const models::Popularity library(counts);
  check(p2rec::target_ranks(library, data, Target::Test) == popular, "the library's ranks are the same");
  check(std::abs(p2rec::evaluate(library, data).at("NDCG@10") - ndcg(popular)) < 1e-12, "and its NDCG@10");

  lesson::heading("3. Trap: ties. A model that says the same of every item");
  columns();
  // `score > the target's` counts nothing here, so every target is first. A model whose scores have died, or
  // that has not seen most items, is rewarded; so is argsort over candidates among which the target comes
  // first.
  const Scorer constant = [](int64_t, Scores& scores) { std::ranges::fill(scores, real(1)); };
  const auto only_larger = [&](int64_t user, const Scores& scores) {
    const real target = scores[static_cast<size_t>(p2rec::target_item(data, user, Target::Test))];
    return std::ranges::count_if(scores, [&](real score) { return score > target; });
  };
  const double fooled = show("constant, ties for the target", ranks_by(data, constant, only_larger));
  const double honest = show("constant, ties against the target", full(data, constant));
  const Scorer bare = markov(data, training, {});
  show("Markov with many zeros, ties for the target", ranks_by(data, bare, only_larger));
  show("Markov with many zeros, ties against it", full(data, bare));
  check(fooled == 1 && honest == 0, "a constant is perfect one way and worthless the other");

  lesson::heading("4. Trap: the user's own items compete");
  columns();
  const double with_history = show(
      "popularity, history not removed",
      ranks_by(data, popularity(data, p2rec::CountedPart::Training), [&](int64_t user, const Scores& scores) {
        return p2rec::rank_of_target(scores, p2rec::target_item(data, user, Target::Test), {});
      }));
  show("popularity, history removed", popular);
  check(with_history <= popular_hr, "where nobody takes an item twice, competing history can only cost");

  lesson::heading("5. Trap: leakage. The test items are counted too");
  columns();
  show("popularity in everything", full(data, popularity(data, p2rec::CountedPart::Everything)));
  const double leaked = show("Markov chain of whole sequences", full(data, markov(data, everything, counts)));
  fmt::print("  The better a model remembers, the more it gains: {:.1f} times the honest {:.4f}.\n",
             leaked / markov_hr, markov_hr);
  if (many) check(leaked > markov_hr, "a Markov chain that has seen the test looks better");

  lesson::heading("6. Trap: ranking among 100 sampled items");
  columns();
  // Two imaginary recommenders. The specialist knows the next item of every eighth user and nothing of the
  // others. The generalist puts everybody's next item into the best 3 to 6 percent, never near the top.
  const auto imagined = [&](bool specialist) -> Scorer {
    return [&, specialist](int64_t user, Scores& scores) {
      random_scores(options.seed)(user, scores);
      real& target = scores[static_cast<size_t>(p2rec::target_item(data, user, Target::Test))];
      const double place = 0.03 + 0.03 * noise(options.seed + 1, user, 0);
      if (!specialist) target = static_cast<real>(1 - place);
      if (specialist && user % 8 == 0) target = 2;
    };
  };
  const double full_specialist = show("specialist, all items", full(data, imagined(true))),
               full_generalist = show("generalist, all items", full(data, imagined(false))),
               sampled_specialist = show("specialist, sampled", sampled(data, imagined(true), options.seed)),
               sampled_generalist = show("generalist, sampled", sampled(data, imagined(false), options.seed));
  const double sampled_popular = show(
      "popularity, sampled", sampled(data, popularity(data, p2rec::CountedPart::Training), options.seed));
  lesson::bars(options, "sampled", "HR@10 among all items, and among 100 drawn for each user",
               {{"specialist, all", full_specialist, fmt::format("{:.3f}", full_specialist)},
                {"generalist, all", full_generalist, fmt::format("{:.3f}", full_generalist)},
                {"specialist, 100", sampled_specialist, fmt::format("{:.3f}", sampled_specialist)},
                {"generalist, 100", sampled_generalist, fmt::format("{:.3f}", sampled_generalist)}});
  // In a sample of 100, the 10 best of V items are hardly ever seen. What is measured is whether the target
  // is in the best tenth, which is another question, and it can have another answer.
  // A larger sample sees more: with 500 in place of 100 it agrees with all items again.
  if (many) check(full_specialist > full_generalist, "all items say the specialist is better");
  fmt::print("  The sample says the {} is.\n",
             sampled_specialist > sampled_generalist ? "specialist" : "generalist");
  if (many) check(sampled_popular > popular_hr, "a sample flatters everybody");
  fmt::print("\nNext: counting forgets what similar items have in common. 07 learns vectors for them.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data"}, chapter); }
