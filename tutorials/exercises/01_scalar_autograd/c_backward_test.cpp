#include "01_scalar_autograd/c_backward.h"

using exercise::n01c::backward;
using exercise::scalar::add, exercise::scalar::leaf, exercise::scalar::mul, exercise::scalar::Value;

EXERCISE("01c", 4, "Backward") {
  grade.part("each number is used once", [&] {
    const Value a = leaf(2), b = leaf(3), c = leaf(5);
    backward(mul(add(a, b), c));
    grade.close("d loss / da", a->grad, 5);
    grade.close("d loss / db", b->grad, 5);
    grade.close("d loss / dc", c->grad, 5);
  });
  grade.part("a number is used three times", [&] {
    // loss = a a b + a, so d loss / da = 2 a b + 1
    const Value a = leaf(2), b = leaf(3);
    backward(add(mul(mul(a, a), b), a));
    if (!grade.close("d loss / da", a->grad, 13))
      grade.check(a->grad != 1 && a->grad != 6, "only one of the three uses is left; hint: += instead of =");
    grade.close("d loss / db", b->grad, 4);
  });
  grade.part("a second loss adds to the first", [&] {
    const Value a = leaf(2), b = leaf(3);
    backward(mul(a, b));
    backward(mul(a, b));
    if (!grade.close("d loss / da of both", a->grad, 6))
      grade.check(a->grad != 3, "the first loss's gradient is gone; a leaf keeps what it has");
  });
  grade.part("two losses share an inner number", [&] {
    // h = a b; the losses h h and 4 h: d loss / da = 2 h b and 4 b
    const Value a = leaf(2), b = leaf(3), four = leaf(4), h = mul(a, b);
    backward(mul(h, h));
    backward(mul(h, four));
    if (!grade.close("d loss / da of both", a->grad, 36 + 12))
      grade.check(a->grad != 36 + 36 + 12,
                  "h still had the gradient of the first loss, so that one counts twice");
  });
}
