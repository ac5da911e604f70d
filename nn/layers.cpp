#include "nn/layers.h"

namespace nn {

using ag::Tensor;

Tensor dropout(const Tensor& x, double rate, const DropoutContext& context, uint32_t stream) {
  return context.train ? ag::dropout(x, rate, context.key(stream), context.rows) : x;
}

Linear::Linear(int64_t in, int64_t out, bool with_bias) : weight(parameter("weight", {out, in})) {
  if (with_bias) bias = parameter("bias", {out});
}

Tensor Linear::operator()(const Tensor& x, const DropoutContext& dropout) const {
  const Tensor y = ag::linear(x, weight, bias);
  if (!lora_) return y;
  const Tensor dropped = nn::dropout(x, lora_->dropout, dropout, lora_->stream);
  // The scaling acts on the r columns in the middle, where it costs least.
  return ag::add(y, ag::linear(ag::scale(ag::linear(dropped, lora_->A), lora_->scaling), lora_->B));
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

Embedding::Embedding(int64_t rows, int64_t columns) : weight(parameter("weight", {rows, columns})) {}

RMSNorm::RMSNorm(int64_t columns, double epsilon) : weight(parameter("weight", {columns})), eps(epsilon) {
  weight.fill(1);
}

LayerNorm::LayerNorm(int64_t columns, double epsilon)
    : weight(parameter("weight", {columns})), bias(parameter("bias", {columns})), eps(epsilon) {
  weight.fill(1);
}

Packed pack(const std::vector<std::vector<int32_t>>& sequences, int64_t last_position) {
  std::vector<int32_t> ids, positions, lengths;
  for (const auto& sequence : sequences) {
    const auto length = static_cast<int64_t>(sequence.size());
    AG_CHECK(last_position < 0 || length <= last_position + 1, "pack: a sequence of ", length,
             " tokens does not fit into positions 0 to ", last_position);
    lengths.push_back(static_cast<int32_t>(length));
    ids.insert(ids.end(), sequence.begin(), sequence.end());
    const int64_t first = last_position < 0 ? 0 : last_position + 1 - length;
    for (int64_t i = 0; i < length; ++i) positions.push_back(static_cast<int32_t>(first + i));
  }
  return {Tensor::from_ints(ids), Tensor::from_ints(positions), ag::Offsets(lengths), {}};
}

Packed part(const Packed& whole, int64_t begin, int64_t end) {
  std::vector<int32_t> lengths, rows;
  for (int64_t b = begin; b < end; ++b) lengths.push_back(static_cast<int32_t>(whole.offsets.length(b)));
  const int64_t first = whole.offsets.at(begin), last = whole.offsets.at(end);
  for (int64_t i = first; i < last; ++i) rows.push_back(static_cast<int32_t>(i));
  return {whole.ids.rows(first, last), whole.positions.rows(first, last), ag::Offsets(lengths),
          whole.dropout.at(Tensor::from_ints(rows))};
}

}  // namespace nn
