#include "p2rec/llm/candidates.h"

#include <algorithm>

#include "models/formats/language_model.h"

namespace p2rec {

using ag::Tensor;

void describe(CandidateConfig& config, const nn::Visit& visit) {
  visit(
      {"candidates", "items of the list that is ranked for a user, with the target; the papers have 15 to 25",
       nn::between(6, 1000)},
      &config.count);
  visit({"evaluate-users", "rank a fixed sample of N users; 0: all users", nn::at_least(0)}, &config.users);
  visit({"candidate-seed", "seed of the candidate lists; every arm gets the same lists",
         nn::between(0, 0x1p53)},
        &config.seed);
}

CandidateSampler::CandidateSampler(int64_t items, int64_t count, uint64_t seed)
    : items_(items),
      count_(count),
      seed_(seed),
      negatives_(std::vector<int64_t>(static_cast<size_t>(items), 1), seed) {
  INPUT_CHECK(count <= items, "candidates: found ", count, ", but there are only ", items, " items");
}

std::vector<int32_t> CandidateSampler::draw(int64_t number, int32_t target, Sequence history) const {
  std::vector<int32_t> removed = sorted_distinct(history);
  std::erase(removed, target);
  INPUT_CHECK(count_ <= items_ - std::ssize(removed), "candidates: found ", count_, ", but a history of ",
              removed.size(), " items leaves only ", items_ - std::ssize(removed),
              " of all items; hint: use fewer candidates");
  std::vector<int32_t> drawn = negatives_.draw(number, count_ - 1, target, removed);
  drawn.push_back(target);
  const ag::RandomKey key{seed_, static_cast<uint32_t>(number), ag::stream("order of candidates")};
  std::vector<int32_t> list;
  for (const int32_t i : ag::random_permutation(key, static_cast<int32_t>(count_)))
    list.push_back(drawn[static_cast<size_t>(i)]);
  return list;
}

std::vector<CandidateList> candidate_lists(const Interactions& data, Target target,
                                           const CandidateConfig& config) {
  const CandidateSampler sampler(data.items(), config.count, config.seed);
  std::vector<CandidateList> lists;
  for (const int64_t user : ranked_users(data, target, config.users)) {
    const int32_t item = target_item(data, user, target);
    std::vector<int32_t> items = sampler.draw(user, item, target_history(data, user, target));
    const auto place = static_cast<int32_t>(std::ranges::find(items, item) - items.begin());
    lists.push_back({user, std::move(items), place});
  }
  return lists;
}

std::vector<int64_t> ranks_in_lists(const std::vector<CandidateList>& lists, const Tensor& scores) {
  AG_CHECK(scores.rank() == 2 && scores.dim(0) == std::ssize(lists), "ranks_in_lists: scores of shape ",
           scores.shape(), " for ", lists.size(), " lists");
  const auto n = static_cast<size_t>(scores.dim(1));
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < lists.size(); ++i)
    ranks.push_back(rank_of_target({scores.data() + i * n, n}, lists[i].place, {}));
  return ranks;
}

Tensor recommender_scores(const models::SequentialRecommender& model, const Interactions& data,
                          const std::vector<CandidateList>& lists, Target target) {
  Tensor scores = Tensor::empty({std::ssize(lists), std::ssize(lists.at(0).items)});
  for (int64_t i = 0; i < std::ssize(lists); ++i) {
    const CandidateList& list = lists[static_cast<size_t>(i)];
    const Sequence history = target_history(data, list.user, target);
    const Tensor all = model.scores(model.pack({{history.begin(), history.end()}})).to(ag::Device::CPU);
    for (int64_t c = 0; c < scores.dim(1); ++c)
      scores.data()[i * scores.dim(1) + c] = all.data()[list.items[static_cast<size_t>(c)]];
  }
  return scores;
}

std::string item_text(const Interactions& data, int32_t item) {
  const std::string title = data.title(static_cast<size_t>(item));
  return title.empty() ? data.item_ids[static_cast<size_t>(item)] : title;
}

std::string item_texts(const Interactions& data, Sequence items) {
  std::string text;
  for (const int32_t item : items) text += (text.empty() ? "" : "; ") + item_text(data, item);
  return text;
}

TitleTokens title_tokens(const Interactions& data, const models::Tokenizer& tokenizer, int64_t rows) {
  TitleTokens tokens;
  for (int32_t item = 0; item < data.items(); ++item) {
    const std::string text = " " + item_text(data, item);
    tokens.push_back(tokenizer.encode(text));
    models::need_rows(tokens.back(), rows, text);
  }
  return tokens;
}

}  // namespace p2rec
