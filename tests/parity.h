// Comparisons with other packages, and the notes from which `make parity` makes tests/PARITY.md.
#pragma once

#include <string>

#include "tests/testing.h"

namespace testing {

// A component of the library that is compared with a fixture. If the environment variable P2REC_PARITY names
// a file, the program appends a line to it at its end for each part compared, with tab-separated fields:
//   component  part  packages with their versions  precision  tolerance  error  share
// The error is the largest difference divided by the largest expected magnitude; the share is the part of the
// tolerance that was used. Both are the worst of all comparisons of the part.
class Parity {
 public:
  Parity(std::string component, const nn::TensorFile& fixture);  // the fixture's metadata names the packages

  // Calls check_close. `part` is the name in the table ("gradients"), `name` the name in a message.
  void check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected, Tolerance allowed,
             const std::string& name) const;
  void check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected,
             Tolerance allowed) const;
  // A comparison with another measure: the error must be at most `allowed`;
  // `unit` names its unit ("of the range").
  void check_error(const std::string& part, double error, double allowed, const std::string& unit) const;

 private:
  void note(const std::string& part, const std::string& allowed, double error, double share) const;
  std::string component_, packages_;
};

}  // namespace testing
