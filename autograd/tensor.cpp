#include "autograd/tensor.h"

#include <algorithm>
#include <type_traits>

#include "autograd/kernels.h"
#include "autograd/tape.h"

namespace ag {

struct Tensor::Impl {
  std::shared_ptr<Storage> storage;
  int64_t offset = 0;  // bytes
  Shape shape;
  DType dtype = DType::Real;
  bool requires_grad = false;
  Tensor grad;
  std::shared_ptr<Node> node;
};

int64_t size_of(DType dtype) {
  if (dtype == DType::BF16) return sizeof(uint16_t);
  return dtype == DType::Real ? sizeof(real) : sizeof(int32_t);
}

const char* name_of(DType dtype) {
  if (dtype == DType::I32) return "i32";
  if (dtype == DType::BF16) return "bf16";
  return std::is_same_v<real, float> ? "f32" : "f64";
}

int64_t numel(const Shape& shape) {
  constexpr int64_t kMost = int64_t{1} << 59;  // so that the bytes fit an int64_t too
  int64_t n = 1;
  for (int64_t d : shape) {
    AG_CHECK(d >= 0, "Tensor: shape ", shape, " has a negative dimension");
    AG_CHECK(!__builtin_mul_overflow(n, d, &n) && n <= kMost, "Tensor: shape ", shape,
             " has too many elements");
  }
  return n;
}

Tensor Tensor::empty(Shape shape, DType dtype, Device device) {
  auto impl = std::make_shared<Impl>();
  impl->storage = std::make_shared<Storage>(ag::numel(shape) * size_of(dtype), device);
  impl->shape = std::move(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::zeros(Shape shape, DType dtype, Device device) {
  Tensor x = empty(std::move(shape), dtype, device);
  zero_memory(x.impl_->storage->data(), device, x.numel() * size_of(dtype));
  return x;
}

Tensor Tensor::full(Shape shape, real value, Device device) {
  Tensor x = empty(std::move(shape), DType::Real, device);
  x.fill(value);
  return x;
}

Tensor Tensor::from(Shape shape, const std::vector<double>& values) {
  Tensor x = empty(std::move(shape));
  AG_CHECK(x.numel() == static_cast<int64_t>(values.size()), "Tensor::from: shape ", x.shape(), " needs ",
           x.numel(), " values but ", values.size(), " were given");
  std::transform(values.begin(), values.end(), x.data(), [](double v) { return static_cast<real>(v); });
  return x;
}

Tensor Tensor::from_ints(Shape shape, const std::vector<int32_t>& values) {
  Tensor x = empty(std::move(shape), DType::I32);
  AG_CHECK(x.numel() == static_cast<int64_t>(values.size()), "Tensor::from_ints: shape ", x.shape(),
           " needs ", x.numel(), " values but ", values.size(), " were given");
  std::copy(values.begin(), values.end(), x.ints());
  return x;
}

Tensor Tensor::from_ints(const std::vector<int32_t>& values) {
  return from_ints({static_cast<int64_t>(values.size())}, values);
}

const Tensor::Impl& Tensor::impl() const {
  AG_CHECK(impl_,
           "Tensor: an undefined tensor was used; hint: it was default-constructed, or it is the gradient of "
           "a tensor that backward() has not reached");
  return *impl_;
}

const Shape& Tensor::shape() const { return impl().shape; }

int64_t Tensor::dim(int64_t i) const {
  const int64_t n = rank();
  AG_CHECK(i >= -n && i < n, "Tensor::dim: dimension ", i, " of a tensor of shape ", shape());
  return shape()[static_cast<size_t>(i < 0 ? i + n : i)];
}

int64_t Tensor::numel() const { return ag::numel(shape()); }
DType Tensor::dtype() const { return impl().dtype; }
Device Tensor::device() const { return impl().storage->device(); }

real* Tensor::data() const {
  AG_CHECK(dtype() == DType::Real, "Tensor::data: expected a tensor of reals, found ", name_of(dtype()));
  return reinterpret_cast<real*>(static_cast<char*>(impl_->storage->data()) + impl_->offset);
}

int32_t* Tensor::ints() const {
  AG_CHECK(dtype() == DType::I32, "Tensor::ints: expected a tensor of i32, found ", name_of(dtype()));
  return reinterpret_cast<int32_t*>(static_cast<char*>(impl_->storage->data()) + impl_->offset);
}

uint16_t* Tensor::bf16() const {
  AG_CHECK(dtype() == DType::BF16, "Tensor::bf16: expected a tensor of bf16, found ", name_of(dtype()));
  return reinterpret_cast<uint16_t*>(static_cast<char*>(impl_->storage->data()) + impl_->offset);
}

real Tensor::item() const {
  AG_CHECK(numel() == 1, "Tensor::item: the tensor has shape ", shape(), ", not one element");
  real number = 0;
  copy_memory(&number, Device::CPU, data(), device(), size_of(dtype()));
  return number;
}

std::vector<real> Tensor::values() const {
  std::vector<real> numbers(static_cast<size_t>(numel()));
  copy_memory(numbers.data(), Device::CPU, data(), device(), numel() * size_of(dtype()));
  return numbers;
}

Tensor Tensor::part(int64_t first, Shape shape) const {
  auto result = std::make_shared<Impl>();
  result->storage = impl().storage;
  result->offset = impl().offset + first * size_of(dtype());
  result->shape = std::move(shape);
  result->dtype = dtype();
  return Tensor(std::move(result));
}

Tensor Tensor::view(Shape shape) const {
  AG_CHECK(ag::numel(shape) == numel(), "Tensor::view: shape ", this->shape(), " cannot be seen as ", shape);
  return part(0, std::move(shape));
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  AG_CHECK(rank() >= 1 && 0 <= begin && begin <= end && end <= dim(0), "Tensor::rows: rows [", begin, ", ",
           end, ") of a tensor of shape ", shape());
  Shape some = shape();
  const int64_t row = some[0] ? numel() / some[0] : 0;
  some[0] = end - begin;
  return part(begin * row, std::move(some));
}

Tensor Tensor::detach() const { return view(shape()); }

Tensor Tensor::clone() const {
  Tensor copy = empty(shape(), dtype(), device());
  copy.copy_from(*this);
  return copy;
}

void Tensor::copy_from(const Tensor& source) {
  AG_CHECK(shape() == source.shape() && dtype() == source.dtype(), "Tensor::copy_from: ", shape(), " ",
           name_of(dtype()), " from ", source.shape(), " ", name_of(source.dtype()));
  const auto* source_bytes = static_cast<const char*>(source.impl_->storage->data()) + source.impl_->offset;
  auto* bytes = static_cast<char*>(impl_->storage->data()) + impl_->offset;
  copy_memory(bytes, device(), source_bytes, source.device(), numel() * size_of(dtype()));
}

Tensor Tensor::to(Device device) const {
  if (this->device() == device) return *this;
  Tensor copy = empty(shape(), dtype(), device);
  copy.copy_from(*this);
  return copy;
}

void Tensor::move_to(Device device) {
  AG_CHECK(is_leaf() && !grad().defined(), "Tensor::move_to: only a leaf without a gradient can be moved");
  const Tensor moved = to(device);
  impl_->storage = moved.impl_->storage;
  impl_->offset = moved.impl_->offset;
}

void Tensor::round_to_bf16() {
  AG_CHECK(is_leaf() && !grad().defined() && !requires_grad(),
           "Tensor::round_to_bf16: only a leaf that does not require grad can be rounded");
  const Tensor rounded = empty(shape(), DType::BF16, device());
  DISPATCH(device(), round_to_bf16, rounded, *this, numel());
  impl_->storage = rounded.impl_->storage;
  impl_->offset = 0;
  impl_->dtype = DType::BF16;
}

Tensor Tensor::widened() const {
  if (dtype() != DType::BF16) return *this;
  Tensor wide = empty(shape(), DType::Real, device());
  DISPATCH(device(), widen_bf16, wide, *this, numel());
  return wide;
}

void Tensor::fill(real value) { DISPATCH(device(), fill, *this, value, numel()); }

bool Tensor::requires_grad() const { return impl().requires_grad; }

Tensor& Tensor::set_requires_grad(bool requires_grad) {
  AG_CHECK(is_leaf(), "Tensor::set_requires_grad: this tensor was made by ", node()->op,
           "; hint: only a leaf can require grad; detach() makes one");
  AG_CHECK(dtype() == DType::Real || !requires_grad, "Tensor::set_requires_grad: a tensor of ",
           name_of(dtype()), " has no gradient");
  impl_->requires_grad = requires_grad;
  return *this;
}

Tensor Tensor::grad() const { return impl().grad; }
void Tensor::set_grad(Tensor gradient) const {
  AG_CHECK(!gradient.defined() || gradient.shape() == shape(), "Tensor::set_grad: the gradient has shape ",
           gradient.shape(), " but the tensor ", shape());
  impl_->grad = std::move(gradient);
}

bool Tensor::is_leaf() const { return impl().node == nullptr; }
const std::shared_ptr<Node>& Tensor::node() const { return impl().node; }
void Tensor::set_node(std::shared_ptr<Node> node) {
  impl_->requires_grad = true;
  impl_->node = std::move(node);
}

bool Tensor::owns_alone() const { return impl_.use_count() == 1 && impl().storage.use_count() == 1; }

void check_device(const char* name, Device device, const Tensor& x) {
  AG_CHECK(x.device() == device, name, ": its first tensor is on ", name_of(device), " but another one on ",
           name_of(x.device()), "; hint: Tensor::to moves one");
}

Tensor empty_like(const Tensor& x) { return Tensor::empty(x.shape(), x.dtype(), x.device()); }
Tensor zeros_like(const Tensor& x) { return Tensor::zeros(x.shape(), x.dtype(), x.device()); }

std::string to_string(const Tensor& given, int64_t most) {
  if (!given.defined()) return "undefined";
  const Tensor x = given.to(Device::CPU).widened();
  std::string text = message(x.shape(), ' ', name_of(given.dtype()), " [");
  for (int64_t i = 0; i < std::min(most, x.numel()); ++i) {
    if (i) text += ", ";
    if (x.dtype() == DType::Real) {
      append(text, x.data()[i]);
    } else {
      append(text, x.ints()[i]);
    }
  }
  return text + (x.numel() > most ? ", ...]" : "]");
}

}  // namespace ag
