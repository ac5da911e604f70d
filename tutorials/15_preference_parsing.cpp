// 15 Preference parsing: how does a language model learn what a user likes, and at what cost?
//
//   g_uk = share of group k in the training items of user u                          sum_k g_uk = 1
//   p_u = W h_u + b                     h_u = the state of the last token of the user's prompt
//   loss = 1/(B K) sum_u sum_k (p_uk - g_uk)^2
//
// This is the user-level way: one prompt for each user, and K numbers to predict. The usual way is
// instance-level: one prompt for each training interaction, and the item that came next to predict,
//
//   loss = -1/B sum_i log softmax(E h_i)[item_i]      E = the rows of the item tokens
//
// which reads a history as often as it is long. The training loop and the prompts are the same for both; the
// loss is an argument.
//
// New: the preference, a head on a language model, instances. Needs: 13, 14. Takes 20 s.
// --data FILE or FOLDER and --llm FILE or FOLDER use your own data and language model.
// Read beside it: p2rec/methods/p2rec/reconstruction.h, p2rec/llm/instances.h.
#include <cmath>

#include "autograd/ops.h"
#include "p2rec/llm/instances.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "tutorials/figures.h"
#include "tutorials/steps.h"

namespace {

using ag::Tensor;
using lesson::check, lesson::largest_difference, lesson::normal;
using p2rec::Interactions, p2rec::ItemGroups, p2rec::Target;

// --- 1. From items to preferences

// (V,K): row i is 1 in the column of item i's group. With it, all that follows is matrix products.
Tensor membership(const ItemGroups& groups) {
  const auto V = static_cast<int64_t>(groups.group_of.size());
  Tensor m = Tensor::zeros({V, groups.groups});
  for (int64_t i = 0; i < V; ++i) m.data()[i * groups.groups + groups.group_of[static_cast<size_t>(i)]] = 1;
  return m;
}

// A user's preference is the mean of the rows of the user's training items.
Tensor preference(p2rec::Sequence items, const Tensor& member) {
  const Tensor rows = ag::embedding(member, Tensor::from_ints({items.begin(), items.end()}));
  return ag::scale(ag::sum_rows(rows), 1 / double(items.size()));
}

// --- 2. The loss and its gradient

// One term (p - g)^2 has the derivative 2 (p - g), and there are B K of them; the rest is the chain rule
// through p = W h + b:
//
//   dp_uk = 2 (p_uk - g_uk) / (B K)
//   dW = sum_u dp_u h_u^T,   db = sum_u dp_u,   dh_u = W^T dp_u
void gradient_by_hand(uint64_t seed) {
  const int64_t B = 5, C = 7, K = 4;
  const Tensor h = normal("h", {B, C}, seed).set_requires_grad(),
               W = normal("W", {K, C}, seed).set_requires_grad(),
               b = normal("b", {K}, seed).set_requires_grad();
  const Tensor g = ag::softmax(normal("g", {B, K}, seed));
  const Tensor p = ag::linear(h, W, b);
  ag::backward(ag::mse(p, g));
  const ag::NoGrad no_grad;
  const Tensor dp = ag::scale(ag::sub(p, g), 2.0 / double(B * K));
  check(largest_difference(W.grad(), ag::matmul(dp, h, true)) < 1e-6, "dW by hand equals the tape's");
  check(largest_difference(b.grad(), ag::sum_rows(dp)) < 1e-6, "db too");
  check(largest_difference(h.grad(), ag::matmul(dp, W)) < 1e-6,
        "and dh, with which the language model learns");
}

// --- 4. What was learned, measured on users that were not trained on

Tensor rows_of(const Tensor& preferences, const std::vector<int64_t>& users) {
  return ag::embedding(preferences, Tensor::from_ints({users.begin(), users.end()}));
}

// The prediction (n,K) that looks at no prompt: the mean of `rows` for each of n users.
Tensor mean_for(size_t n, const Tensor& rows) {
  const Tensor mean = ag::scale(ag::sum_rows(rows), 1 / double(rows.dim(0)));
  return ag::add_row(Tensor::zeros({int64_t(n), rows.dim(1)}), mean);
}

// (V,K): how a group's share is divided among its items to rank them, by their popularity.
Tensor items_of_groups(const Interactions& data, const Tensor& member) {
  const std::vector<int64_t> counts = p2rec::item_counts(data, p2rec::CountedPart::Training);
  const int64_t K = member.dim(1);
  Tensor among = member.clone();
  for (int64_t i = 0; i < among.numel(); ++i) among.data()[i] *= ag::real(counts[size_t(i / K)]);
  const Tensor total = ag::sum_rows(among);
  for (int64_t i = 0; i < among.numel(); ++i) among.data()[i] /= std::max(total.data()[i % K], ag::real(1));
  return among;
}

// The states (n,C) at the end of the users' prompts.
Tensor states(const p2rec::ItemReader& reader, const p2rec::Prompts& prompts, const Interactions& data,
              const std::vector<int64_t>& users) {
  const ag::NoGrad no_grad;
  std::vector<std::vector<int32_t>> texts;
  for (const int64_t u : users) texts.push_back(prompts.of(p2rec::training_part(data, u)));
  return p2rec::prompt_states(reader, nn::pack(texts));
}

// Prints how the loss falls while tokens are read, and returns it as a curve, both as a share of `blind`: the
// loss of a prediction that looks at no prompt.
lesson::Series show_curve(const char* name, const std::vector<double>& losses, double blind, int64_t tokens) {
  p2rec::Points points;
  for (size_t i = 0; i < losses.size(); ++i)
    points.emplace_back(double(tokens) * double(i + 1) / double(losses.size()), losses[i] / blind);
  fmt::print("  {} loss\n", name);
  for (const auto& [read, loss] : p2rec::thinned(points, 6))
    fmt::print("    {:7.0f} tokens  {:.3f}  {}\n", read, loss, lesson::bar(loss, 30));
  return {name, p2rec::thinned(points, 30)};
}

// The loss on the first 100 prompts. Every step of training has other prompts, which differ by more than one
// epoch changes, so learning shows only on the same ones before and after.
double loss_on_the_same(const p2rec::Finetuning& finetuning) {
  const ag::NoGrad no_grad;
  const std::span examples(finetuning.examples);
  return finetuning.loss(examples.first(std::min<size_t>(100, examples.size())), {}, {}).mean.item();
}

void chapter(const lesson::Options& options) {
  lesson::heading("1. The preference of a user: the share of each group of items");
  const Interactions data = lesson::interactions(options);
  const ItemGroups groups = lesson::groups(options, data);
  const Tensor preferences = p2rec::user_preferences(data, groups), member = membership(groups);
  const p2rec::UserSplit split = p2rec::split_users(data);
  const auto up_to_six = [&](int64_t u) { return std::min<size_t>(6, p2rec::training_part(data, u).size()); };
  const int64_t K = groups.groups, someone = *std::ranges::max_element(split.users, {}, up_to_six);
  const p2rec::Sequence items = p2rec::training_part(data, someone);
  for (int64_t k = 0; k < K; ++k) {
    const double share = preferences.data()[someone * K + k];
    fmt::print("  group {:2}  {:.2f}  {}\n", k, share, lesson::bar(share, 30));
  }
  const Tensor row = preferences.rows(someone, someone + 1);
  check(largest_difference(preference(items, member), row) < 1e-6,
        "it is the mean of the rows of the user's items");
  check(std::abs(ag::sum(row).item() - 1) < 1e-5, "its shares sum to 1");

  lesson::heading("2. The gradient of the loss, by hand");
  gradient_by_hand(options.seed);

  lesson::heading("3. One prompt for a user, or one for each interaction");
  const models::LanguageModel llm = lesson::language_model(options, data);
  const int64_t rows = llm.model->config().vocabulary;
  const p2rec::Prompts prompts(data, *llm.tokenizer, {}, rows);
  const auto show_prompt = [&](p2rec::Sequence history, const std::string& wanted) {
    std::string text = p2rec::prompt_text(prompts.of(history), *llm.tokenizer, data, rows);
    std::ranges::replace(text, '\n', ' ');
    fmt::print("  {}  {}\n", text, wanted);
  };
  show_prompt(items, fmt::format("the {} shares", K));
  for (size_t place = 1; place < std::min<size_t>(4, items.size()); ++place)
    show_prompt(items.first(place), fmt::format("<i{}>", data.item_ids[size_t(items[place])]));

  lesson::heading("4. Both, for about as many tokens");
  p2rec::ReconstructionConfig config;
  config.finetune.seed = options.seed;
  const p2rec::ItemReader chooser{
      *llm.model, p2rec::initial_item_tokens(*llm.model, data.items(), options.seed).set_requires_grad()};
  const p2rec::Finetuning instances = p2rec::instance_level(chooser, prompts, data, config.item_lr);
  int64_t user_tokens = 0, instance_tokens = 0;
  for (const int64_t u : split.users) user_tokens += std::ssize(prompts.of(p2rec::training_part(data, u)));
  for (const int64_t length : instances.lengths) instance_tokens += length;

  // The users to be measured on. The mean of the others is what is known of them without a language model.
  std::vector<int64_t> users;
  std::ranges::copy_if(split.heldout, std::back_inserter(users),
                       [&](int64_t u) { return p2rec::has_target(data, u, Target::Validation); });
  const Tensor trained_on = rows_of(preferences, split.users), wanted = rows_of(preferences, users),
               mean = mean_for(users.size(), trained_on), among = items_of_groups(data, member);
  fmt::print("  {:<15} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "", "epochs", "prompts", "tokens", "seconds",
             "error", "HR@10");
  const auto show = [&](const char* name, int64_t epochs, size_t read, int64_t tokens, double seconds,
                        const Tensor& shares, const Tensor& scores) {
    const double error = ag::mse(shares, wanted).item() / ag::mse(mean, wanted).item(),
                 hits = lesson::hit_rate(scores, data, users, Target::Validation);
    fmt::print("  {:<15} {:>6} {:>8} {:>8} {:>8.2f} {:>8.3f} {:>8.3f}\n", name, epochs, read, tokens, seconds,
               error, hits);
    return std::pair(error, hits);
  };
  show("the mean", 0, 0, 0, 0, mean, ag::matmul(mean, among, false, true));

  // The head begins with W = 0 and b = the mean preference, so the first prediction is the mean for
  // everybody. dh = W^T dp is zero too: in the first step only the head learns.
  config.finetune.epochs = std::max<int64_t>(1, std::llround(double(instance_tokens) / double(user_tokens)));
  const lesson::Stopwatch user_time;
  const p2rec::Reconstruction parsed = p2rec::reconstruct(*llm.model, prompts, data, preferences, config);
  const double user_seconds = user_time.seconds() / double(config.finetune.epochs);
  const Tensor shares = ag::linear(states(parsed.model.reader, prompts, data, users),
                                   parsed.model.head_weight, parsed.model.head_bias);
  const auto [error, hits] = show("user-level", config.finetune.epochs, split.users.size(), user_tokens,
                                  user_seconds, shares, ag::matmul(shares, among, false, true));
  nn::detach_lora(*llm.model);

  const double before = loss_on_the_same(instances);
  config.finetune.epochs = 1;
  const lesson::Stopwatch instance_time;
  const p2rec::FinetuneLosses chosen = p2rec::finetune(*llm.model, config.finetune, instances);
  const double instance_seconds = instance_time.seconds();
  const Tensor h = states(chooser, prompts, data, users),
               probabilities = ag::softmax(ag::matmul(h, chooser.item_tokens, false, true));
  // A group's share is the sum of its items' probabilities.
  show("instance-level", 1, instances.examples.size(), instance_tokens, instance_seconds,
       ag::matmul(probabilities, member), probabilities);
  fmt::print(
      "  prompts, tokens and seconds of one epoch; error and HR@10 after all of them\n"
      "  error of the preferences of {} held-out users, as a share of the mean's\n"
      "  HR@10 of the item after their prompt, known to about +-{:.3f}; {:.3f} by chance\n",
      users.size(), std::sqrt(hits * (1 - hits) / double(users.size())), 10 / double(data.items()));
  const double of_mean = ag::mse(mean_for(split.users.size(), trained_on), trained_on).item();
  const lesson::Series curves[] = {
      show_curve("user-level", parsed.losses.steps, of_mean, parsed.tokens),
      show_curve("instance-level", chosen.steps, std::log(double(data.items())), instance_tokens)};
  lesson::lines(options, "losses", "The two losses, as shares of what is known without the prompt",
                "tokens read", "loss, 1: nothing learned", {curves[0], curves[1]});
  if (users.size() >= 20)  // the error of fewer is chance
    check(error < 1, "user-level: better than the mean on users that were not trained on");
  const double after = loss_on_the_same(instances);
  check(after < before,
        fmt::format("instance-level: the loss on the same prompts falls, {:.3f} to {:.3f}", before, after));
  fmt::print("\nNext: a model that reads users can read an item as if it were a user: 16.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--data", "--llm"}, chapter); }
