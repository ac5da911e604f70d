// The click models that a run compares.
#pragma once

#include <string>
#include <vector>

#include "nn/io/describe.h"

namespace p2rec {

// Which steps trained the language model before it embeds the texts.
enum class Adapted : uint8_t { Not, Pretrained, Contrasted, Both };
constexpr Adapted kAdapted[] = {Adapted::Not, Adapted::Pretrained, Adapted::Contrasted, Adapted::Both};
const char* name_of(Adapted adapted);  // "both"

struct LarrArm {
  const char *name, *meaning;
  bool texts = true;
  Adapted adapted = Adapted::Both;
  bool one_hot = true, align = true, shuffled = false;
};
// The first one is the control on one-hot features, whose item vectors the others are aligned with.
const std::vector<LarrArm>& larr_arms();
const LarrArm& larr_arm(const std::string& name);

struct LarrArmsConfig {
  std::vector<std::string> arms;  // all by default; always with the first one
  LarrArmsConfig();
};
void describe(LarrArmsConfig& config, const nn::Visit& visit);

}  // namespace p2rec
