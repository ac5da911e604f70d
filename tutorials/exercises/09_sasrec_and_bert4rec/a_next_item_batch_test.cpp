#include "09_sasrec_and_bert4rec/a_next_item_batch.h"

#include "autograd/check.h"
#include "models/recommenders/sasrec.h"

namespace n09a = exercise::n09a;

namespace {

using Items = n09a::Items;

std::vector<int64_t> numbers(const Items& items) { return {items.begin(), items.end()}; }
std::vector<int64_t> numbers(const ag::Tensor& x) { return {x.ints(), x.ints() + x.numel()}; }

}  // namespace

EXERCISE("09a", 3, "What SASRec reads and what it predicts") {
  models::SasrecConfig config;
  config.items = 10;
  config.max_length = 4;
  const size_t T = 4;
  const models::Sasrec library(config, 1);
  grade.part("a training batch", [&] {
    // One longer than T + 1, one of T + 1, two that are shorter.
    const std::vector<Items> histories{{5, 2, 8, 1, 7, 3}, {0, 9, 4, 6, 2}, {3, 1}, {8, 6, 9}};
    std::vector<Items> windows = histories;
    windows[0].erase(windows[0].begin());
    const models::SequenceBatch expected = library.training_batch(windows, {});
    const n09a::Batch got = n09a::training_batch(histories, T);
    if (!grade.equal("lengths", numbers(got.lengths), {4, 4, 1, 2}))
      grade.check(got.lengths != std::vector<int32_t>{3, 3, 1, 2},
                  "the windows have T items: with one more, T inputs have a target");
    if (!grade.equal("inputs", numbers(got.inputs), numbers(expected.input.ids)))
      grade.check(got.inputs.empty() || got.inputs.front() != 5,
                  "the first items of a long history are read; expected the last ones");
    if (grade.equal("targets", numbers(got.targets), numbers(expected.targets))) return;
    grade.check(got.targets != got.inputs, "off by one: the target of a place is the item that it reads");
    const Items end_to_end(got.inputs.begin() + !got.inputs.empty(), got.inputs.end());
    const auto shared = std::min(end_to_end.size(), got.targets.size());
    grade.check(shared == 0 || !std::equal(end_to_end.begin(), end_to_end.begin() + std::ptrdiff_t(shared),
                                           got.targets.begin()),
                "shifted after packing: the last place of a history predicts the first item of the next one");
  });
  grade.part("the input of evaluation", [&] {
    for (const Items& history : {Items{5, 2, 8, 1, 7, 3}, {3, 1}, {4}}) {
      const Items got = n09a::evaluation_input(history, T);
      const std::string name = ag::message("the input of a history of ", history.size());
      if (grade.equal(name, numbers(got), numbers(library.pack({history}).ids))) continue;
      grade.check(!got.empty() && got.back() == history.back(),
                  "the last item of the history is not read, but the target comes after it");
      return;
    }
  });
  grade.part("right-aligned positions", [&] {
    for (const Items& history : {Items{2, 8, 1, 7}, {3, 1}, {4}}) {
      const Items got = n09a::positions(history.size(), T);
      const std::string name = ag::message("the positions of ", history.size(), " items");
      if (grade.equal(name, numbers(got), numbers(library.pack({history}).positions))) continue;
      grade.check(got.empty() || got.front() != 0,
                  "counted from 0; expected the last item of every history at position T - 1");
      return;
    }
  });
}
