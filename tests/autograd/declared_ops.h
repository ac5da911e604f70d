// The ops that autograd/ops.h declares, read from its text. Tests of every op compare their lists with these.
#pragma once

#include <map>
#include <set>
#include <string>

namespace testing {

// Every free function of ops.h -> its declaration: "Tensor exp(const Tensor& x);".
const std::map<std::string, std::string>& declared_functions();

// The functions that return a Tensor: the differentiable ops.
const std::set<std::string>& declared_ops();

// The op of a case: the longest op whose name is the case's name, or its beginning before an underscore; ""
// if there is none.
std::string op_of(const std::string& case_name);

}  // namespace testing
