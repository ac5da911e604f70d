// The formulas are in gru.cpp.
#include "autograd/ops/launch.cuh"
#include "autograd/ops/math.h"

namespace ag::cuda {

void gru_step_forward(real* h, real* gates, real* candidate_state, const real* from_state,
                      const real* previous, int64_t R, int64_t C) {
  for_each(R * C, [=] __device__(int64_t i) {
    const int64_t at = i / C * 3 * C + i % C;  // index of r; z and n are C and 2C after it
    const real r = math::sigmoid(gates[at] + from_state[at]);
    const real z = math::sigmoid(gates[at + C] + from_state[at + C]);
    const real n = math::tanh(gates[at + 2 * C] + r * from_state[at + 2 * C]);
    const real before = previous ? previous[i] : real(0);
    gates[at] = r;
    gates[at + C] = z;
    gates[at + 2 * C] = n;
    candidate_state[i] = from_state[at + 2 * C];
    h[i] = (1 - z) * n + z * before;
  });
}

void gru_step_backward(real* dfrom_input, real* dfrom_state, real* dprevious, const real* dh,
                       const real* gates, const real* candidate_state, const real* previous, int64_t R,
                       int64_t C) {
  for_each(R * C, [=] __device__(int64_t i) {
    const int64_t at = i / C * 3 * C + i % C;
    const real r = gates[at], z = gates[at + C], n = gates[at + 2 * C];
    const real d = dh[i], before = previous ? previous[i] : real(0);
    const real da_n = d * (1 - z) * (1 - n * n);
    const real da_r = da_n * candidate_state[i] * r * (1 - r);
    const real da_z = d * (before - n) * z * (1 - z);
    dfrom_input[at] = dfrom_state[at] = da_r;
    dfrom_input[at + C] = dfrom_state[at + C] = da_z;
    dfrom_input[at + 2 * C] = da_n;
    dfrom_state[at + 2 * C] = da_n * r;
    if (dprevious) dprevious[i] += d * z;
  });
}

}  // namespace ag::cuda
