#include "p2rec/methods/larr/adaptation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "autograd/ops.h"
#include "p2rec/llm/tiny_llm.h"

namespace p2rec {
namespace {

using ag::Tensor;
using Tokens = SceneTexts::Tokens;

constexpr uint32_t kTextStream = ag::stream("texts of scenes"),
                   kUserUserStream = ag::stream("pairs user-user"),
                   kItemItemStream = ag::stream("pairs item-item"),
                   kUserItemStream = ag::stream("pairs user-item");
constexpr double kClip = 1.0, kWarmupShare = 0.1;

// Attaches LoRA and trains it with the new tokens.
std::vector<double> tune(const ItemReader& reader, models::Llama& llm, const AdaptationConfig& config,
                         int64_t steps, const std::function<Tensor(int64_t step)>& loss, const Task& task) {
  nn::attach_lora(llm, config.lora);
  Tensor(reader.item_tokens).set_requires_grad();
  nn::Adam adam(
      {{nn::lora_parameters(llm), config.lr}, {{{"new_tokens", reader.item_tokens}}, config.token_lr}},
      {.weight_decay = 0});
  const Loop loop{.adam = adam,
                  .steps_per_epoch = steps,
                  .epochs = 1,
                  .lr = config.lr,
                  .clip = kClip,
                  .loss = [&](int64_t step, const BatchPart& part) -> PartLoss {
                    return part.is_last() ? PartLoss{loss(step)} : PartLoss{};
                  },
                  .schedule = cosine_schedule(static_cast<int64_t>(kWarmupShare * double(steps)), steps)};
  return train(loop, task);
}

// Rows of length 1.
Tensor unit_rows(const Tensor& x) {
  const Tensor ones = Tensor::full({x.dim(1)}, 1, x.device());
  return ag::scale(ag::rms_norm(x, ones, 0), 1 / std::sqrt(static_cast<double>(x.dim(1))));
}

// Pairs of neighbours in each list.
Pairs neighbours(const std::map<int64_t, std::vector<int32_t>>& lists) {
  Pairs pairs;
  for (const auto& [owner, list] : lists) {
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i - 1] != list[i]) pairs.emplace_back(list[i - 1], list[i]);
    }
  }
  return pairs;
}

// The clicked items of each user, in order of time.
using Clicks = std::map<int64_t, std::vector<int32_t>>;
Clicks clicks_of(const std::vector<Impression>& train) {
  Clicks clicks;
  for (const Impression& x : train) {
    if (x.click) clicks[x.user].push_back(x.item);
  }
  return clicks;
}

// The last `count` clicks of the user other than `without`.
std::vector<int32_t> last_clicks(const Clicks& clicks, int64_t user, int64_t count, int32_t without) {
  std::vector<int32_t> last = clicks.at(user);
  std::erase(last, without);
  if (std::ssize(last) > count) last.erase(last.begin(), last.end() - count);
  return last;
}

Tensor embedded(const ItemReader& reader, const std::vector<Tokens>& texts) {
  return prompt_states(reader, nn::pack(texts));
}

}  // namespace

void describe(AdaptationConfig& c, const nn::Visit& visit) {
  visit({"lora-rank", "rank of the LoRA matrices", nn::between(1, 4096)}, &c.lora.rank);
  visit({"lora-alpha", "LoRA's output is scaled by alpha / rank", nn::kPositive}, &c.lora.alpha);
  visit({"adapt-lr", "learning rate of LoRA in both steps", nn::kPositive}, &c.lr);
  visit({"adapt-token-lr", "learning rate of the new tokens in both steps", nn::kPositive}, &c.token_lr);
  visit({"pretrain-steps", "steps of continued pre-training", nn::at_least(1)}, &c.pretrain_steps);
  visit({"pretrain-batch", "texts per step", nn::at_least(2)}, &c.pretrain_batch);
  visit({"contrast-steps", "steps on contrastive pairs", nn::at_least(1)}, &c.contrast_steps);
  visit({"contrast-batch", "pairs of each kind per step", nn::at_least(2)}, &c.contrast_batch);
  visit({"contrast-temperature", "of the contrastive losses", nn::kPositive}, &c.temperature);
}

Tensor next_token_loss(const ItemReader& reader, const std::vector<Tokens>& texts) {
  const nn::Packed x = nn::pack(texts);
  const Tensor states = reader.llm.hidden_states(embed_prompt(reader, x.ids), x);
  const Tensor words = reader.llm.lm_head() ? reader.llm.lm_head()->weight : reader.llm.token_table();
  return ag::linear_cross_entropy(states, ag::concat({words, reader.item_tokens}, 0), next_tokens(x));
}

