// The ops as autograd/ops.h declares them, read from its text: what a test of "every op" compares its list with.
#pragma once

#include <map>
#include <set>
#include <string>

namespace testing {

// Every free function of ops.h -> its declaration: "Tensor exp(const Tensor& x);".
const std::map<std::string, std::string>& declared_functions();

// The functions that return a Tensor: the differentiable ops.
const std::set<std::string>& declared_ops();

// The op that a case is named after: the longest one that its name is, or begins with before an underscore; "" if none.
std::string op_of(const std::string& case_name);

}  // namespace testing
