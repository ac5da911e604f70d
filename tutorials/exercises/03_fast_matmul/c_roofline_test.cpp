#include "03_fast_matmul/c_roofline.h"

#include <cmath>

namespace n03c = exercise::n03c;

EXERCISE("03c", 4, "The roofline") {
  grade.part("the intensity", [&] {
    const double square = n03c::intensity(1000, 1000, 1000, 4);
    if (!grade.close("the intensity of n = 1000 in f32", square, 1000.0 / 6)) {
      grade.check(!exercise::is_close(square, 1000.0 / 12, 1),
                  "an addition counts too: 2 operations for each i, j, k");
      grade.check(!exercise::is_close(square, 2000.0 / 3, 1), "it is per byte, not per number");
    }
    grade.close("the intensity of a vector, K = M = 4096", n03c::intensity(4096, 4096, 1, 4),
                0.5 / (1 + 2.0 / 4096));
    grade.close("the intensity of (2,3) (3,5) in f64", n03c::intensity(2, 3, 5, 8), 60.0 / (8 * 31));
  });
  grade.part("the roofline", [&] {
    grade.close("the rate at a low intensity", n03c::roofline(1e12, 5e10, 0.5), 2.5e10);
    grade.close("the rate at a high intensity", n03c::roofline(1e12, 5e10, 100), 1e12);
    grade.close("the rate at the ridge", n03c::roofline(1e12, 5e10, 20), 1e12);
  });
  grade.part("the smallest square product that reaches the peak", [&] {
    // 1 TFLOP/s and 50 GB/s: 20 operations a byte.
    grade.equal("n in f32", {n03c::smallest_square(1e12, 5e10, 4)}, {120});
    grade.equal("n in f64", {n03c::smallest_square(1e12, 5e10, 8)}, {240});
    grade.equal("n where the formula gives 120.12", {n03c::smallest_square(1.001e12, 5e10, 4)}, {121});
  });
  grade.part("tokens per second", [&] {
    grade.close("the rate of a billion parameters in f32 at 50 GB/s", n03c::tokens_per_second(1e9, 4, 5e10),
                12.5);
    grade.close("the rate of the same in 4 bits", n03c::tokens_per_second(1e9, 0.5, 5e10), 100);
  });
}
