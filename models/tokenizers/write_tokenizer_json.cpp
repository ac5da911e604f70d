#include "models/tokenizers/write_tokenizer_json.h"

#include "nn/io/json.h"
#include "nn/io/text.h"
#include "nn/io/utf8.h"

namespace models {

using nn::Json;

std::string pre_tokenizer_json(const PreSplitRule& rule) {
  const auto byte_level = [](bool use_regex) {
    return Json{{"type", "ByteLevel"},
                {"add_prefix_space", false},
                {"trim_offsets", false},
                {"use_regex", use_regex}};
  };
  const std::string& own = pre_split_rules().front().pattern;  // ByteLevel's
  Json steps = Json::array();
  if (rule.digits_first) steps.push_back({{"type", "Digits"}, {"individual_digits", true}});
  if (rule.pattern != own) {
    steps.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", rule.pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  steps.push_back(byte_level(rule.pattern == own));
  return nn::json_text(steps.size() == 1 ? steps[0] : Json{{"type", "Sequence"}, {"pretokenizers", steps}});
}

void write_tokenizer_json(const nn::Path& file, const BpeVocabulary& vocabulary, const PreSplitRule& rule) {
  Json vocab = Json::object(), added = Json::array(), merges = Json::array();
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& token = vocabulary.tokens[id];
    INPUT_CHECK(nn::valid_utf8_length(token) == token.size(), vocabulary.file, ": token ", id, ", ",
                nn::quote(token), ", is not valid UTF-8, which JSON cannot hold");
    vocab[token] = id;
  }
  for (const AddedToken& token : vocabulary.added) {
    added.push_back({{"id", token.id},
                     {"content", token.text},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", token.normalized},
                     {"special", vocabulary.type(static_cast<size_t>(token.id)) == kControl}});
  }
  for (const auto& [left, right] : vocabulary.merges) merges.push_back(left + " " + right);
  const Json json = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer", rule.nfc ? Json{{"type", "NFC"}} : Json()},
      {"pre_tokenizer", nn::parse_json<Json>(pre_tokenizer_json(rule), rule.names[0])},
      {"post_processor", nullptr},
      {"decoder",
       {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", true}}},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", nullptr},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", false},
        {"byte_fallback", false},
        {"ignore_merges", vocabulary.ignore_merges},
        {"vocab", vocab},
        {"merges", merges}}}};
  nn::write_atomically(file, nn::json_text(json, 1) + "\n");
}

}  // namespace models
