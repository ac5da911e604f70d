#include "08_attention/d_pack_instead_of_pad.h"

#include "autograd/ops.h"

namespace n08d = exercise::n08d;

EXERCISE("08d", 4, "Pack instead of pad") {
  using ag::real, ag::Tensor;
  const std::vector<int32_t> lengths{3, 1, 4};
  const int64_t B = 3, T = 5, C = 2;
  const Tensor padded = Tensor::from_ints({B, T}, {7, 3, 5, 9, 9, 2, 9, 9, 9, 9, 6, 7, 4, 1, 9});
  const auto ints = [](const Tensor& x) { return std::vector<int64_t>(x.ints(), x.ints() + x.numel()); };

  grade.part("the pack", [&] {
    const nn::Packed x = n08d::packed(padded, lengths);
    if (!grade.equal("ids", ints(x.ids), {7, 3, 5, 2, 6, 7, 4, 1}))
      grade.check(x.ids.numel() != B * T, "the padding (id 9) is in the pack");
    if (!grade.equal("positions", ints(x.positions), {0, 1, 2, 0, 0, 1, 2, 3}))
      grade.check(ints(x.positions) != std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7},
                  "positions count through the pack; expected from 0 in each sequence");
    grade.equal("offsets", ints(x.offsets.tensor()), {0, 3, 4, 8});
  });
  grade.part("the way back", [&] {
    const Tensor x = exercise::normal("x", {8, C}), expected = Tensor::zeros({B * T, C});
    const std::vector<int64_t> places{0, 1, 2, 5, 10, 11, 12, 13};
    for (int64_t n = 0; n < 8; ++n) std::copy_n(x.data() + n * C, C, expected.data() + places[size_t(n)] * C);
    grade.close("y", n08d::padded_again(x, ag::Offsets(lengths), T), expected.view({B, T, C}));
  });
  grade.part("the mean loss", [&] {
    const Tensor losses = Tensor::full({B, T}, 0.5);
    for (int64_t b = 0; b < B; ++b) std::fill_n(losses.data() + b * T, lengths[size_t(b)], real(1 + b));
    const double sum = 3 * 1 + 1 * 2 + 4 * 3, loss = n08d::mean_loss(losses, lengths);
    if (grade.close("the loss", loss, sum / 8)) return;
    grade.check(std::abs(loss - (sum + 7 * 0.5) / 15) > 1e-9, "the losses of the padding count too");
    grade.check(std::abs(loss - sum / 15) > 1e-9, "divided by B T; expected by the number of real tokens");
    grade.check(std::abs(loss - 2) > 1e-9,
                "a mean of the sequences' means: a token of a short sequence weighs more than another");
  });
  grade.part("attention on both forms", [&] {
    const Tensor table = exercise::normal("table", {10, C}), places = exercise::normal("places", {T, C});
    const auto attend = [&](const Tensor& ids, const Tensor& positions, const ag::Offsets& offsets) {
      const Tensor x = ag::add(ag::embedding(table, ids), ag::embedding(places, positions));
      const Tensor head = ag::reshape(x, {x.dim(0), 1, C});
      return ag::reshape(ag::attention(head, head, head, offsets, offsets, ag::Mask::Causal), x.shape());
    };
    const nn::Packed x = n08d::packed(padded, lengths);
    const Tensor few = n08d::padded_again(attend(x.ids, x.positions, x.offsets), x.offsets, T);
    std::vector<int32_t> positions;
    for (int32_t e = 0; e < B * T; ++e) positions.push_back(e % int32_t(T));
    const Tensor many = attend(padded.view({B * T}), Tensor::from_ints(positions), ag::Offsets({5, 5, 5}));
    for (size_t b = 0; b < lengths.size(); ++b) {
      const int64_t first = int64_t(b) * T, last = first + lengths[b];
      grade.close(ag::message("sequence ", b, " from ", x.ids.numel(), " rows instead of ", B * T),
                  few.view({B * T, C}).rows(first, last), many.rows(first, last));
    }
  });
}
