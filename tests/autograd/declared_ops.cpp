#include "tests/autograd/declared_ops.h"
#include "tests/paths.h"

#include <regex>

#include "nn/io/files.h"

namespace testing {

const std::map<std::string, std::string>& declared_functions() {
  static const std::map<std::string, std::string> functions = [] {
    const std::string header = nn::read_file(fixtures() + "/../../autograd/ops.h", "header");
    // A declaration begins in the first column, unlike class members; it may take several lines.
    const std::regex declaration(R"((^|\n)([A-Za-z_][\w:<>]* (\w+)\([^;]*\);))");
    std::map<std::string, std::string> found;
    for (std::sregex_iterator it(header.begin(), header.end(), declaration), end; it != end; ++it)
      found[(*it)[3]] = (*it)[2];
    return found;
  }();
  return functions;
}

const std::set<std::string>& declared_ops() {
  static const std::set<std::string> ops = [] {
    std::set<std::string> names;
    for (const auto& [name, declaration] : declared_functions()) {
      if (declaration.starts_with("Tensor ")) names.insert(name);
    }
    return names;
  }();
  return ops;
}

std::string op_of(const std::string& case_name) {
  std::string longest;
  for (const std::string& op : declared_ops()) {
    if ((case_name + "_").starts_with(op + "_") && op.size() > longest.size()) longest = op;
  }
  return longest;
}

}  // namespace testing
