// Compares the matrix product of each backend with three plain loops.
#include "autograd/gemm.h"

#include "autograd/kernels.h"
#include "nn/init.h"
#include "tests/testing.h"

using ag::GemmBackend;
using ag::real;
using ag::Tensor;

namespace {

class UseBackend {
 public:
  explicit UseBackend(GemmBackend backend) : before_(ag::gemm_backend()) { ag::set_gemm_backend(backend); }
  ~UseBackend() { ag::set_gemm_backend(before_); }

 private:
  GemmBackend before_;
};

std::vector<GemmBackend> backends() {
  if (ag::has_onednn()) return {GemmBackend::Eigen, GemmBackend::OneDNN};
  return {GemmBackend::Eigen};
}

Tensor random(int64_t rows, int64_t columns, uint32_t stream) {
  Tensor x = Tensor::empty({rows, columns});
  nn::normal_(x, 1, {1, 0, stream});
  return x;
}

struct Product {
  int64_t M, N, K;
  bool transpose_a = false, transpose_b = false;
  double alpha = 1, beta = 0;
};

Tensor naive(const Product& p, const Tensor& a, const Tensor& b, const Tensor& c) {
  Tensor y = Tensor::empty({p.M, p.N});
  for (int64_t i = 0; i < p.M; ++i) {
    for (int64_t j = 0; j < p.N; ++j) {
      double total = 0;
      for (int64_t k = 0; k < p.K; ++k) {
        total += double(a.data()[p.transpose_a ? k * p.M + i : i * p.K + k]) *
                 double(b.data()[p.transpose_b ? j * p.K + k : k * p.N + j]);
      }
      const double old = p.beta == 0 ? 0 : p.beta * double(c.data()[i * p.N + j]);
      y.data()[i * p.N + j] = static_cast<real>(p.alpha * total + old);
    }
  }
  return y;
}

void check_product(const Product& p) {
  const Tensor a = random(p.transpose_a ? p.K : p.M, p.transpose_a ? p.M : p.K, 1),
               b = random(p.transpose_b ? p.N : p.K, p.transpose_b ? p.K : p.N, 2);
  // With beta = 0 the old values of C must not matter, not even NaN. An extra row shows writes after the end.
  Tensor c = p.beta == 0 ? Tensor::full({p.M + 1, p.N}, NAN) : random(p.M + 1, p.N, 3);
  const Tensor before = c.clone(), expected = naive(p, a, b, c);
  ag::cpu::gemm(p.transpose_a, p.transpose_b, p.M, p.N, p.K, static_cast<real>(p.alpha), a.data(), b.data(),
                static_cast<real>(p.beta), c.data());
  INFO(ag::gemm_backend_name(), " ", p.M, " x ", p.N, " x ", p.K, ", alpha ", p.alpha, ", beta ", p.beta,
       p.transpose_a ? std::string(", a transposed") : "",
       p.transpose_b ? std::string(", b transposed") : "");
  testing::check_close(c.rows(0, p.M), expected, testing::tolerance::kOpForward, "gemm");
  const int64_t end = p.M * p.N;
  for (int64_t i = end; i < end + p.N; ++i) {
    const real found = c.data()[i], old = before.data()[i];
    CHECK((found == old || (std::isnan(found) && std::isnan(old))));
  }
}

// Checks the product with every combination of transposes.
void check_transposes(Product p) {
  for (bool transpose_a : {false, true}) {
    for (bool transpose_b : {false, true}) {
      p.transpose_a = transpose_a;
      p.transpose_b = transpose_b;
      check_product(p);
    }
  }
}

}  // namespace

TEST_CASE("gemm multiplies matrices of every shape") {
  for (GemmBackend backend : backends()) {
    const UseBackend use(backend);
    for (const auto& [M, N, K] : std::vector<std::array<int64_t, 3>>{{1, 1, 1},
                                                                     {2, 3, 4},
                                                                     {1, 9, 31},
                                                                     {9, 1, 31},
                                                                     {7, 5, 13},
                                                                     {17, 19, 1},
                                                                     {64, 64, 64},
                                                                     {65, 33, 129}})
      check_transposes({M, N, K});
  }
}

TEST_CASE("gemm multiplies skinny matrices") {
  for (GemmBackend backend : backends()) {
    const UseBackend use(backend);
    for (const auto& [M, N, K] : std::vector<std::array<int64_t, 3>>{{300, 301, 8},
                                                                     {300, 8, 301},
                                                                     {700, 8, 500},
                                                                     {8, 300, 301},
                                                                     {500, 8, 8},
                                                                     {1, 1, 1000},
                                                                     {1, 1000, 8},
                                                                     {1000, 1, 8}})
      check_transposes({M, N, K});
  }
}

TEST_CASE("gemm scales by alpha and adds to beta C") {
  for (GemmBackend backend : backends()) {
    const UseBackend use(backend);
    for (double alpha : {0.0, 1.0, -0.5}) {
      for (double beta : {0.0, 1.0, -2.0}) {
        check_transposes({5, 7, 3, false, false, alpha, beta});
        check_transposes({33, 65, 40, false, false, alpha, beta});
        check_transposes({700, 16, 300, false, false, alpha, beta});
      }
    }
  }
}

TEST_CASE("gemm without inner dimension is beta C, and without rows or columns nothing") {
  for (GemmBackend backend : backends()) {
    const UseBackend use(backend);
    for (double beta : {0.0, 1.0, -2.0}) {
      check_transposes({3, 5, 0, false, false, 1, beta});
      check_transposes({0, 5, 4, false, false, 1, beta});
      check_transposes({3, 0, 4, false, false, 1, beta});
      check_transposes({0, 0, 0, false, false, 1, beta});
    }
  }
}

TEST_CASE("a NaN or infinity in an operand reaches the result") {
  for (GemmBackend backend : backends()) {
    const UseBackend use(backend);
    for (real value : {real(NAN), real(INFINITY)}) {
      const Tensor a = random(20, 30, 1), b = random(30, 40, 2), c = Tensor::zeros({20, 40});
      a.data()[3 * 30 + 4] = value;
      ag::cpu::gemm(false, false, 20, 40, 30, 1, a.data(), b.data(), 0, c.data());
      for (int64_t i = 0; i < c.numel(); ++i) CHECK(std::isfinite(c.data()[i]) == (i / 40 != 3));
    }
  }
}

TEST_CASE("a backend that was not built in is refused") {
  if (!ag::has_onednn()) CHECK_THROWS_AS(ag::set_gemm_backend(GemmBackend::OneDNN), ag::Error);
  const UseBackend use(GemmBackend::Eigen);
  CHECK(ag::gemm_backend_name().substr(0, 6) == "Eigen ");
}
