#include "nn/layers.h"

namespace nn {

using ag::Tensor;

Linear::Linear(int64_t in, int64_t out, bool with_bias) : weight(parameter("weight", {out, in})) {
  if (with_bias) bias = parameter("bias", {out});
}

Tensor Linear::operator()(const Tensor& x, const DropoutContext& dropout) const {
  const auto adapted = [&] {
    if (!lora_) return ag::linear(x, weight, bias);
    const Tensor dropped = nn::dropout(x, lora_->dropout, dropout, lora_->stream);
    return ag::lora_linear(x, weight, bias, dropped, lora_->A, lora_->B, lora_->scaling);
  };
  const Tensor y = adapted();
  if (!bottleneck_) return y;
  return ag::add(y, ag::linear(ag::relu(ag::linear(y, bottleneck_->down)), bottleneck_->up));
}

void Linear::attach_lora(LoraAdapter adapter) {
  detach_lora();
  share_parameter("lora_A.weight", adapter.A);
  share_parameter("lora_B.weight", adapter.B);
  lora_ = std::move(adapter);
}

void Linear::detach_lora() {
  remove_parameter("lora_A.weight");
  remove_parameter("lora_B.weight");
  lora_.reset();
}

void Linear::attach_bottleneck(BottleneckAdapter adapter) {
  detach_bottleneck();
  share_parameter("bottleneck_down.weight", adapter.down);
  share_parameter("bottleneck_up.weight", adapter.up);
  bottleneck_ = std::move(adapter);
}

void Linear::detach_bottleneck() {
  remove_parameter("bottleneck_down.weight");
  remove_parameter("bottleneck_up.weight");
  bottleneck_.reset();
}

Embedding::Embedding(int64_t rows, int64_t columns) : weight(parameter("weight", {rows, columns})) {}

void store_in_bf16(Module& model) {
  model.visit_modules([](const std::string&, Module& module) {
    if (auto* linear = dynamic_cast<Linear*>(&module)) linear->weight.round_to_bf16();
    if (auto* embedding = dynamic_cast<Embedding*>(&module)) embedding->weight.round_to_bf16();
  });
}

RMSNorm::RMSNorm(int64_t columns, double epsilon) : weight(parameter("weight", {columns})), eps(epsilon) {
  weight.fill(1);
}

LayerNorm::LayerNorm(int64_t columns, double epsilon)
    : weight(parameter("weight", {columns})), bias(parameter("bias", {columns})), eps(epsilon) {
  weight.fill(1);
}

}  // namespace nn
