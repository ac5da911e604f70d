#include "nn/module.h"

#include <algorithm>
#include <map>

namespace nn {

using ag::Tensor;

Tensor Module::parameter(const std::string& name, ag::Shape shape) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  tensor.set_requires_grad();
  parameters_.emplace_back(name, tensor);
  return tensor;
}

void Module::share_parameter(const std::string& name, const Tensor& tensor) {
  parameters_.emplace_back(name, tensor);
}

void Module::remove_parameter(const std::string& name) {
  std::erase_if(parameters_, [&](const auto& parameter) { return parameter.first == name; });
}

void Module::child(const std::string& name, Module& module) { children_.emplace_back(name, &module); }

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
  std::map<std::string, Tensor> given(tensors.begin(), tensors.end());
  std::string problems;
  const NamedTensors own = named_parameters();
  for (const auto& [name, tensor] : own) {
    const auto it = given.find(name);
    if (it == given.end()) {
      problems += "\n  missing: " + name;
    } else if (it->second.shape() != tensor.shape()) {
      problems += ag::message("\n  ", name, " has shape ", it->second.shape(), ", expected ", tensor.shape());
    }
  }
  for (const auto& [name, tensor] : given) {
    const bool known =
        std::any_of(own.begin(), own.end(), [&n = name](const auto& o) { return o.first == n; });
    if (!known) problems += "\n  unexpected: " + name;
  }
  INPUT_CHECK(problems.empty(), where, ": the tensors do not fit the model:", problems);
  for (const auto& [name, tensor] : own) Tensor(tensor).copy_from(given.at(name));
}

void Module::move_to(ag::Device device) const {
  for (const auto& [name, tensor] : named_parameters()) Tensor(tensor).move_to(device);
}

void Module::requires_grad(bool on) const {
  for (const auto& [name, tensor] : named_parameters()) Tensor(tensor).set_requires_grad(on);
}

}  // namespace nn
