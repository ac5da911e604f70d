#include "nn/optim.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "autograd/kernels.h"

namespace nn {

using ag::Tensor;

Adam::Adam(NamedTensors parameters, const AdamConfig& config)
    : Adam(std::vector<Group>{{std::move(parameters), config.lr}}, config) {}

Adam::Adam(std::vector<Group> groups, const AdamConfig& config) : config_(config) {
  for (const Group& group : groups) {
    for (const auto& [name, w] : group.parameters)
      slots_.push_back({name, w, ag::zeros_like(w), ag::zeros_like(w), group.lr});
  }
}

ag::AdamStep Adam::step_of(const Slot& slot, double lr_factor) const {
  const double t = static_cast<double>(steps_);
  return {.lr = slot.lr * lr_factor,
          .beta1 = config_.beta1,
          .beta2 = config_.beta2,
          .eps = config_.eps,
          .weight_decay = config_.weight_decay,
          .bias_correction1 = 1 - std::pow(config_.beta1, t),
          .bias_correction2 = 1 - std::pow(config_.beta2, t),
          .decoupled = config_.decoupled};
}

void Adam::step(double lr_factor) {
  ++steps_;
  for (Slot& slot : slots_) {
    const Tensor dw = slot.w.grad();
    if (!dw.defined()) continue;
    DISPATCH(slot.w.device(), adam_step, slot.w, slot.m, slot.v, dw, slot.w.numel(),
             step_of(slot, lr_factor));
  }
}

void Adam::step_rows(const RowGradient& gradient, double lr_factor) {
  const auto slot =
      std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.w.same_as(gradient.w); });
  AG_CHECK(slot != slots_.end(), "Adam: rows of a tensor that is not one of its parameters");
  AG_CHECK(!slot->w.grad().defined() && config_.weight_decay == 0, "Adam: ", slot->name,
           " cannot have a sparse step with another gradient or with weight decay");
  const int64_t V = slot->w.dim(0), C = slot->w.dim(1), U = gradient.ids.numel();
  AG_CHECK(gradient.rows.shape() == (ag::Shape{U, C}), "Adam: the gradient of ", U, " rows of ", slot->name,
           " is ", gradient.rows.shape(), " but a row has ", C, " columns");
  for (int64_t i = 0; i < U; ++i)
    AG_CHECK(gradient.ids.ints()[i] >= 0 && gradient.ids.ints()[i] < V, "Adam: ", slot->name, " has no row ",
             gradient.ids.ints()[i]);
  step(lr_factor);
  const Tensor ids = gradient.ids.to(slot->w.device());
  DISPATCH(slot->w.device(), adam_step_rows, slot->w, slot->m, slot->v, gradient.rows, ids, U, C,
           step_of(*slot, lr_factor));
}

void Adam::zero_grad() {
  for (Slot& slot : slots_) slot.w.zero_grad();
}

NamedTensors Adam::state() const {
  NamedTensors state{{"steps", Tensor::from_ints({static_cast<int32_t>(steps_)})}};
  for (const Slot& slot : slots_) {
    state.emplace_back("w." + slot.name, slot.w);
    state.emplace_back("m." + slot.name, slot.m);
    state.emplace_back("v." + slot.name, slot.v);
  }
  return state;
}

void Adam::load_state(const TensorFile& file) {
  steps_ = file.at("steps").ints()[0];
  for (auto& [name, x] : state()) {
    if (name != "steps") Tensor(x).copy_from(file.at(name));
  }
}

std::vector<Tensor> Adam::parameters() const {
  std::vector<Tensor> result;
  for (const Slot& slot : slots_) result.push_back(slot.w);
  return result;
}

// The sum of squares of all numbers of the tensors, in double. One kernel sums pieces of all of them, and one
// copy brings the sums back.
static double sum_squares(const std::vector<Tensor>& tensors) {
  if (tensors.empty()) return 0;
  constexpr int64_t kPiece = 1 << 16;
  const ag::Device device = tensors[0].device();
  std::vector<ag::Piece> pieces;
  for (const Tensor& x : tensors) {
    ag::check_device("clip_grad_norm", device, x);
    for (int64_t begin = 0; begin < x.numel(); begin += kPiece)
      pieces.push_back({x.data() + begin, std::min(kPiece, x.numel() - begin)});
  }
  std::vector<double> sums(pieces.size());
  const int64_t P = std::ssize(pieces), piece_bytes = P * int64_t{sizeof(ag::Piece)},
                sum_bytes = P * int64_t{sizeof(double)};
  const ag::Storage pieces_there(piece_bytes, device), sums_there(sum_bytes, device);
  ag::copy_memory(pieces_there.data(), device, pieces.data(), ag::Device::CPU, piece_bytes);
  DISPATCH(device, sum_squares, static_cast<double*>(sums_there.data()),
           static_cast<const ag::Piece*>(pieces_there.data()), P);
  ag::copy_memory(sums.data(), ag::Device::CPU, sums_there.data(), device, sum_bytes);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm) {
  std::vector<Tensor> gradients;
  for (const Tensor& w : parameters) {
    if (const Tensor dw = w.grad(); dw.defined()) gradients.push_back(dw);
  }
  const double norm = std::sqrt(sum_squares(gradients)), factor = max_norm / (norm + 1e-6);
  AG_CHECK(std::isfinite(norm), "clip_grad_norm: the gradients' norm is ", norm,
           "; hint: a lower learning rate");
  if (factor < 1) {
    for (const Tensor& dw : gradients)
      DISPATCH(dw.device(), scale, dw, static_cast<ag::real>(factor), dw, dw.numel());
  }
  return norm;
}

double cosine_factor(int64_t step, int64_t warmup, int64_t total) {
  if (step < warmup) return static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, warmup));
  const double left =
      static_cast<double>(total - step) / static_cast<double>(std::max<int64_t>(1, total - warmup));
  return std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * (1 - left))));
}

}  // namespace nn
