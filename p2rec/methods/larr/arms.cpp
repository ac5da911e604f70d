#include "p2rec/methods/larr/arms.h"

#include <algorithm>

namespace p2rec {
namespace {

std::vector<std::string> arm_names() {
  std::vector<std::string> names;
  for (const LarrArm& arm : larr_arms()) names.emplace_back(arm.name);
  return names;
}

}  // namespace

const char* name_of(Adapted adapted) {
  switch (adapted) {
    case Adapted::Not:
      return "untuned";
    case Adapted::Pretrained:
      return "pretrained";
    case Adapted::Contrasted:
      return "contrasted";
    case Adapted::Both:
      return "both";
  }
  throw ag::Error("unknown adaptation");
}

const std::vector<LarrArm>& larr_arms() {
  static const std::vector<LarrArm> arms = {
      {.name = "one_hot",
       .meaning = "the same MLP on one-hot features, without texts",
       .texts = false,
       .align = false},
      {.name = "larr", .meaning = "all steps"},
      {.name = "no_pretrain", .meaning = "without step 1", .adapted = Adapted::Contrasted},
      {.name = "no_contrast", .meaning = "without step 2", .adapted = Adapted::Pretrained},
      {.name = "no_align", .meaning = "without step 5", .align = false},
      {.name = "untuned", .meaning = "without steps 1, 2 and 5", .adapted = Adapted::Not, .align = false},
      {.name = "only_texts", .meaning = "all steps, without one-hot features", .one_hot = false},
      {.name = "shuffled",
       .meaning = "all steps, the texts' states shuffled: the gain must vanish",
       .shuffled = true}};
  return arms;
}

const LarrArm& larr_arm(const std::string& name) {
  return *std::ranges::find_if(larr_arms(), [&](const LarrArm& arm) { return name == arm.name; });
}

LarrArmsConfig::LarrArmsConfig() : arms(arm_names()) {}

void describe(LarrArmsConfig& c, const nn::Visit& visit) {
  visit({"arms", "click models to compare, separated by commas", nn::kAny, arm_names()}, &c.arms);
}

}  // namespace p2rec
