#include "p2rec/llm/training_lists.h"

#include <algorithm>

#include "nn/init.h"
#include "p2rec/evaluation/user_sample.h"
#include "p2rec/llm/finetune.h"

namespace p2rec {

TrainingLists training_lists(const Interactions& data, int64_t candidates, uint64_t seed, int64_t least,
                             int64_t most) {
  std::vector<int64_t> users;
  for (int64_t u = 0; u < data.users(); ++u) {
    if (std::ssize(training_part(data, u)) >= least) users.push_back(u);
  }
  const CandidateSampler sampler(data.items(), candidates, list_seed("lists to learn from", seed));
  TrainingLists result;
  for (const int64_t user : sampled_users(data, users, most)) {
    const Sequence items = training_part(data, user);
    std::vector<int32_t> list = sampler.draw(user, items.back(), items);
    const auto place = static_cast<int32_t>(std::ranges::find(list, items.back()) - list.begin());
    (held_out(data.user_ids[static_cast<size_t>(user)]) ? result.heldout : result.train)
        .push_back(std::ssize(result.lists));
    result.lists.push_back({user, std::move(list), place});
  }
  INPUT_CHECK(!result.train.empty(), data.source, ": no user with ", least,
              " training items to learn from; hint: use data with dozens of users");
  return result;
}

Sequence history_of(const Interactions& data, const CandidateList& list) {
  const Sequence items = training_part(data, list.user);
  return items.first(items.size() - 1);
}

std::vector<int64_t> examples_of_step(const std::vector<int64_t>& examples, int64_t batch, int64_t step,
                                      uint64_t seed) {
  const int64_t steps = steps_of_epoch(examples, batch);
  const auto order =
      ag::random_permutation({seed, static_cast<uint32_t>(step / steps), ag::stream("examples of a step")},
                             static_cast<int32_t>(examples.size()));
  const int64_t begin = step % steps * batch;
  std::vector<int64_t> chosen;
  for (int64_t i = begin; i < std::min(begin + batch, std::ssize(order)); ++i)
    chosen.push_back(examples[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  return chosen;
}

uint64_t list_seed(const std::string& kind, uint64_t seed) {
  return ag::random_bits(nn::key_for(kind, seed), 0);
}

}  // namespace p2rec
