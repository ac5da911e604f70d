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

// One prompt for each instance. `shift` 1 asks for the next item.
Tensor one_by_one(const models::Llama& llm, size_t shift) {
  std::vector<std::vector<int32_t>> prompts;
  std::vector<int32_t> targets;
  for (const std::vector<int32_t>& items : kSequences) {
    for (size_t t = 1; t < items.size(); ++t) {
      prompts.emplace_back(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(t));
      targets.push_back(items[t - 1 + shift]);
    }
  }
  const nn::Packed x = nn::pack(prompts);
  const Tensor last = ag::embedding(llm.hidden_states(x), x.offsets.last_rows());
  return ag::linear_cross_entropy(last, llm.token_table(), Tensor::from_ints(targets));
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
                 right = one_by_one(llm, 1).item();
    if (!grade.close("the loss", got, right)) {
      grade.check(!exercise::is_close(got, one_by_one(llm, 0).item()),
                  "off by one: the target is the item itself, which the state has seen");
      const std::vector<std::vector<int32_t>> joined{{4, 1, 8, 2, 6, 3, 9, 0, 5, 7}};
      grade.check(!exercise::is_close(got, exercise::n15c::all_places_loss(llm, joined).item()),
                  "the sequences see each other: nn::pack keeps them apart");
    }
  });
  grade.part("its gradient", [&] {
    const std::vector<double> got = gradient_of(llm, exercise::n15c::all_places_loss(llm, kSequences));
    grade.close("the gradients of all parameters", got, gradient_of(llm, one_by_one(llm, 1)));
  });
  grade.part("the tokens", [&] {
    const auto [once, each] = exercise::n15c::tokens(kSequences);
    grade.equal("tokens of one pass", {once}, {7});
    grade.equal("tokens of one prompt for each instance", {each}, {14});
  });
}
