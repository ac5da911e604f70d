// Module: named parameters and children, so that a model can be listed, loaded, saved and optimised by name.
//
// Names are Hugging Face's: a child's name and its parameter's, joined by dots
// ("layers.0.self_attn.q_proj.weight"). A derived class is called by its own operator() or by named
// functions; nothing here is virtual but the destructor.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/safetensors.h"

namespace nn {

// Names and shapes of tensors.
using NamedShapes = std::vector<std::pair<std::string, ag::Shape>>;

// Throws ag::InputError: `problem`, and a list of what is missing, unexpected, or of another shape or kind.
void check_tensors(const NamedShapes& expected, const NamedTensors& found, const std::string& problem);

class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;  // its children are registered by address
  Module& operator=(const Module&) = delete;

  // All parameters, this module's first, then the children's in the order of their registration. A tensor
  // that is shared by two modules is listed once, under its first name.
  NamedTensors named_parameters() const;
  int64_t parameter_count() const;

  // Calls visit(full name, module) for this module (with the empty name) and all below it.
  void visit_modules(const std::function<void(const std::string&, Module&)>& visit);

  // Copies the numbers in. Strict: throws ag::InputError listing the names that are missing, unexpected or of
  // another shape; `where` names the file in the message.
  void load(const NamedTensors& tensors, const std::string& where);

  void requires_grad(bool on) const;      // of all parameters
  void move_to(ag::Device device) const;  // all parameters; before an optimiser is made for them

 protected:
  // Registers a parameter; its numbers are set by an initialiser (init.h) or by load().
  ag::Tensor parameter(const std::string& name, ag::Shape shape);
  void share_parameter(const std::string& name, const ag::Tensor& tensor) {
    parameters_.emplace_back(name, tensor);
  }
  void remove_parameter(const std::string& name) {
    std::erase_if(parameters_, [&](const auto& parameter) { return parameter.first == name; });
  }
  void child(const std::string& name, Module& module) { children_.emplace_back(name, &module); }

 private:
  void collect(const std::string& prefix, NamedTensors& found) const;
  NamedTensors parameters_;
  std::vector<std::pair<std::string, Module*>> children_;
};

}  // namespace nn
