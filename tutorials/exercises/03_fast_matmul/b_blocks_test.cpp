#include "03_fast_matmul/b_blocks.h"

#include <array>

namespace cache = exercise::cache;

EXERCISE("03b", 2, "Blocks") {
  grade.part("sizes that are multiples of nothing", [&] {
    for (const auto& [M, K, N] : {std::array<int64_t, 3>{1, 1, 1}, {5, 7, 3}, {19, 53, 41}}) {
      cache::Problem p(M, K, N);
      exercise::n03b::multiply(p.A, p.B, p.C);
      grade.close(ag::message("C of (", M, ",", K, ") (", K, ",", N, ")"), p.C.numbers(), p.product);
    }
  });
  grade.part("misses for n = 48", [&] {
    cache::Problem yours(48, 48, 48), reordered(48, 48, 48);
    exercise::n03b::multiply(yours.A, yours.B, yours.C);
    grade.close("C", yours.C.numbers(), yours.product);
    for (int64_t i = 0; i < 48; ++i) {
      for (int64_t k = 0; k < 48; ++k) {
        for (int64_t j = 0; j < 48; ++j) reordered.C(i, j) += reordered.A(i, k) * reordered.B(k, j);
      }
    }
    const int64_t misses = yours.cache.misses(), all = reordered.cache.misses();
    grade.check(misses <= all / 3, ag::message("there are ", misses, " misses, at most ", all / 3,
                                               " are allowed (i, k, j without blocks: ", all, ")"));
    grade.check(misses <= all / 3 || misses < all / 2,
                "hint: does the block, with the lines of A and C beside it, fit into 32 lines?");
  });
}
