// The library's part of parity_live.py: computes the cases that the script draws.
//
//   parity_live FILE.safetensors ...       writes results and gradients of each to FILE.safetensors.out
//
// The metadata of a case are its "kind" and its sizes, as strings; the tensors are its inputs.
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include "autograd/ops.h"
#include "models/llama/llama.h"
#include "models/recommenders/sasrec.h"
#include "nn/lora.h"

namespace {

using ag::Tensor;
using nn::NamedTensors;

class Case {
 public:
  explicit Case(const std::string& path) : file_(nn::read_safetensors(path)) {}
  const std::string& text(const std::string& key) const { return file_.metadata.at(key); }
  int64_t integer(const std::string& key) const { return std::stoll(text(key)); }
  double number(const std::string& key) const { return std::stod(text(key)); }
  std::string path() const { return file_.path; }

  const Tensor& input(const std::string& name) const { return file_.at(name); }
  // An input that requires grad.
  Tensor leaf(const std::string& name) const { return input(name).clone().set_requires_grad(); }
  ag::Offsets offsets(const std::string& name) const {
    const Tensor& lengths = input(name);
    return ag::Offsets(std::vector<int32_t>(lengths.ints(), lengths.ints() + lengths.numel()));
  }
  NamedTensors below(const std::string& prefix) const {
    NamedTensors found;
    for (const auto& [name, tensor] : file_.tensors) {
      if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
    }
    return found;
  }
  nn::Packed packed() const { return {input("ids"), input("positions"), offsets("lengths"), {}}; }

 private:
  nn::TensorFile file_;
};

// The result of an op and the gradients of sum(y dy).
NamedTensors run(const Case& c, const std::vector<std::string>& names,
                 const std::function<Tensor(const std::vector<Tensor>&)>& op) {
  std::vector<Tensor> inputs;
  for (const std::string& name : names) inputs.push_back(c.leaf(name));
  const Tensor y = op(inputs);
  backward(y, y.rank() == 0 ? Tensor() : c.input("dy"));
  NamedTensors results{{"y", y.rank() == 0 ? y.view({1}) : y.detach()}};
  for (size_t i = 0; i < names.size(); ++i) results.emplace_back("grad." + names[i], inputs[i].grad());
  return results;
}

NamedTensors attention(const Case& c) {
  const ag::Mask mask = c.integer("causal") ? ag::Mask::Causal : ag::Mask::None;
  return run(c, {"q", "k", "v"}, [&](const std::vector<Tensor>& in) {
    return ag::attention(in[0], in[1], in[2], c.offsets("q_lengths"), c.offsets("k_lengths"), mask);
  });
}

NamedTensors rms_norm(const Case& c) {
  return run(c, {"x", "weight"},
             [&](const std::vector<Tensor>& in) { return ag::rms_norm(in[0], in[1], c.number("eps")); });
}

NamedTensors layer_norm(const Case& c) {
  return run(c, {"x", "weight", "bias"}, [&](const std::vector<Tensor>& in) {
    return ag::layer_norm(in[0], in[1], in[2], c.number("eps"));
  });
}

NamedTensors linear_cross_entropy(const Case& c) {
  return run(c, {"h", "table"}, [&](const std::vector<Tensor>& in) {
    return ag::linear_cross_entropy(in[0], in[1], c.input("targets"));
  });
}

NamedTensors matmul(const Case& c) {
  return run(c, {"a", "b"}, [&](const std::vector<Tensor>& in) {
    return ag::matmul(in[0], in[1], c.integer("transpose_a"), c.integer("transpose_b"));
  });
}

// States, loss, and the gradients of these parameters.
NamedTensors train_once(const Tensor& hidden, const Tensor& loss, const NamedTensors& parameters) {
  ag::backward(loss);
  NamedTensors results{{"hidden", hidden.detach()}, {"loss", loss.view({1})}};
  for (const auto& [name, w] : parameters) results.emplace_back("grad." + name, w.grad());
  return results;
}

NamedTensors llama(const Case& c) {
  models::LlamaConfig config;
  config.vocabulary = c.integer("vocabulary");
  config.hidden = c.integer("hidden");
  config.intermediate = c.integer("intermediate");
  config.layers = c.integer("layers");
  config.heads = c.integer("heads");
  config.kv_heads = c.integer("kv_heads");
  config.rms_eps = c.number("eps");
  config.rope_theta = c.number("theta");
  models::Llama model(config);
  model.load(c.below("weight."), c.path());
  NamedTensors trained = model.named_parameters();
  if (c.integer("rank") > 0) {
    nn::LoraConfig lora;
    lora.rank = c.integer("rank");
    lora.alpha = c.number("alpha");
    lora.targets.clear();
    std::istringstream targets(c.text("targets"));
    for (std::string target; targets >> target;) lora.targets.push_back(target);
    nn::attach_lora(model, lora);
    trained = nn::lora_parameters(model);
    for (const auto& [name, w] : trained) Tensor(w).copy_from(c.input("adapter." + name));
  }
  const Tensor h = model.hidden_states(c.packed());
  return train_once(h, ag::cross_entropy(model.logits(h), c.input("targets")), trained);
}

NamedTensors gru(const Case& c) {
  return run(c, {"x", "w_ih", "w_hh", "b_ih", "b_hh"}, [&](const std::vector<Tensor>& in) {
    return ag::gru(in[0], in[1], in[2], in[3], in[4], c.offsets("lengths"));
  });
}

NamedTensors candidate_scores(const Case& c) {
  return run(c, {"h", "table"}, [&](const std::vector<Tensor>& in) {
    return ag::candidate_scores(in[0], in[1], c.input("ids"));
  });
}

NamedTensors sasrec(const Case& c) {
  models::SasrecConfig config;
  config.items = c.integer("items");
  config.max_length = c.integer("max_length");
  config.hidden = c.integer("hidden");
  config.inner = c.integer("inner");
  config.blocks = c.integer("layers");
  config.heads = c.integer("heads");
  config.dropout = 0;
  models::Sasrec model(config, 1);
  model.load(c.below("weight."), c.path());
  const models::SequenceBatch batch{c.packed(), c.input("targets"), {}, {}, {}};
  return train_once(model.states(batch.input), model.loss(batch, {}), model.named_parameters());
}

const std::map<std::string, NamedTensors (*)(const Case&)> kKinds = {
    {"attention", attention},
    {"rms_norm", rms_norm},
    {"layer_norm", layer_norm},
    {"linear_cross_entropy", linear_cross_entropy},
    {"matmul", matmul},
    {"llama", llama},
    {"gru", gru},
    {"candidate_scores", candidate_scores},
    {"sasrec", sasrec},
};

}  // namespace

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) {
      const Case c(argv[i]);
      nn::write_safetensors(std::string(argv[i]) + ".out", kKinds.at(c.text("kind"))(c));
    }
  } catch (const std::exception& problem) {
    std::cerr << "parity_live: " << problem.what() << '\n';
    return 1;
  }
  return 0;
}
