// Tensor: a handle to a contiguous, row-major block of numbers with its gradient history.
//
// Copying a Tensor copies the handle; both copies share numbers, gradient and history, as in PyTorch. An op
// runs on the device of its Real tensors, which must all be on one device. I32 tensors (ids, targets,
// offsets) stay on the CPU, where ops check them; an op copies them to the device of its kernels. data() and
// ints() are addresses on the tensor's device.
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

// The library is built twice: f32 for use, f64 for checking formulas.
#ifdef P2REC_F64
using real = double;
#else
using real = float;
#endif

enum class DType : uint8_t {
  Real,  // `real`
  I32,   // token ids, item ids, offsets; never differentiable
  BF16,  // frozen weights in half the memory: the upper 16 bits of a float; never differentiable
};
int64_t size_of(DType dtype);
const char* name_of(DType dtype);  // "f32" or "f64", "i32", "bf16"

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
  uint16_t* bf16() const;            // the bits of a BF16 tensor
  real item() const;                 // the number in a tensor of one element, on any device
  std::vector<real> values() const;  // all numbers, from any device

  // The same numbers with another shape, without history. The differentiable form is ag::reshape.
  Tensor view(Shape shape) const;
  // Rows [begin, end): the same memory without history. The differentiable form is ag::slice.
  Tensor rows(int64_t begin, int64_t end) const;
  Tensor detach() const;                 // the same memory, without history
  Tensor clone() const;                  // a copy of the numbers, without history
  void copy_from(const Tensor& source);  // same shape and dtype, any device
  Tensor to(Device device) const;        // this tensor if it is there, else a copy without history
  void move_to(Device device);           // moves a leaf without a gradient, for all its handles
  void round_to_bf16();                  // makes a Real leaf without a gradient BF16, for all its handles
  Tensor widened() const;                // a BF16 tensor as a new Real one; a Real one as it is
  void fill(real value);

  // --- gradient --------------------------------------------------------------------------------------------
  bool requires_grad() const;                            // set on a leaf, or computed from such a leaf
  Tensor& set_requires_grad(bool requires_grad = true);  // leaves only
  Tensor grad() const;                                   // undefined until backward() has reached this leaf
  void set_grad(Tensor gradient) const;
  void zero_grad() const { set_grad({}); }
  bool is_leaf() const;
  const std::shared_ptr<Node>& node() const;  // the tape's node that made this tensor, or null
  void set_node(std::shared_ptr<Node> node);  // used by record()

  // True if no other tensor shares this memory. Only then may it be written in place.
  bool owns_alone() const;
  bool same_as(const Tensor& other) const { return impl_ == other.impl_; }

 private:
  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const;
  Tensor part(int64_t first, Shape shape) const;  // the same memory from element `first` on, without history
  std::shared_ptr<Impl> impl_;
};

// Throws ag::Error, naming the op or kernel, if x is not on the device of its first tensor.
void check_device(const char* name, Device device, const Tensor& x);

Tensor empty_like(const Tensor& x);
Tensor zeros_like(const Tensor& x);

// "(2, 3) f32 [0.1, 0.2, ...]", with at most `most` numbers: for messages and debugging.
std::string to_string(const Tensor& x, int64_t most = 8);

}  // namespace ag
