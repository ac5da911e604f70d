// Tensor: a handle to a contiguous, row-major block of numbers that carries its own gradient history.
//
// Copying a Tensor copies the handle; both then see the same numbers, gradient and history, as in PyTorch.
// Numbers are computed where they lie: an op's Real tensors must be on one device. Tensors of I32 (ids,
// targets, offsets) stay on the CPU, where ops check them; an op moves them to where its kernels run. data()
// and ints() are addresses on the device.
//
// There are no strides: a transpose is a flag of gemm, and attention takes (tokens, heads, head size).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "autograd/device.h"
#include "autograd/storage.h"

namespace ag {

// The library is built twice: f32 is the product, f64 its twin for checking formulas.
#ifdef P2REC_F64
using real = double;
#else
using real = float;
#endif

enum class DType : uint8_t {
  Real,  // `real`
  I32,   // token ids, item ids, offsets; never differentiable
};
int64_t size_of(DType dtype);
const char* name_of(DType dtype);  // "f32" or "f64", "i32"

using Shape = std::vector<int64_t>;
int64_t numel(const Shape& shape);

struct Node;  // tape.h

class Tensor {
 public:
  Tensor() = default;  // undefined: no storage, no shape

  static Tensor empty(Shape shape, DType dtype = DType::Real, Device device = Device::CPU);
  static Tensor zeros(Shape shape, DType dtype = DType::Real, Device device = Device::CPU);
  static Tensor full(Shape shape, real value, Device device = Device::CPU);
  static Tensor from(Shape shape, const std::vector<double>& values);        // Real
  static Tensor from_ints(Shape shape, const std::vector<int32_t>& values);  // I32
  static Tensor from_ints(const std::vector<int32_t>& values);               // I32, one dimension

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const;
  int64_t rank() const { return static_cast<int64_t>(shape().size()); }
  int64_t dim(int64_t i) const;  // negative counts from the end: dim(-1) is the last
  int64_t numel() const;
  DType dtype() const;
  Device device() const;

  real* data() const;                // of a Real tensor
  int32_t* ints() const;             // of an I32 tensor
  real item() const;                 // the number in a tensor of one element, wherever it is
  std::vector<real> values() const;  // likewise

  // Same numbers, another shape, no history. The differentiable form is ag::reshape.
  Tensor view(Shape shape) const;
  // Rows [begin, end) of the first dimension: same memory, no history. The differentiable form is ag::slice.
  Tensor rows(int64_t begin, int64_t end) const;
  Tensor detach() const;                 // same numbers, no history
  Tensor clone() const;                  // a copy of the numbers, no history
  void copy_from(const Tensor& source);  // same shape and dtype, from any device
  Tensor to(Device device) const;        // this tensor if it is there, else a copy of the numbers, no history
  void move_to(Device device);           // of a leaf without a gradient: all its handles then see it there
  void fill(real value);

  // --- gradient --------------------------------------------------------------------------------------------
  bool requires_grad() const;                            // a leaf that was asked to, or a result of one
  Tensor& set_requires_grad(bool requires_grad = true);  // leaves only
  Tensor grad() const;                                   // undefined until backward() has reached this leaf
  void set_grad(Tensor gradient) const;
  void zero_grad() const { set_grad({}); }
  bool is_leaf() const;
  const std::shared_ptr<Node>& node() const;  // the tape's entry that made this tensor, or null
  void set_node(std::shared_ptr<Node> node);  // used by record()

  // True if no other tensor shares these numbers: only then may they be written in place.
  bool owns_alone() const;
  bool same_as(const Tensor& other) const { return impl_ == other.impl_; }

 private:
  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const;
  Tensor part(int64_t first, Shape shape) const;  // the same memory from element `first` on, no history
  std::shared_ptr<Impl> impl_;
};

Tensor empty_like(const Tensor& x);
Tensor zeros_like(const Tensor& x);

// "(2, 3) f32 [0.1, 0.2, ...]": for messages and for looking around.
std::string to_string(const Tensor& x, int64_t most = 8);

}  // namespace ag
