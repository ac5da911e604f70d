#include "15_preference_parsing/c_all_places.h"

#include <cmath>

#include "autograd/ops.h"

using ag::Tensor;

namespace {

const std::vector<std::vector<int32_t>> kSequences{{4, 1, 8, 2, 6}, {3, 9}, {0, 5, 7}};

models::LlamaConfig small_llama() {
  models::LlamaConfig config;
  config.vocabulary = 10;
  config.hidden = 8;
  config.intermediate = 12;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = 1;
  return config;
}

using Sequences = std::vector<std::vector<int32_t>>;

// One prompt for each instance, or only for each sequence's last one. `shift` 1 asks for the next item.
Tensor one_by_one(const models::Llama& llm, const Sequences& sequences, size_t shift = 1,
                  bool only_last = false) {
  Sequences prompts;
  std::vector<int32_t> targets;
  for (const std::vector<int32_t>& items : sequences) {
    for (size_t t = only_last ? items.size() - 1 : 1; t < items.size(); ++t) {
      prompts.emplace_back(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(t));
      targets.push_back(items[t - 1 + shift]);
    }
  }
  const nn::Packed x = nn::pack(prompts);
  const Tensor last = ag::embedding(llm.hidden_states(x), x.offsets.last_rows());
  return ag::linear_cross_entropy(last, llm.token_table(), Tensor::from_ints(targets));
}

// One pass in which the sequences see each other.
double joined(const models::Llama& llm) {
  std::vector<int32_t> inputs, targets;
  for (const std::vector<int32_t>& items : kSequences) {
    inputs.insert(inputs.end(), items.begin(), items.end() - 1);
    targets.insert(targets.end(), items.begin() + 1, items.end());
  }
  return ag::linear_cross_entropy(llm.hidden_states(nn::pack({inputs})), llm.token_table(),
                                  Tensor::from_ints(targets))
      .item();
}

// Gradients of all parameters, end to end.
std::vector<double> gradient_of(models::Llama& llm, const Tensor& loss) {
  ag::backward(loss);
  std::vector<double> all;
  for (auto& [name, w] : llm.named_parameters()) {
    const std::vector<double> of_w = w.grad().values();
    all.insert(all.end(), of_w.begin(), of_w.end());
    w.zero_grad();
  }
  return all;
}

}  // namespace

EXERCISE("15c", 3, "All instances of a user in one pass") {
  models::Llama llm(small_llama());
  models::initialise(llm, 0.5, 1);
  llm.requires_grad(true);
  grade.part("the loss", [&] {
    const double got = exercise::n15c::all_places_loss(llm, kSequences).item(),
                 right = one_by_one(llm, kSequences).item();
    if (!grade.close("the loss", got, right)) {
      grade.check(!exercise::is_close(got, one_by_one(llm, kSequences, 0).item()),
                  "off by one: the target is the item itself, which the state has seen");
      grade.check(!exercise::is_close(got, joined(llm)),
                  "the sequences see each other: nn::pack keeps them apart");
      grade.check(!exercise::is_close(got, one_by_one(llm, kSequences, 1, true).item()),
                  "only the last place of each sequence has a target; every place is an instance");
      double of_users = 0;
      for (const std::vector<int32_t>& items : kSequences) of_users += one_by_one(llm, {items}).item() / 3;
      grade.check(!exercise::is_close(got, of_users),
                  "the mean is over all places, not over the users' means");
    }
  });
  grade.part("its gradient", [&] {
    const std::vector<double> got = gradient_of(llm, exercise::n15c::all_places_loss(llm, kSequences));
    grade.close("the list of all parameters' gradients", got, gradient_of(llm, one_by_one(llm, kSequences)));
  });
  grade.part("the tokens", [&] {
    const auto [once, each] = exercise::n15c::tokens(kSequences);
    if (!grade.equal("the number of tokens of one pass", {once}, {7}))
      grade.check(once != 10, "a sequence's last item is a target; it is not read");
    if (!grade.equal("the number of tokens of one prompt for each instance", {each}, {14}))
      grade.check(each != 24, "the whole sequence is no prompt, since no item comes after it");
  });
}
