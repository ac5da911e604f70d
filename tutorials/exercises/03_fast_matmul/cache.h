// A machine to count on: matrices whose accesses all go through one small cache. A line holds 8 numbers, and
// the cache holds 32 lines. Whatever is not in the cache is a miss, and takes the place of the line that was
// not used for longest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace exercise::cache {

constexpr int64_t kLine = 8, kLines = 32;

class Cache {
 public:
  void access(int64_t line) {
    const auto found = std::ranges::find(lines_, line);
    if (found == lines_.end()) {
      ++misses_;
      if (lines_.size() == kLines) lines_.erase(lines_.begin());
    } else {
      lines_.erase(found);
    }
    lines_.push_back(line);
  }
  int64_t misses() const { return misses_; }

 private:
  std::vector<int64_t> lines_;  // the one that was used last is last
  int64_t misses_ = 0;
};

// (rows, columns), row-major; each row begins a line. m(i, j) is an access to its number.
class Matrix {
 public:
  Matrix(Cache& cache, int64_t rows, int64_t columns, int64_t address)
      : cache_(cache), rows_(rows), columns_(columns), address_(address) {
    numbers_.resize(static_cast<size_t>(rows * columns));
  }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  double& operator()(int64_t i, int64_t j) {
    cache_.access(address_ + i * ((columns_ + kLine - 1) / kLine) + j / kLine);
    return numbers_.at(static_cast<size_t>(i * columns_ + j));
  }
  double operator()(int64_t i, int64_t j) const { return const_cast<Matrix&>(*this)(i, j); }

  // Not counted.
  std::vector<double>& numbers() { return numbers_; }

 private:
  Cache& cache_;
  int64_t rows_, columns_, address_;
  std::vector<double> numbers_;
};

// A (M,K), B (K,N) with some numbers, C (M,N) with zeros, and their product.
struct Problem {
  Cache cache;
  Matrix A, B, C;
  std::vector<double> product;

  Problem(int64_t M, int64_t K, int64_t N)
      : A(cache, M, K, 0), B(cache, K, N, 100'000), C(cache, M, N, 200'000) {
    double x = 0.3;
    for (Matrix* matrix : {&A, &B}) {
      for (double& number : matrix->numbers()) number = x = 3.7 * x * (1 - x);  // looks random
    }
    for (int64_t i = 0; i < M; ++i) {
      for (int64_t j = 0; j < N; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < K; ++k)
          sum += A.numbers()[static_cast<size_t>(i * K + k)] * B.numbers()[static_cast<size_t>(k * N + j)];
        product.push_back(sum);
      }
    }
  }
  Problem(const Problem&) = delete;
};

}  // namespace exercise::cache
