#include "models/formats/gguf_model.h"

#include <algorithm>

#include "models/tokenizers/byte_level_bpe.h"
#include "models/tokenizers/sentencepiece_bpe.h"
#include "models/tokenizers/tokenizer_json.h"
#include "nn/io/text.h"

namespace models {
namespace {

const std::string kKey = "tokenizer.ggml.";

BpeVocabulary read_vocabulary(const GgufFile& file) {
  BpeVocabulary vocabulary;
  vocabulary.file = file.path();
  vocabulary.tokens = file.strings(kKey + "tokens");
  if (file.has(kKey + "token_type")) vocabulary.types = file.integers(kKey + "token_type");
  INPUT_CHECK(vocabulary.types.empty() || vocabulary.types.size() == vocabulary.tokens.size(), file.path(),
              ": there are ", vocabulary.tokens.size(), " tokens, but ", vocabulary.types.size(),
              " token types");
  return vocabulary;
}

// `adds_bos` is the default if the file does not say that texts begin with a bos token.
void read_special_tokens(const GgufFile& file, bool adds_bos, BpeVocabulary& vocabulary) {
  const auto id_of = [&](const std::string& name) {
    const std::string key = kKey + name + "_token_id";
    const int64_t id = file.integer(key);
    INPUT_CHECK(id >= 0 && id < std::ssize(vocabulary.tokens), file.path(), ": key '", key, "' is ", id,
                ", which is not among the ", vocabulary.tokens.size(), " tokens");
    return static_cast<int32_t>(id);
  };
  const auto is_there = [&](const std::string& name) { return file.has(kKey + name + "_token_id"); };
  const auto adds = [&](const std::string& name, bool otherwise) {
    return file.flag_or(kKey + "add_" + name + "_token", otherwise && is_there(name));
  };
  auto& [before, after, ends] = vocabulary.special;
  if (adds("bos", adds_bos)) before = {id_of("bos")};
  if (adds("eos", false)) after = {id_of("eos")};
  for (const char* name : {"eos", "eot"}) {
    if (is_there(name) && !std::ranges::count(ends, id_of(name))) ends.push_back(id_of(name));
  }
}

void refuse_flag(const GgufFile& file, const char* key, const char* family) {
  INPUT_CHECK(!file.flag_or(kKey + key, false), file.path(), ": key '", kKey, key,
              "' is true, which is not supported for ", family);
}

const PreSplitRule& split_rule(const GgufFile& file) {
  return pre_split_rule(file.string(kKey + "pre"), file.path());
}

BpeVocabulary byte_level_vocabulary(const GgufFile& file) {
  refuse_flag(file, "add_space_prefix", "byte-level BPE");
  const PreSplitRule& rule = split_rule(file);
  BpeVocabulary vocabulary = read_vocabulary(file);
  read_special_tokens(file, rule.adds_bos, vocabulary);
  const std::vector<std::string> merges = file.strings(kKey + "merges");
  for (size_t i = 0; i < merges.size(); ++i)
    vocabulary.merges.push_back(split_merge(merges[i], i, file.path()));
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const TokenType type = vocabulary.type(id);
    if ((type == kControl || type == kUserDefined) && !vocabulary.tokens[id].empty())
      vocabulary.added.push_back({static_cast<int64_t>(id), vocabulary.tokens[id]});
  }
  vocabulary.ignore_merges = rule.ignore_merges;
  if (rule.nfc) vocabulary.normalizer = {{NormalizerStep::Kind::Nfc, {}, {}}};
  return vocabulary;
}

// Control tokens are found in the unchanged text, and each part between them is a separate text with its own
// space before it. User-defined tokens are within such a part, as in SentencePiece.
std::unique_ptr<Tokenizer> sentencepiece(const GgufFile& file) {
  refuse_flag(file, "remove_extra_whitespaces", "SentencePiece's BPE");
  INPUT_CHECK(!file.has(kKey + "precompiled_charsmap"), file.path(), ": has a key '", kKey,
              "precompiled_charsmap'; SentencePiece's normalisation rules are not supported");
  BpeVocabulary vocabulary = read_vocabulary(file);
  read_special_tokens(file, true, vocabulary);
  SentencePieceOptions options;
  options.scores = file.numbers(kKey + "scores");
  INPUT_CHECK(!vocabulary.types.empty(), file.path(), ": has no key '", kKey,
              "token_type'; expected one type per token");
  INPUT_CHECK(!options.scores.empty(), file.path(), ": key '", kKey, "scores' is empty");
  const NormalizerStep mark_spaces = {NormalizerStep::Kind::Replace, " ", kSpaceMark};
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& token = vocabulary.tokens[id];
    const TokenType type = vocabulary.type(id);
    if (type == kByte) options.byte_tokens = true;
    if (type == kUnknown) {
      INPUT_CHECK(!vocabulary.unknown, file.path(), ": tokens ", *vocabulary.unknown, " and ", id,
                  " are both marked as the unknown token");
      vocabulary.unknown = static_cast<int64_t>(id);
    }
    const bool control = type == kControl || type == kUnknown, user = type == kUserDefined;
    if ((control || user) && !token.empty()) {
      vocabulary.added.push_back(
          {static_cast<int64_t>(id), user ? normalize(token, {mark_spaces}) : token, user});
    }
  }
  vocabulary.fuse_unknown = true;
  if (file.flag_or(kKey + "add_space_prefix", true))
    vocabulary.normalizer.push_back({NormalizerStep::Kind::Prepend, kSpaceMark, {}});
  vocabulary.normalizer.push_back(mark_spaces);
  return std::make_unique<SentencePieceBpe>(vocabulary, options);
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_gguf(const GgufFile& file) {
  const std::string family = file.string(kKey + "model");
  if (family == "gpt2") return std::make_unique<ByteLevelBpe>(byte_level_vocabulary(file), split_rule(file));
  if (family == "llama") return sentencepiece(file);
  throw ag::InputError(
      ag::message(file.path(), ": key '", kKey, "model' is ", nn::quote(family),
                  ", a tokenizer that is not supported; supported are 'gpt2' (byte-level BPE) "
                  "and 'llama' (SentencePiece's BPE)"));
}

void write_tokenizer_json(const nn::Path& file, const GgufFile& gguf) {
  const std::string family = gguf.string(kKey + "model");
  INPUT_CHECK(family == "gpt2", gguf.path(), ": key '", kKey, "model' is ", nn::quote(family),
              "; only 'gpt2' (byte-level BPE) can be written as a tokenizer.json");
  const BpeVocabulary vocabulary = byte_level_vocabulary(gguf);
  const ByteLevelBpe checked(vocabulary, split_rule(gguf));
  write_tokenizer_json(file, vocabulary, split_rule(gguf));
}

}  // namespace models
