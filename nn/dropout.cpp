#include "nn/dropout.h"

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

}  // namespace nn
