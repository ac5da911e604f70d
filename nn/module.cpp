#include "nn/module.h"

#include <algorithm>
#include <map>

namespace nn {

using ag::Tensor;

void check_tensors(const NamedShapes& expected, const NamedTensors& found, const std::string& problem) {
  std::map<std::string, Tensor> left(found.begin(), found.end());
  std::string list;
  for (const auto& [name, shape] : expected) {
    const auto it = left.find(name);
    if (it == left.end()) {
      list += "\n  missing: " + name;
      continue;
    }
    const Tensor& x = it->second;
    if (x.dtype() != ag::DType::Real) list += "\n  " + name + " holds integers, expected reals";
    if (x.shape() != shape) list += ag::message("\n  ", name, " has shape ", x.shape(), ", expected ", shape);
    left.erase(it);
  }
  for (const auto& [name, tensor] : left) list += "\n  unexpected: " + name;
  INPUT_CHECK(list.empty(), problem, ":", list);
}

Tensor Module::parameter(const std::string& name, ag::Shape shape) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  tensor.set_requires_grad();
  parameters_.emplace_back(name, tensor);
  return tensor;
}

void Module::collect(const std::string& prefix, NamedTensors& found) const {
  for (const auto& [name, tensor] : parameters_) {
    const bool listed =
        std::any_of(found.begin(), found.end(), [&t = tensor](const auto& f) { return f.second.same_as(t); });
    if (!listed) found.emplace_back(prefix + name, tensor);
  }
  for (const auto& [name, module] : children_) module->collect(prefix + name + ".", found);
}

NamedTensors Module::named_parameters() const {
  NamedTensors found;
  collect("", found);
  return found;
}

int64_t Module::parameter_count() const {
  int64_t count = 0;
  for (const auto& [name, tensor] : named_parameters()) count += tensor.numel();
  return count;
}

void Module::visit_modules(const std::function<void(const std::string&, Module&)>& visit) {
  visit("", *this);
  for (const auto& [name, module] : children_) {
    const std::string& own = name;
    module->visit_modules(
        [&](const std::string& below, Module& m) { visit(below.empty() ? own : own + "." + below, m); });
  }
}

void Module::load(const NamedTensors& tensors, const std::string& where) {
  const NamedTensors own = named_parameters();
  NamedShapes shapes;
  for (const auto& [name, tensor] : own) shapes.emplace_back(name, tensor.shape());
  check_tensors(shapes, tensors, where + ": the tensors do not fit the model");
  const std::map<std::string, Tensor> given(tensors.begin(), tensors.end());
  for (const auto& [name, tensor] : own) Tensor(tensor).copy_from(given.at(name));
}

void Module::move_to(ag::Device device) const {
  for (const auto& [name, tensor] : named_parameters()) Tensor(tensor).move_to(device);
}

void Module::requires_grad(bool on) const {
  for (const auto& [name, tensor] : named_parameters()) Tensor(tensor).set_requires_grad(on);
}

}  // namespace nn
