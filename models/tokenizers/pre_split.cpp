#include "models/tokenizers/pre_split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "autograd/check.h"
#include "nn/io/text.h"

namespace models {
namespace {

// Unicode's White_Space, listed because PCRE2's \s also matches U+180E, which is no longer white space.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr const char* kDigit = R"(\p{N})";

// Replaces \s and \S (outside brackets) of a tokenizer.json's pattern by the listed set, for PCRE2.
std::string spell_out_space(std::string_view pattern) {
  std::string result;
  bool in_set = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view escape = pattern[i] == '\\' ? pattern.substr(i, 2) : std::string_view();
    if (escape == R"(\s)") {
      in_set ? result.append(kSpace) : result.append("[").append(kSpace).append("]");
    } else if (escape == R"(\S)") {
      result.append("[^").append(kSpace).append("]");
    } else {
      result += pattern[i];
      if (!escape.empty()) result += pattern[i + 1];
      if (pattern[i] == '[') in_set = true;
      if (pattern[i] == ']') in_set = false;
    }
    i += escape.empty() ? 0 : 1;
  }
  return result;
}

std::string supported_names() {
  std::string names;
  for (const PreSplitRule& rule : pre_split_rules()) {
    for (const std::string& name : rule.names) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

}  // namespace

// A compiled regular expression, as machine code if PCRE2 can make it. Thread-safe.
class PreSplit::Pattern {
 public:
  explicit Pattern(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_UCP, &error, &at, nullptr),
                pcre2_code_free);
    AG_CHECK(code_, "PCRE2 refuses a pattern at ", at, ": ", reason(error));
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // if it fails, pcre2_match interprets the pattern
  }

  // Calls matched(begin, end) for each match in a valid UTF-8 text, from left to right.
  template <class F>
  void each_match(std::string_view text, const F& matched) const {
    const std::shared_ptr<pcre2_match_data> match(pcre2_match_data_create_from_pattern(code_.get(), nullptr),
                                                  pcre2_match_data_free);
    AG_CHECK(match, "PCRE2: out of memory");
    for (size_t at = 0; at < text.size();) {
      const int result = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                     PCRE2_NO_UTF_CHECK, match.get(), nullptr);
      if (result == PCRE2_ERROR_NOMATCH) return;
      AG_CHECK(result > 0, "PCRE2 fails on a text of ", text.size(), " bytes: ", reason(result));
      const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(match.get());
      matched(ends[0], ends[1]);
      at = ends[1];
    }
  }

 private:
  static std::string reason(int error) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
  }
  std::shared_ptr<pcre2_code> code_;
};

const std::vector<PreSplitRule>& pre_split_rules() {
  static const std::string gpt2 =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
  static const auto with_digits = [](const std::string& digits) {
    return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)" + digits +
           R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  };
  static const std::vector<PreSplitRule> rules = {
      {.names = {"gpt-2", "gpt2"}, .pattern = gpt2, .digits_first = false},
      {.names = {"smollm"}, .pattern = gpt2, .digits_first = true},
      {.names = {"llama-bpe", "llama3", "llama-v3"},
       .pattern = with_digits(R"(\p{N}{1,3})"),
       .digits_first = false,
       .ignore_merges = true,
       .adds_bos = true},
      {.names = {"qwen2"}, .pattern = with_digits(R"(\p{N})"), .digits_first = false, .nfc = true},
  };
  return rules;
}

const PreSplitRule& pre_split_rule(const std::string& name, const std::string& file) {
  for (const PreSplitRule& rule : pre_split_rules()) {
    if (std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end()) return rule;
  }
  throw ag::InputError(ag::message(file, ": key 'tokenizer.ggml.pre' is ", nn::quote(name),
                                   ", a pre-tokenizer that is not supported; supported are ",
                                   supported_names()));
}

PreSplit::PreSplit(const PreSplitRule& rule)
    : digit_(rule.digits_first ? std::make_unique<Pattern>(kDigit) : nullptr),
      word_(std::make_unique<Pattern>(spell_out_space(rule.pattern))) {}

PreSplit::~PreSplit() = default;

void PreSplit::words(std::string_view text, const std::function<void(std::string_view)>& use) const {
  while (!text.empty()) {
    const size_t valid = nn::valid_utf8_length(text);
    words_between_digits(text.substr(0, valid), use);
    if (valid < text.size()) use(text.substr(valid, 1));
    text.remove_prefix(std::min(valid + 1, text.size()));
  }
}

// Splits the part between two digits as a separate text, so the pattern does not see the digit after a space.
void PreSplit::words_between_digits(std::string_view valid,
                                    const std::function<void(std::string_view)>& use) const {
  const auto words_of = [&](std::string_view part) {
    word_->each_match(part, [&](size_t begin, size_t end) { use(part.substr(begin, end - begin)); });
  };
  size_t done = 0;
  if (digit_) {
    digit_->each_match(valid, [&](size_t begin, size_t end) {
      words_of(valid.substr(done, begin - done));
      use(valid.substr(begin, end - begin));
      done = end;
    });
  }
  words_of(valid.substr(done));
}

}  // namespace models
