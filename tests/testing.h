// Functions that the tests share: tolerances, fixtures, comparisons.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <type_traits>

#include "autograd/tensor.h"
#include "nn/io/safetensors.h"
#include "tests/paths.h"

namespace testing {

// |found - expected| <= absolute * max|expected| + relative * |expected|, element by element.
// The absolute part is scaled by the largest magnitude of the reference, so that a tolerance
// means the same for large and small tensors. If the reference is all zeros, it is not scaled:
// the rest is rounding of numbers of order one.
struct Tolerance {
  double relative, absolute;
};

// THE table of tolerances, each with its reason.
namespace tolerance {
constexpr bool kF64 = std::is_same_v<ag::real, double>;
// f64 checks the formula: double's rounding over some thousand operations is far below this.
constexpr Tolerance kExactMaths{1e-9, 1e-11};
// f32 checks the code: sums of up to a few thousand terms have another order than PyTorch's.
constexpr Tolerance kOpForward = kF64 ? kExactMaths : Tolerance{1e-5, 1e-6};
constexpr Tolerance kOpGradient = kF64 ? kExactMaths : Tolerance{1e-4, 1e-5};
// Whole models: the error of some dozen ops in a row.
constexpr Tolerance kModelForward = kF64 ? kExactMaths : Tolerance{1e-4, 1e-5};
constexpr Tolerance kModelGradient = kF64 ? kExactMaths : Tolerance{1e-3, 1e-5};
// After ten optimiser steps only losses are compared in f32: Adam divides by
// small numbers, which amplifies errors.
constexpr Tolerance kTenSteps = kF64 ? kExactMaths : Tolerance{1e-4, 0};
// Weights, x and dy are rounded to BF16's 8 significant bits, by at most 2^-9 of each number. The errors of a
// product's terms have both signs, so a sum's error stays near that share of the largest result.
constexpr Tolerance kBf16Product{0, 1.0 / 128};
// A tiny model in BF16 against f32: such errors through two layers; the loss of ten steps.
constexpr Tolerance kBf16Model{0, 1.0 / 32};
constexpr Tolerance kBf16TenSteps{2e-2, 0};
// Two forms of the same computation in one program.
constexpr Tolerance kFused = kF64 ? kExactMaths : Tolerance{1e-4, 1e-5};
}  // namespace tolerance

// The largest error divided by the allowed error; at most 1 is a pass. The tensors may be on any device.
inline double share_of_tolerance(const ag::Tensor& tensor_found, const ag::Tensor& tensor_expected,
                                 Tolerance allowed) {
  const ag::Tensor found = tensor_found.to(ag::Device::CPU), expected = tensor_expected.to(ag::Device::CPU);
  if (found.shape() != expected.shape()) return INFINITY;
  double largest = 0, worst = 0;
  for (int64_t i = 0; i < expected.numel(); ++i)
    largest = std::max(largest, std::abs(double(expected.data()[i])));
  if (largest == 0) largest = 1;
  for (int64_t i = 0; i < expected.numel(); ++i) {
    const double e = expected.data()[i], error = std::abs(found.data()[i] - e);
    const double limit = allowed.absolute * largest + allowed.relative * std::abs(e);
    if (std::isnan(error)) return INFINITY;
    if (error > 0) worst = std::max(worst, limit > 0 ? error / limit : INFINITY);
  }
  return worst;
}

inline void check_close(const ag::Tensor& found, const ag::Tensor& expected, Tolerance allowed,
                        const std::string& what) {
  const double share = share_of_tolerance(found, expected, allowed);
  INFO(what, ": found ", ag::to_string(found), " expected ", ag::to_string(expected), ", uses ", share,
       " of the tolerance");
  CHECK(share <= 1);
}

// The device on which models run: the environment variable P2REC_TEST_DEVICE (cpu, cuda), or the CPU.
inline ag::Device device() {
  const char* name = std::getenv("P2REC_TEST_DEVICE");
  return name && std::string(name) == "cuda" ? ag::Device::CUDA : ag::Device::CPU;
}

inline nn::TensorFile fixture(const std::string& name) {
  return nn::read_safetensors(fixtures() + "/" + name);
}

// A folder that the destructor removes.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "p2rec-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The path of a real data set (ml-100k, beauty, ...), empty if it is not there:
// the test then calls skip() and returns.
inline std::string shared_data(const std::string& name) {
  const char* folder = std::getenv("P2REC_TEST_DATA");
  const std::string path = std::string(folder ? folder : "") + "/" + name;
  return folder && std::filesystem::exists(path) ? path : "";
}
// The path of a real language model, a GGUF file that `make reproduce` fetches; empty if it is not there.
inline std::string smollm2() {
  const char* path = std::getenv("P2REC_SMOLLM2");
  return path && std::filesystem::exists(path) ? path : "";
}
constexpr const char* kNoSmollm2 =
    "SmolLM2-135M-Instruct is not here; hint: P2REC_SMOLLM2=FILE.gguf, or make reproduce";
inline void skip(const std::string& why) { std::cout << "[SKIPPED] " << why << std::endl; }

}  // namespace testing
