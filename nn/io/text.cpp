#include "nn/io/text.h"

namespace nn {

std::string quote(const std::string& name) {
  constexpr size_t kMost = 80;
  std::string text = name.substr(0, kMost);
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return "'" + text + (name.size() > kMost ? "...'" : "'");
}

}  // namespace nn
