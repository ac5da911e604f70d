// Adam, gradient clipping and a learning-rate schedule, as PyTorch and transformers define them.
#pragma once

#include <string>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/safetensors.h"

namespace ag {
struct AdamStep;
}

namespace nn {

struct AdamConfig {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool decoupled = true;  // AdamW (Loshchilov and Hutter 2019); false: Adam with L2 (Kingma and Ba 2015)
};

// The gradient of some rows of a large parameter; the other rows have none.
struct RowGradient {
  ag::Tensor w;     // (V,C), one of the optimiser's parameters
  ag::Tensor ids;   // (U) I32, distinct
  ag::Tensor rows;  // (U,C): rows[i] is the gradient of row ids[i] of w
};

// With the gradient g (+ weight_decay w if coupled) and the step t = 1, 2, ...:
//   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
//   w = w (1 - lr weight_decay if decoupled) - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
class Adam {
 public:
  // Parameters that share one learning rate. `lr` replaces the configuration's.
  struct Group {
    NamedTensors parameters;
    double lr;
  };
  Adam(NamedTensors parameters, const AdamConfig& config);
  Adam(std::vector<Group> groups, const AdamConfig& config);

  void step(double lr_factor = 1);  // keeps the gradients; a parameter without one does not change
  // The same, with sparse steps for one parameter, gradient.w, which must have no other gradient: only the
  // given rows' weights and moments change, as in torch.optim.SparseAdam. (step() with zeros for the other
  // rows would still move them by their moments.) Throws ag::Error with weight decay, which needs all rows.
  void step_rows(const RowGradient& gradient, double lr_factor = 1);
  void zero_grad();
  int64_t steps() const { return steps_; }

  // Weights, moments and step count for a checkpoint: "w.NAME", "m.NAME", "v.NAME", "steps".
  NamedTensors state() const;
  void load_state(const TensorFile& file);

  std::vector<ag::Tensor> parameters() const;

 private:
  struct Slot {
    std::string name;
    ag::Tensor w, m, v;
    double lr;
  };
  ag::AdamStep step_of(const Slot& slot, double lr_factor) const;
  std::vector<Slot> slots_;
  AdamConfig config_;
  int64_t steps_ = 0;
};

// Scales all gradients by max_norm / (norm + 1e-6) if the norm of all
// together is above max_norm. Returns the norm.
double clip_grad_norm(const std::vector<ag::Tensor>& parameters, double max_norm);

// The factor of the learning rate at `step` (from 0) of `total`. It rises linearly over the first `warmup`
// steps, then falls to zero along half a cosine (transformers' get_cosine_schedule_with_warmup).
double cosine_factor(int64_t step, int64_t warmup, int64_t total);

}  // namespace nn
