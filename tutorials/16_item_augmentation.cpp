// 16 Item augmentation: what does a language model that reads users know of one item?
//
//   e_i = the state of the last token of the prompt of a virtual user, whose whole history is item i
//
// The prompts of all virtual users begin with the same words. The mask is causal, so the keys and values of
// these words do not depend on what comes after them: they are computed once. What comes after them counts
// its positions from the end of the words.
//
// That vectors look good says little. A control is the same thing without the one property that is thought to
// matter: without the fine-tuning, with the rows shuffled over all items, with the rows shuffled only within
// the groups.
//
// New: virtual users, the shared prefix, controls. Needs: 12, 15. Takes 15 s.
// --data FILE or FOLDER and --llm FILE or FOLDER use your own data and language model.
// Read beside it: p2rec/methods/p2rec/item_augmentation.h, p2rec/methods/common/item_init.h.
#include <cmath>

#include "autograd/ops.h"
#include "p2rec/evaluation/known_truth.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/common/report_items.h"
#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "tutorials/figures.h"
#include "tutorials/steps.h"

namespace {

using ag::Tensor;
using lesson::check, lesson::largest_difference;
using p2rec::Interactions, p2rec::ItemGroups, p2rec::ItemReader, p2rec::Prompts, p2rec::Target;

// --- 1. A prefix for all

// Every prompt from its first token.
Tensor without_prefix(const ItemReader& reader, const Prompts& prompts) {
  const auto whole = [&](int64_t item) { return prompts.of(std::vector{static_cast<int32_t>(item)}); };
  return p2rec::embed_items(reader, prompts.items(), whole, nullptr, {});
}

// Item 0 after the prefix, with its first token at `position`. The prefix is at 0 .. P-1, so P is right.
Tensor after_prefix(const ItemReader& reader, const Prompts& prompts, int64_t position) {
  const ag::NoGrad no_grad;
  const models::SharedPrefix prefix =
      reader.llm.shared_prefix(p2rec::embed_prompt(reader, Tensor::from_ints(prompts.beginning())));
  nn::Packed rest = nn::pack({prompts.virtual_user(0)});
  for (int64_t i = 0; i < rest.positions.numel(); ++i)
    rest.positions.ints()[i] += static_cast<int32_t>(position);
  const Tensor states = reader.llm.hidden_states(p2rec::embed_prompt(reader, rest.ids), rest, &prefix);
  return states.rows(states.dim(0) - 1, states.dim(0));
}

Tensor timed(const char* name, int64_t tokens, const auto& embed) {
  const lesson::Stopwatch time;
  Tensor embeddings = embed();
  fmt::print("  {:<26} {:>9} tokens  {:6.2f} s\n", name, tokens, time.seconds());
  return embeddings;
}

// --- 2. Neighbours

void show_neighbours(const Interactions& data, int32_t item, const Tensor& before, const Tensor& after) {
  const auto name = [&](int32_t i) {
    const std::string title = data.title(static_cast<size_t>(i));
    return title.empty() ? "item " + data.item_ids[static_cast<size_t>(i)] : title.substr(0, 22);
  };
  fmt::print("  {}\n", name(item));
  for (const auto& [when, table] : {std::pair("before", &before), std::pair("after", &after)}) {
    fmt::print("    {:<7}", when);
    for (const int32_t near : p2rec::nearest_items(*table, item, 3)) fmt::print("  {:<22}", name(near));
    fmt::print("\n");
  }
}

// The items' first two principal components, for a figure.
void save_map(const lesson::Options& options, const std::string& name, const std::string& title,
              const Tensor& embeddings, const std::vector<int32_t>& items,
              const std::vector<int32_t>& group_of) {
  std::vector<int32_t> groups;
  for (const int32_t item : items) groups.push_back(group_of[static_cast<size_t>(item)]);
  lesson::points(options, name, title, "first principal component", "second",
                 p2rec::principal_components(p2rec::take_rows(embeddings, items), 2), groups);
}

// --- 3. Controls

// Each row moves to another item of its group: what the group means is kept, what the item means is lost.
Tensor shuffled_within(const Tensor& x, const ItemGroups& groups, uint64_t seed) {
  std::vector<std::vector<int32_t>> members(static_cast<size_t>(groups.groups));
  for (size_t i = 0; i < groups.group_of.size(); ++i)
    members[static_cast<size_t>(groups.group_of[i])].push_back(static_cast<int32_t>(i));
  std::vector<int32_t> source(groups.group_of.size());
  for (const std::vector<int32_t>& items : members) {
    if (items.empty()) continue;
    const auto order = ag::random_permutation(
        {seed, static_cast<uint32_t>(items[0]), ag::stream("lesson 16")}, static_cast<int32_t>(items.size()));
    for (size_t i = 0; i < items.size(); ++i)
      source[static_cast<size_t>(items[i])] = items[static_cast<size_t>(order[i])];
  }
  return p2rec::take_rows(x, source);
}

// (K,C): the sum of the rows of each group.
Tensor sums_of_groups(const Tensor& x, const ItemGroups& groups) {
  Tensor sums = Tensor::zeros({groups.groups, x.dim(1)});
  for (int64_t i = 0; i < x.numel(); ++i)
    sums.data()[groups.group_of[size_t(i / x.dim(1))] * x.dim(1) + i % x.dim(1)] += x.data()[i];
  return sums;
}

// HR@10 of a recommender without any training: the items whose vectors have the largest cosine with the last
// item of the history.
double similar_items(const Tensor& table, const Interactions& data) {
  const int64_t V = table.dim(0), d = table.dim(1);
  Tensor unit = table.clone();
  for (int64_t i = 0; i < V; ++i) {
    ag::real* row = unit.data() + i * d;
    double squares = 1e-30;
    for (int64_t k = 0; k < d; ++k) squares += double(row[k]) * row[k];
    for (int64_t k = 0; k < d; ++k) row[k] /= static_cast<ag::real>(std::sqrt(squares));
  }
  const std::vector<int64_t> users = p2rec::ranked_users(data, Target::Test);
  std::vector<int32_t> last;
  for (const int64_t u : users) last.push_back(p2rec::target_history(data, u, Target::Test).back());
  return lesson::hit_rate(ag::matmul(p2rec::take_rows(unit, last), unit, false, true), data, users,
                          Target::Test);
}

struct Control {
  const char* name;
  Tensor table;  // (V,d)
  const char* lacks;
};

void chapter(const lesson::Options& options) {
  const Interactions data = lesson::interactions(options);
  const ItemGroups groups = lesson::groups(options, data);
  const models::LanguageModel llm = lesson::language_model(options, data);
  const Prompts prompts(data, *llm.tokenizer, {}, llm.model->config().vocabulary);

  lesson::heading("1. Every item as the whole history of a virtual user");
  const ItemReader unread{*llm.model, p2rec::initial_item_tokens(*llm.model, data.items(), options.seed)};
  const int64_t V = data.items(), P = std::ssize(prompts.beginning()),
                rest = std::ssize(prompts.virtual_user(0));
  const Tensor whole =
      timed("each prompt as a whole", V * (P + rest), [&] { return without_prefix(unread, prompts); });
  const Tensor untuned =
      timed("the beginning only once", P + V * rest, [&] { return p2rec::augment_items(unread, prompts); });
  const double size = std::sqrt(ag::mean(ag::mul(whole, whole)).item());
  check(largest_difference(whole, untuned) < 1e-3 * size, "both give the same embeddings");
  const Tensor first = whole.rows(0, 1);
  check(largest_difference(after_prefix(unread, prompts, P), first) < 1e-3 * size,
        fmt::format("the positions after the beginning count from {}", P));
  check(largest_difference(after_prefix(unread, prompts, 0), first) > 1e-3 * size,
        "counted from 0 again, they give something else");

  lesson::heading("2. Nearest items before and after the fine-tuning of 15");
  p2rec::ReconstructionConfig config;
  config.finetune.seed = options.seed;
  config.finetune.epochs = options.quick ? 4 : 6;
  const p2rec::Reconstruction tuned =
      p2rec::reconstruct(*llm.model, prompts, data, p2rec::user_preferences(data, groups), config);
  const Tensor enhanced = p2rec::augment_items(tuned.model.reader, prompts);
  const std::vector<int32_t>& truth = data.truth ? data.truth->item_group : groups.group_of;
  std::vector<int32_t> frequent = p2rec::items_by_frequency(data);
  for (size_t i = 0; i < 3; ++i) show_neighbours(data, frequent[i], untuned, enhanced);
  frequent.resize(std::min<size_t>(300, frequent.size()));
  save_map(options, "before", "Before the fine-tuning", untuned, frequent, truth);
  save_map(options, "after", "After it", enhanced, frequent, truth);

  lesson::heading("3. Controls");
  const int64_t d = std::min<int64_t>({32, V, enhanced.dim(1)});
  const Tensor table = p2rec::scaled_to(p2rec::principal_components(enhanced, d), 1);
  const std::vector<Control> controls{
      {"p2rec", table, "nothing"},
      {"shuffled in groups", shuffled_within(table, groups, options.seed), "what is the item's own"},
      {"shuffled", p2rec::shuffled(table, options.seed), "all meaning"},
      {"untuned", p2rec::scaled_to(p2rec::principal_components(untuned, d), 1), "the fine-tuning"},
      {"random", p2rec::drawn({V, d}, "lesson 16", options.seed), "everything"}};
  std::vector<double> in_group;
  fmt::print("  {:<19} {:>8} {:>8} {:>8}  {}\n", "", "in group", "similar", "start", "lacks");
  for (const Control& control : controls) {
    in_group.push_back(p2rec::neighbours_of_group(control.table, truth));
    const p2rec::Recommender started =
        p2rec::train_from(p2rec::scaled_to(control.table, 0.02), data, lesson::recommender(options, 3, d));
    fmt::print("  {:<19} {:8.3f} {:8.3f} {:8.4f}  {}\n", control.name, in_group.back(),
               similar_items(control.table, data), started.validation.back(), control.lacks);
  }
  double chance = 0;
  std::vector<double> sizes(groups.group_of.size());
  for (const int32_t g : truth) ++sizes[static_cast<size_t>(g)];
  for (const double n : sizes) chance += n / double(V) * (n - 1) / double(V - 1);
  fmt::print(
      "  in group: share of the five nearest items that are in the item's {} group, {:.3f} by chance\n"
      "  similar: HR@10 of the items nearest to the last one; start: NDCG@10 three epochs after this start\n",
      data.truth ? "hidden" : "found", chance);
  const Tensor &within = controls[1].table, &all = controls[2].table;
  check(largest_difference(ag::sum_rows(all), ag::sum_rows(table)) < 1e-5 * double(V),
        "shuffled: every column keeps its numbers");
  check(largest_difference(sums_of_groups(within, groups), sums_of_groups(table, groups)) < 1e-5 * double(V),
        "shuffled in groups: every group keeps its mean");
  check(std::abs(in_group[2] - chance) < 4 * std::sqrt(chance * (1 - chance) / double(V)),
        "shuffled: neighbours are in the same group only by chance");
  fmt::print("\nNext: a number that is larger with one seed is not yet better: 17.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data", "--llm"}, chapter); }
