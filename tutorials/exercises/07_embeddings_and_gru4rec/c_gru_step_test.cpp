#include "07_embeddings_and_gru4rec/c_gru_step.h"

namespace n07c = exercise::n07c;

EXERCISE("07c", 3, "A step of a GRU") {
  using ag::Tensor;
  const int64_t B = 3, I = 2, C = 4;
  const Tensor w_ih = exercise::normal("w_ih", {3 * C, I}), w_hh = exercise::normal("w_hh", {3 * C, C});
  const Tensor x = exercise::normal("x", {B, I}), h = exercise::normal("h", {B, C});
  const auto rows = [C](const Tensor& w, int64_t gate) { return w.rows(gate * C, (gate + 1) * C); };
  const auto sums = [&](int64_t gate) {
    return ag::add(ag::linear(x, rows(w_ih, gate)), ag::linear(h, rows(w_hh, gate)));
  };
  grade.part("the gates and the candidate", [&] {
    const n07c::Gates got = n07c::gates(x, h, w_ih, w_hh);
    const Tensor r = ag::sigmoid(sums(0)), z = ag::sigmoid(sums(1)), from_x = ag::linear(x, rows(w_ih, 2)),
                 w_hn = rows(w_hh, 2);
    const Tensor n = ag::tanh(ag::add(from_x, ag::mul(r, ag::linear(h, w_hn))));
    if (!grade.close("r", got.r, r))
      grade.check(!exercise::is_close(got.r, z), "r has the rows of z: those of r are the first");
    grade.close("z", got.z, z);
    if (grade.close("n", got.n, n)) return;
    grade.check(!exercise::is_close(got.n, ag::tanh(ag::add(from_x, ag::linear(ag::mul(r, h), w_hn)))),
                "r multiplies h before W_hn: this is the paper's form; here r multiplies W_hn h");
    grade.check(!exercise::is_close(got.n, ag::tanh(sums(2))), "n does not use r");
    grade.check(!exercise::is_close(got.n, ag::sigmoid(ag::add(from_x, ag::mul(r, ag::linear(h, w_hn))))),
                "n is a sigmoid; expected tanh, which can be negative");
  });
  grade.part("the new state", [&] {
    const n07c::Gates g{.r = Tensor::zeros({B, C}),
                        .z = ag::sigmoid(exercise::normal("z", {B, C})),
                        .n = exercise::normal("n", {B, C})};
    const Tensor got = n07c::new_state(g, h), mixed = ag::add(g.n, ag::mul(g.z, ag::sub(h, g.n)));
    if (!grade.close("h'", got, mixed))
      grade.check(!exercise::is_close(got, ag::add(h, ag::mul(g.z, ag::sub(g.n, h)))),
                  "z and 1 - z are exchanged: z is the share of the old state");
  });
  grade.part("the last states of packed sequences", [&] {
    const ag::Offsets offsets({4, 1, 2});
    const Tensor packed = exercise::normal("packed", {7, I});
    const auto states = [&] { return n07c::last_states(packed, w_ih, w_hh, offsets); };
    const Tensor got = states(), all = ag::gru(packed, w_ih, w_hh, {}, {}, offsets);
    if (!grade.close("h after the last rows", got, ag::embedding(all, offsets.last_rows()))) {
      const Tensor one = ag::gru(packed, w_ih, w_hh, {}, {}, ag::Offsets({7}));
      grade.check(!exercise::is_close(got, ag::embedding(one, offsets.last_rows())),
                  "the state passes from one sequence to the next: each begins with zeros");
      return;
    }
    for (const auto& [name, w] : {std::pair{"d w_ih", w_ih}, {"d w_hh", w_hh}, {"dx", packed}})
      grade.gradient(name, states, w);
  });
}
