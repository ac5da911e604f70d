// Every op of ops.h has a case, every case has its fixture, and every op is tested
// in the situations that break kernels.
#include <algorithm>
#include <map>

#include "tests/autograd/declared_ops.h"
#include "tests/autograd/op_runs.h"

using testing::declared_functions;
using testing::declared_ops;
using testing::op_cases;
using testing::op_of;
using testing::OpCase;

namespace {

// The functions of ops.h that are not differentiable ops, and why they need no case.
const std::map<std::string, std::string> kNoOps = {
    {"linear_cross_entropy_block",
     "a number of rows: nothing to differentiate; linear_cross_entropy's cases use it"},
    {"rotation", "angles of positions: nothing to differentiate; rotary's cases use it"},
};

// --- situations --------------------------------------------------------------------------------------------

bool has_odd_sizes(const OpCase& c) {
  const auto odd = [](int64_t size) { return size % 2 == 1; };
  return ag::numel(c.shapes[0]) > 1 && std::all_of(c.shapes.begin(), c.shapes.end(), [&](const ag::Shape& s) {
           return std::all_of(s.begin(), s.end(), odd);
         });
}

bool has_one_row(const OpCase& c) { return c.shapes[0].size() == 1 || c.shapes[0][0] == 1; }

bool is_named(const OpCase& c, const std::string& situation) {
  const std::string positive = "_positive";
  std::string name = c.name;
  if (name.ends_with(positive)) name.resize(name.size() - positive.size());
  return name.ends_with(situation);
}

// An op without a case for a situation, and why.
struct Exempt {
  std::string op, reason;
};

struct Situation {
  std::string name;
  bool (*holds)(const OpCase&);
  bool (*concerns)(const std::string& declaration);  // true if the op needs a case for it
  std::vector<Exempt> exempt;
};

const std::vector<Situation>& situations() {
  static const std::string moves = "it moves numbers or drops them, whatever they are";
  static const auto every_op = [](const std::string&) { return true; };
  static const std::vector<Situation> list = {
      {"odd sizes",
       has_odd_sizes,
       every_op,
       {{"rotary", "the size of a head is even; rotary_far has an odd number of tokens and of heads"}}},
      {"one row", has_one_row, every_op, {}},
      {"large magnitude",
       [](const OpCase& c) { return is_named(c, "_large"); },
       every_op,
       {{"relu", moves},
        {"dropout", moves},
        {"reshape", moves},
        {"concat", moves},
        {"slice", moves},
        {"embedding", moves}}},
      {"an empty sequence",
       [](const OpCase& c) { return is_named(c, "_empty_sequence"); },
       [](const std::string& declaration) { return declaration.find("Offsets") != std::string::npos; },
       {}},
  };
  return list;
}

bool is_tried(const std::string& op, const Situation& situation) {
  return std::any_of(op_cases().begin(), op_cases().end(),
                     [&](const OpCase& c) { return op_of(c.name) == op && situation.holds(c); });
}

}  // namespace

TEST_CASE("every op has a case and every case an op") {
  CHECK(declared_ops().size() > 30);
  std::set<std::string> used, names;
  for (const OpCase& c : op_cases()) {
    CAPTURE(c.name);
    CHECK(names.insert(c.name).second);
    CHECK_FALSE(op_of(c.name).empty());
    used.insert(op_of(c.name));
  }
  for (const auto& [function, declaration] : declared_functions()) {
    const std::string& shown = declaration;
    INFO(shown, "; hint: an op needs a case in tests/autograd/op_cases.cpp, anything else a reason above");
    CHECK((kNoOps.contains(function) || used.contains(function)));
    CHECK_FALSE((kNoOps.contains(function) && declared_ops().contains(function)));
  }
  for (const auto& no_op : kNoOps) CHECK_MESSAGE(declared_functions().contains(no_op.first), no_op.first);
  MESSAGE(declared_ops().size(), " ops, ", op_cases().size(), " cases");
}

TEST_CASE("a case runs the op that it is named after") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(c.name);
    auto inputs = testing::inputs_of(c, true);
    const ag::Tensor y = c.op(inputs);
    REQUIRE(y.node());
    const std::string op = op_of(c.name);
    if (op == "mse" || op.ends_with("_composed")) continue;  // these consist of other ops
    CHECK(std::string(y.node()->op) == op);
  }
}

TEST_CASE(
    "every op is tried with odd sizes, one row, large numbers, and packed ones with an empty sequence") {
  for (const Situation& situation : situations()) {
    std::set<std::string> exempt;
    for (const Exempt& e : situation.exempt) exempt.insert(e.op);
    for (const std::string& op : declared_ops()) {
      if (!situation.concerns(declared_functions().at(op))) continue;
      INFO(op, ", ", situation.name, "; hint: a case in tests/autograd/op_cases.cpp, or a reason above");
      CHECK(is_tried(op, situation) != exempt.contains(op));
      exempt.erase(op);
    }
    CHECK(exempt.empty());  // no exemption is left over, so each names an op
  }
}

TEST_CASE("the fixture holds these cases and no others, made from the same PyTorch lines") {
  const nn::TensorFile& file = testing::op_fixture();
  std::set<std::string> tensors, lines;
  for (const auto& [name, tensor] : file.tensors) tensors.insert(name);
  for (const auto& [key, value] : file.metadata) {
    if (key.ends_with(".pytorch")) lines.insert(key);
  }
  for (const OpCase& c : op_cases()) {
    CHECK_MESSAGE(testing::in_fixture(c), c.name, testing::kNoFixture);
    lines.erase(c.name + ".pytorch");
    for (size_t i = 0; i < c.shapes.size(); ++i) {
      tensors.erase(testing::numbered(c.name + ".x", i));
      tensors.erase(testing::numbered(c.name + ".dx", i));
    }
    tensors.erase(c.name + ".y");
    tensors.erase(c.name + ".r");
  }
  const std::string left = (lines.empty() ? "" : *lines.begin()) + (tensors.empty() ? "" : *tensors.begin());
  CHECK_MESSAGE((lines.empty() && tensors.empty()), "of no case: ", left);
}
