#include "models/tokenizers/bpe_tokenizer.h"
#include "models/tokenizers/tokenizer_json.h"
#include "nn/io/json.h"
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

void write_tokenizer_json(const nn::Path& file, const GgufFile& gguf) {
  const std::string family = gguf.text("tokenizer.ggml.model");
  INPUT_CHECK(family == "gpt2", gguf.path(), ": key 'tokenizer.ggml.model' is ", quote(family),
              "; only 'gpt2' (byte-level BPE) can be written as a tokenizer.json");
  const PreSplitRule& rule = pre_split_rule(gguf.text("tokenizer.ggml.pre"), gguf.path());
  tokenizer_from_gguf(gguf);  // checks the vocabulary
  const std::vector<std::string> tokens = gguf.texts("tokenizer.ggml.tokens");
  std::vector<int64_t> types(tokens.size(), kNormal);
  if (gguf.has("tokenizer.ggml.token_type")) types = gguf.integers("tokenizer.ggml.token_type");

  Json vocab = Json::object(), added = Json::array();
  for (size_t id = 0; id < tokens.size(); ++id) {
    INPUT_CHECK(valid_utf8_length(tokens[id]) == tokens[id].size(), gguf.path(), ": token ", id, ", ",
                quote(tokens[id]), ", is not valid UTF-8, which JSON cannot hold");
    vocab[tokens[id]] = id;
    if ((types[id] != kControl && types[id] != kUserDefined) || tokens[id].empty()) continue;
    added.push_back({{"id", id},
                     {"content", tokens[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", types[id] == kControl}});
  }
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
        {"ignore_merges", rule.ignore_merges},
        {"vocab", vocab},
        {"merges", gguf.texts("tokenizer.ggml.merges")}}}};
  nn::write_atomically(file, nn::json_text(json, 1) + "\n");
}

}  // namespace models
