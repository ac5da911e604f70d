#include "nn/packed.h"

namespace nn {

using ag::Tensor;

DropoutContext DropoutContext::at(const Tensor& some) const {
  DropoutContext context = *this;
  context.rows = some.clone();
  for (int64_t i = 0; rows.defined() && i < some.numel(); ++i)
    context.rows.ints()[i] = rows.ints()[some.ints()[i]];
  return context;
}

Tensor dropout(const Tensor& x, double rate, const DropoutContext& context, uint32_t stream) {
  return context.train ? ag::dropout(x, rate, context.key(stream), context.rows) : x;
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
