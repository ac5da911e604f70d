// Comparison with another package, and the notes from which `make parity` makes tests/PARITY.md.
#pragma once

#include <string>

#include "tests/testing.h"

namespace testing {

// A component of the library that is compared with what a fixture holds. Where the environment variable P2REC_PARITY names a
// file, a line is added to it when the program ends for each part compared, of tab-separated fields:
//   component  part  packages with their versions  precision  tolerance  error  share
// The error is the largest difference as a share of the largest magnitude expected, the share that of the tolerance which was
// used; both are the worst of all comparisons of that part.
class Parity {
 public:
  Parity(std::string component, const nn::TensorFile& fixture);  // whose metadata names the packages

  // check_close. `part` is what the table lists ("gradients"), `name` what a message says.
  void check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected, Tolerance allowed,
             const std::string& name) const;
  void check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected,
             Tolerance allowed) const;
  // A comparison with a measure of its own: the error must be at most `allowed`, of what `unit` says ("of the range").
  void check_error(const std::string& part, double error, double allowed, const std::string& unit) const;

 private:
  void note(const std::string& part, const std::string& allowed, double error, double share) const;
  std::string component_, packages_;
};

}  // namespace testing