std::vector<double> pretrain_on_scenes(const ItemReader& reader, models::Llama& llm, const SceneTexts& texts,
                                       int64_t items, const std::vector<Impression>& train,
                                       const AdaptationConfig& config, const Task& task) {
  std::vector<Impression> clicks;
  std::ranges::copy_if(train, std::back_inserter(clicks), &Impression::click);
  return tune(
      reader, llm, config, config.pretrain_steps,
      [&](int64_t step) {
        const ag::RandomKey key{config.seed, static_cast<uint32_t>(step), kTextStream};
        std::vector<Tokens> batch;
        for (int64_t i = 0; i < config.pretrain_batch; ++i) {
          const auto of = static_cast<uint32_t>(i % 2 == 0 ? std::ssize(clicks) : items);
          const auto drawn = ag::random_below(key, static_cast<uint64_t>(i), of);
          batch.push_back(i % 2 == 0 ? texts.impression(clicks[drawn])
                                     : texts.item(static_cast<int32_t>(drawn)));
        }
        return next_token_loss(reader, batch);
      },
      task);
}

Tensor contrastive_loss(const Tensor& x, const Tensor& y, double temperature) {
  const Tensor a = ag::scale(unit_rows(x), 1 / temperature), b = unit_rows(y);
  std::vector<int32_t> diagonal(static_cast<size_t>(x.dim(0)));
  for (size_t i = 0; i < diagonal.size(); ++i) diagonal[i] = static_cast<int32_t>(i);
  const Tensor targets = Tensor::from_ints(diagonal);
  return ag::scale(ag::add(ag::cross_entropy(ag::matmul(a, b, false, true), targets),
                           ag::cross_entropy(ag::matmul(b, a, false, true), targets)),
                   0.5);
}

ScenePairs pairs_of(const std::vector<Impression>& train) {
  std::map<int64_t, std::vector<int32_t>> users_of;  // per item, in order of time
  ScenePairs pairs;
  for (const Impression& x : train) {
    if (!x.click) continue;
    users_of[x.item].push_back(static_cast<int32_t>(x.user));
    pairs.user_item.emplace_back(static_cast<int32_t>(x.user), x.item);
  }
  pairs.user_user = neighbours(users_of);
  pairs.item_item = neighbours(clicks_of(train));
  return pairs;
}

Pairs drawn_pairs(const Pairs& pairs, bool alike, int64_t count, const ag::RandomKey& key) {
  std::set<int32_t> left, other;
  std::set<int32_t>& right = alike ? left : other;
  Pairs chosen;
  const int64_t tries = 4 * count;  // in small data there may be too few different pairs
  for (int64_t i = 0; i < tries && std::ssize(chosen) < count; ++i) {
    const auto& pair =
        pairs[ag::random_below(key, static_cast<uint64_t>(i), static_cast<uint32_t>(pairs.size()))];
    if (left.contains(pair.first) || right.contains(pair.second)) continue;
    left.insert(pair.first);
    right.insert(pair.second);
    chosen.push_back(pair);
  }
  return chosen;
}

std::vector<double> train_contrast(const ItemReader& reader, models::Llama& llm, const SceneTexts& texts,
                                   const std::vector<Impression>& train, const SceneConfig& scenes,
                                   const AdaptationConfig& config, const Task& task) {
  const ScenePairs pairs = pairs_of(train);
  INPUT_CHECK(!pairs.user_user.empty() && !pairs.item_item.empty(), "larr: found ", pairs.user_user.size(),
              " pairs of users and ", pairs.item_item.size(),
              " of items with a click in common; expected at least one of each");
  const Clicks clicks = clicks_of(train);
  constexpr int32_t kNone = -1;
  const auto user = [&](int32_t u, int32_t without) {
    return texts.user(u, last_clicks(clicks, u, scenes.history, without));
  };
  const auto item = [&](int32_t i) { return texts.item(i); };
  const auto loss_of = [&](const Pairs& of, uint32_t stream, int64_t step, const auto& left,
                           const auto& right) {
    std::vector<Tokens> x, y;
    const ag::RandomKey key{config.seed, static_cast<uint32_t>(step), stream};
    for (const auto& pair : drawn_pairs(of, &of != &pairs.user_item, config.contrast_batch, key)) {
      x.push_back(left(pair));
      y.push_back(right(pair));
    }
    return contrastive_loss(embedded(reader, x), embedded(reader, y), config.temperature);
  };
  using Pair = std::pair<int32_t, int32_t>;
  return tune(
      reader, llm, config, config.contrast_steps,
      [&](int64_t step) {
        const Tensor users = loss_of(
                         pairs.user_user, kUserUserStream, step,
                         [&](const Pair&p) { return user(p.first, kNone); },
                         [&](const Pair&p) { return user(p.second, kNone); }),
                     items = loss_of(
                         pairs.item_item, kItemItemStream, step, [&](const Pair&p) { return item(p.first); },
                         [&](const Pair&p) { return item(p.second); }),
                     both = loss_of(
                         pairs.user_item, kUserItemStream, step,
                         [&](const Pair&p) { return user(p.first, p.second); },
                         [&](const Pair&p) { return item(p.second); });
        return ag::scale(ag::add(ag::add(users, items), both), 1.0 / 3);
      },
      task);
}

}  // namespace p2rec
