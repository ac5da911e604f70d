#include "models/tokenizers/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "autograd/check.h"
#include "nn/io/text.h"

namespace models {
namespace {

std::string compose(std::string_view valid) {
  utf8proc_uint8_t* out = nullptr;
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
                                   static_cast<utf8proc_ssize_t>(valid.size()), &out,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::shared_ptr<utf8proc_uint8_t> guard(out, std::free);
  AG_CHECK(length >= 0, "utf8proc fails on a text of ", valid.size(), " bytes: ", utf8proc_errmsg(length));
  return {reinterpret_cast<const char*>(out), static_cast<size_t>(length)};
}

std::string nfc(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    const size_t valid = nn::valid_utf8_length(text);
    if (valid > 0) result += compose(text.substr(0, valid));
    const size_t used = std::min(valid + 1, text.size());
    result += text.substr(valid, used - valid);
    text.remove_prefix(used);
  }
  return result;
}

std::string replace(std::string_view text, const std::string& from, const std::string& by) {
  std::string result;
  for (size_t at = 0;;) {
    const size_t found = text.find(from, at);
    result += text.substr(at, found - at);
    if (found == std::string_view::npos) return result;
    result += by;
    at = found + from.size();
  }
}

}  // namespace

std::string normalize(std::string_view text, const Normalizer& steps) {
  std::string result(text);
  for (const auto& [kind, text_of_step, by] : steps) {
    if (kind == NormalizerStep::Kind::Nfc) result = nfc(result);
    if (kind == NormalizerStep::Kind::Prepend && !result.empty()) result.insert(0, text_of_step);
    if (kind == NormalizerStep::Kind::Replace) {
      AG_CHECK(!text_of_step.empty(), "normalize: nothing to replace");
      result = replace(result, text_of_step, by);
    }
  }
  return result;
}

}  // namespace models
