#include "p2rec/methods/tempura/prompts.h"

#include <fmt/format.h>

#include <algorithm>

#include "p2rec/methods/tempura/temporal_clusters.h"

namespace p2rec {
namespace {

UserStory story_of(const Interactions& data, int64_t user, std::vector<int32_t> items, Sequence history,
                   const ag::Tensor& item_vectors, const TempuraPromptConfig& config) {
  UserStory story{std::move(items), {}, {}, {}};
  const auto n = std::ssize(story.items);
  for (int64_t back = std::min(config.demonstrations, n - 1); back > 0; --back)
    story.proximal.push_back({{story.items.begin(), story.items.end() - back}, *(story.items.end() - back)});
  if (const int64_t other = most_similar_user(data, user, history); other >= 0) {
    const Sequence steps = training_part(data, other), before = steps.first(steps.size() - 1);
    const Sequence shown = before.last(std::min(before.size(), static_cast<size_t>(config.history)));
    story.global.push_back({{shown.begin(), shown.end()}, steps.back()});
  }
  story.clusters = temporal_clusters(story.items, item_vectors, config.clusters);
  return story;
}

std::vector<int32_t> latest_items(Sequence history, const TempuraPromptConfig& config) {
  const Sequence latest = history.last(std::min(history.size(), static_cast<size_t>(config.history)));
  return {latest.begin(), latest.end()};
}

}  // namespace

void describe(TempuraPromptConfig& config, const nn::Visit& visit) {
  visit({"history", "maximum number of items in a prompt, the latest ones", nn::at_least(2)},
        &config.history);
  visit(
      {"demonstrations", "proximal demonstrations: steps of the user's own recent history", nn::at_least(1)},
      &config.demonstrations);
  visit({"clusters", "periods into which a history is cut", nn::at_least(1)}, &config.clusters);
}

const std::vector<TempuraPrompt>& tempura_prompts() {
  static const std::vector<TempuraPrompt> prompts = {
      {"plain", "a prompt with only the history"},
      {"proximal", "with steps of the user's own recent history as demonstrations", true},
      {"global", "with a step of the most similar user as a demonstration", false, true},
      {"clusters", "with the history in periods of similar items", false, false, true},
      {"combined", "one prompt with all three strategies", true, true, true}};
  return prompts;
}

int64_t most_similar_user(const Interactions& data, int64_t user, Sequence history) {
  const std::vector<int32_t> own = sorted_distinct(history);
  int64_t best = -1;
  double most = 0;
  for (int64_t other = 0; other < data.users(); ++other) {
    const Sequence theirs = training_part(data, other);
    if (other == user || theirs.size() < 2) continue;
    const std::vector<int32_t> items = sorted_distinct(theirs);
    std::vector<int32_t> common;
    std::ranges::set_intersection(own, items, std::back_inserter(common));
    const auto shared = static_cast<double>(common.size());
    const double overlap = shared / (static_cast<double>(own.size() + items.size()) - shared);
    if (overlap > most) {
      most = overlap;
      best = other;
    }
  }
  return best;
}

UserStory user_story(const Interactions& data, int64_t user, Sequence history, const ag::Tensor& item_vectors,
                     const TempuraPromptConfig& config) {
  return story_of(data, user, latest_items(history, config), history, item_vectors, config);
}

UserStory shuffled_story(const Interactions& data, int64_t user, Sequence history,
                         const ag::Tensor& item_vectors, const TempuraPromptConfig& config, uint64_t seed) {
  const std::vector<int32_t> items = latest_items(history, config);
  const ag::RandomKey key{seed, static_cast<uint32_t>(user), ag::stream("shuffled history")};
  std::vector<int32_t> shuffled;
  for (const int32_t i : ag::random_permutation(key, static_cast<int32_t>(items.size())))
    shuffled.push_back(items[static_cast<size_t>(i)]);
  return story_of(data, user, shuffled, history, item_vectors, config);
}

std::string tempura_text(const TempuraPrompt& prompt, const UserStory& story, Sequence candidates,
                         const Interactions& data) {
  std::string text;
  const auto demonstrate = [&](const char* who, const Demonstration& d) {
    text += fmt::format("{} chose {}. The next item was {}.\n", who, item_texts(data, d.history),
                        item_text(data, d.next));
  };
  if (prompt.global) {
    for (const Demonstration& d : story.global) demonstrate("Another user with a similar taste", d);
  }
  if (prompt.proximal) {
    for (const Demonstration& d : story.proximal) demonstrate("First the user", d);
  }
  text += "The user's items in the order of time, the latest one last:";
  if (prompt.clusters) {
    for (size_t c = 0; c < story.clusters.size(); ++c)
      text += fmt::format("\nPeriod {}: {}.", c + 1, item_texts(data, story.clusters[c]));
  } else {
    text += " " + item_texts(data, story.items) + ".";
  }
  return text +
         fmt::format("\nThe next item is one of: {}.\nThe next item is:", item_texts(data, candidates));
}

}  // namespace p2rec
