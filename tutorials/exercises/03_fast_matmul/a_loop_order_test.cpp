#include "03_fast_matmul/a_loop_order.h"

namespace cache = exercise::cache;

EXERCISE("03a", 2, "The order of the loops") {
  grade.part("the product of matrices that are not square", [&] {
    cache::Problem p(5, 7, 3);
    exercise::n03a::multiply(p.A, p.B, p.C);
    grade.close("C", p.C.numbers(), p.product);
    exercise::n03a::multiply(p.A, p.B, p.C);
    for (double& x : p.product) x *= 2;
    grade.close("C after a second product that is added to it", p.C.numbers(), p.product);
  });
  grade.part("misses for n = 48", [&] {
    cache::Problem yours(48, 48, 48), naive(48, 48, 48);
    exercise::n03a::multiply(yours.A, yours.B, yours.C);
    grade.close("C", yours.C.numbers(), yours.product);
    for (int64_t i = 0; i < 48; ++i) {
      for (int64_t j = 0; j < 48; ++j) {
        for (int64_t k = 0; k < 48; ++k) naive.C(i, j) += naive.A(i, k) * naive.B(k, j);
      }
    }
    const int64_t misses = yours.cache.misses(), most = naive.cache.misses() / 8;
    grade.check(misses <= most, ag::message("there are ", misses, " misses, the best order has at most ",
                                            most, " (i, j, k: ", naive.cache.misses(), ")"));
    grade.check(misses <= most || misses > 3 * most,
                "B is walked along rows; look at C: how often does all of it go through the cache?");
  });
}
