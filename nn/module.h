// Module: named parameters and children, so that a model can be listed, loaded, saved and optimised by name.
//
// Names are Hugging Face's: the names of the children and of the parameter, joined by dots
// ("layers.0.self_attn.q_proj.weight"). A derived class has its own operator() or named functions; only the
// destructor is virtual.
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

// Throws ag::InputError if tensors are missing, unexpected, or have another shape or kind of number. The
// message is `problem` and a list of these tensors.
void check_tensors(const NamedShapes& expected, const NamedTensors& found, const std::string& problem);

class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;  // children are registered by their address
  Module& operator=(const Module&) = delete;

  // All parameters: this module's first, then the children's in the order of registration. A tensor that two
  // modules share is listed once, under its first name.
  NamedTensors named_parameters() const;
  int64_t parameter_count() const;

  // Calls visit(full name, module) for this module (with an empty name) and all modules below it.
  void visit_modules(const std::function<void(const std::string&, Module&)>& visit);

  // Copies the numbers into the parameters. Throws ag::InputError, which lists the tensors that are missing,
  // unexpected or of another shape; `where` names the file in the message.
  void load(const NamedTensors& tensors, const std::string& where);

  void requires_grad(bool on) const;      // sets it for all parameters
  void move_to(ag::Device device) const;  // moves all parameters; call it before making an optimiser

 protected:
  // Registers a parameter. An initialiser (init.h) or load() sets its numbers.
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
