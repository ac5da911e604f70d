#include "models/tokenizers/tokenizer_json.h"

#include <algorithm>
#include <set>

#include "models/tokenizers/byte_level_bpe.h"
#include "models/tokenizers/sentencepiece_bpe.h"
#include "nn/io/json.h"
#include "nn/io/text.h"

namespace models {
namespace {

using nn::Json;
using nn::JsonReader;

constexpr const char* kTokenizerFile = "tokenizer file";

// --- before the model --------------------------------------------------------------------------------------

Normalizer read_normalizer(const JsonReader& entry) {
  constexpr const char* kSupported = "NFC, Prepend, Replace of a String, or a Sequence of them";
  if (entry.json.is_null()) return {};
  const std::string type = entry["type"].string();
  if (type == "Sequence") {
    Normalizer steps;
    for (const JsonReader& part : entry["normalizers"].list()) {
      if (part.json.is_null() || part["type"].string() == "Sequence") part.refuse(kSupported);
      for (const NormalizerStep& step : read_normalizer(part)) steps.push_back(step);
    }
    return steps;
  }
  if (type == "NFC") return {{NormalizerStep::Kind::Nfc, {}, {}}};
  if (type == "Prepend") return {{NormalizerStep::Kind::Prepend, entry["prepend"].string(), {}}};
  if (type == "Replace" && entry["pattern"].has("String")) {
    const JsonReader pattern = entry["pattern"]["String"];
    if (pattern.string().empty()) pattern.refuse("a non-empty string");
    return {{NormalizerStep::Kind::Replace, pattern.string(), entry["content"].string()}};
  }
  entry.refuse(kSupported);
}

// Limits the growth: a few replacements in a row could turn a word into gigabytes.
void check_growth(const JsonReader& entry, const Normalizer& steps) {
  constexpr double kMost = 64;
  double times = 1;
  for (const NormalizerStep& step : steps) {
    if (step.kind == NormalizerStep::Kind::Replace)
      times *= std::max(1.0, static_cast<double>(step.by.size()) / static_cast<double>(step.text.size()));
  }
  INPUT_CHECK(times <= kMost, entry.place(), " can make a text ", times, " times as long; expected at most ",
              kMost, " times");
}

// Removes entries that do not change the ids, and adds entries that older files leave out.
Json in_one_form(Json pre_tokenizer) {
  if (pre_tokenizer.is_object() && pre_tokenizer.contains("pretokenizers")) {
    for (Json& part : pre_tokenizer["pretokenizers"]) part = in_one_form(part);
  }
  if (pre_tokenizer.is_object() && pre_tokenizer.value("type", Json()) == "ByteLevel") {
    pre_tokenizer["trim_offsets"] = false;
    pre_tokenizer.emplace("use_regex", true);
  }
  return pre_tokenizer;
}

const PreSplitRule* find_rule(const JsonReader& pre_tokenizer) {
  const Json found = in_one_form(pre_tokenizer.json);
  for (const PreSplitRule& rule : pre_split_rules()) {
    if (found == in_one_form(nn::parse_json<Json>(pre_tokenizer_json(rule), rule.names[0]))) return &rule;
  }
  return nullptr;
}

std::optional<Metaspace> read_metaspace(const JsonReader& entry) {
  if (entry.json.is_null()) return std::nullopt;
  if (!entry.has("type") || entry["type"].string() != "Metaspace") {
    std::string names = "Metaspace";
    for (const PreSplitRule& rule : pre_split_rules()) names += ", that of " + rule.names.front();
    entry.refuse("one of those supported: " + names);
  }
  entry.only({"type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep"});
  if (entry["replacement"].string() != kSpaceMark) entry["replacement"].refuse("U+2581");
  const std::string scheme = entry.string_or("prepend_scheme", "always");
  Metaspace metaspace;
  metaspace.split = entry.flag_or("split", true);
  if (scheme == "first") {
    metaspace.prepend = Metaspace::Prepend::First;
  } else if (scheme == "never" || !entry.flag_or("add_prefix_space", true)) {
    metaspace.prepend = Metaspace::Prepend::Never;
  } else if (scheme != "always") {
    entry["prepend_scheme"].refuse("always, first or never");
  }
  const bool agree =
      entry.flag_or("add_prefix_space", true) || scheme == "never" || !entry.has("prepend_scheme");
  if (!agree) entry["add_prefix_space"].refuse("true, since prepend_scheme is " + scheme);
  return metaspace;
}

// decode() does not use the decoder, but an unexpected decoder shows that the tokenizer is not supported.
void check_decoder(const JsonReader& entry, bool byte_level) {
  if (entry.json.is_null()) return;
  const std::set<std::string> supported =
      byte_level ? std::set<std::string>{"ByteLevel"}
                 : std::set<std::string>{"Metaspace", "Replace", "ByteFallback", "Fuse", "Strip"};
  const std::string type = entry["type"].string();
  if (type == "Sequence") {
    for (const JsonReader& part : entry["decoders"].list()) check_decoder(part, byte_level);
    return;
  }
  std::string names = "a Sequence";
  for (const std::string& name : supported) names += " or " + name;
  if (!supported.contains(type)) entry.refuse(names);
  if (type == "Replace" &&
      (entry["pattern"].json != Json{{"String", kSpaceMark}} || entry["content"].string() != " "))
    entry.refuse("U+2581 to be replaced by a space");
}

// --- model and tokens --------------------------------------------------------------------------------------

void check_model(const JsonReader& model) {
  const std::string type = model.string_or("type", "BPE");
  if (type != "BPE") {
    model["type"].refuse(std::string("'BPE'") +
                         (type == "Unigram" ? "; SentencePiece's Unigram models are not supported" : ""));
  }
  model.only({"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
              "byte_fallback", "ignore_merges", "vocab", "merges"});
  if (model.has("dropout") && model["dropout"].json != 0) model["dropout"].refuse("null or 0");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.string_or(key, "").empty()) model[key].refuse("null or an empty string");
  }
}

constexpr int64_t kMostHoles =
    1 << 16;  // ids without a token; a limit, as the largest id sets the table's size

using TokensById = std::vector<std::optional<std::string>>;  // no value: the id has no token

void put(const std::string& token, int64_t id, const JsonReader& entry, TokensById& tokens) {
  const auto i = static_cast<size_t>(id);
  if (i >= tokens.size()) tokens.resize(i + 1);
  INPUT_CHECK(!tokens[i], entry.file, ": '", entry.name, "' gives ", nn::quote(token), " the id ", i,
              ", which ", nn::quote(tokens[i].value_or("")), " has");
  tokens[i] = token;
}

TokensById read_vocab(const JsonReader& vocab) {
  if (!vocab.json.is_object()) vocab.refuse("an object of tokens and their ids");
  const int64_t size = std::ssize(vocab.json);
  TokensById tokens;
  for (const auto& item : vocab.json.items()) {
    const JsonReader id{item.value(), vocab.file, vocab.name + "." + nn::quote(item.key())};
    if (id.integer() < 0 || id.integer() >= size + kMostHoles)
      id.refuse(ag::message("0 to ", size + kMostHoles - 1, ", since there are ", size, " tokens"));
    put(item.key(), id.integer(), id, tokens);
  }
  return tokens;
}

void check_plain(const JsonReader& added) {
  for (const char* key : {"lstrip", "rstrip", "single_word"}) {
    if (added.flag_or(key, false))
      added[key].refuse(
          "false; added tokens that take the blanks beside them, or are found only as whole words, are not "
          "supported");
  }
}

// In transformers the added tokens of tokenizer_config.json replace those of tokenizer.json.
void check_replaced_tokens(const nn::Path& path) {
  if (!std::filesystem::exists(path)) return;
  const auto json = nn::read_json_object<Json>(path, kTokenizerFile);
  const JsonReader config{json, path.string(), ""};
  if (!config.has("added_tokens_decoder")) return;
  const JsonReader tokens = config["added_tokens_decoder"];
  if (!tokens.json.is_object()) tokens.refuse("an object of ids and their tokens");
  for (const auto& [id, token] : tokens.json.items())
    check_plain({token, tokens.file, tokens.name + "." + id});
}

AddedToken added_token(const JsonReader& token, int64_t id, BpeVocabulary& vocabulary) {
  token.only({"id", "content", "special", "lstrip", "rstrip", "single_word", "normalized"});
  check_plain(token);
  const bool normalized = token.flag_or("normalized", !token.flag_or("special", false));
  const std::string text = token["content"].string();
  return {id, normalized ? normalize(text, vocabulary.normalizer) : text, normalized};
}

// As in the Python package: an added token that is not in model.vocab is not used for merging, and its id is
// the next free one, even if its entry has another. Empty added tokens and repeated ones are left out.
void read_added(const JsonReader& list, const Json& vocab, TokensById& tokens, BpeVocabulary& vocabulary) {
  std::set<std::string> seen;
  int64_t next = std::ssize(vocab);
  for (const JsonReader& token : list.list()) {
    const std::string text = token["content"].string();
    if (text.empty() || !seen.insert(text).second) continue;
    const bool is_new = !vocab.contains(text);
    const int64_t id = is_new ? next : vocab.at(text).get<int64_t>();
    if (is_new) {
      put(text, id, token, tokens);
      vocabulary.outside.insert(id);
    }
    next = std::max(next, id + 1);
    vocabulary.types.resize(tokens.size(), kNormal);
    vocabulary.types[static_cast<size_t>(id)] = token.flag_or("special", false) ? kControl : kUserDefined;
    vocabulary.added.push_back(added_token(token, id, vocabulary));
  }
}

void read_tokens(const JsonReader& root, BpeVocabulary& vocabulary) {
  const JsonReader vocab = root["model"]["vocab"];
  TokensById tokens = read_vocab(vocab);
  if (root.has("added_tokens")) read_added(root["added_tokens"], vocab.json, tokens, vocabulary);
  vocabulary.types.resize(tokens.size(), kNormal);
  for (size_t id = 0; id < tokens.size(); ++id) {
    vocabulary.tokens.push_back(tokens[id].value_or(""));
    if (!tokens[id]) vocabulary.outside.insert(static_cast<int64_t>(id));
  }
}

void read_merges(const JsonReader& merges, BpeVocabulary& vocabulary) {
  if (!merges.json.is_array()) merges.refuse("a list");
  for (size_t i = 0; i < merges.json.size(); ++i) {
    const Json& merge = merges.json[i];
    const bool pair = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    if (!pair && !merge.is_string())
      JsonReader{merge, merges.file, ag::message(merges.name, "[", i, "]")}.refuse(
          "a string 'a b' or a pair of strings");
    vocabulary.merges.push_back(pair ? std::pair(merge[0].get<std::string>(), merge[1].get<std::string>())
                                     : split_merge(merge.get<std::string>(), i, merges.file));
  }
}

int64_t id_of(const std::string& token, const JsonReader& named_by, const BpeVocabulary& vocabulary) {
  const auto found = std::find(vocabulary.tokens.begin(), vocabulary.tokens.end(), token);
  if (found == vocabulary.tokens.end()) named_by.refuse("a token of the vocabulary");
  return found - vocabulary.tokens.begin();
}

// Reads the tokens that a template puts before and after a text.
void read_post_processor(const JsonReader& entry, BpeVocabulary& vocabulary) {
  if (entry.json.is_null()) return;
  const std::string type = entry["type"].string();
  if (type == "ByteLevel") return;  // changes only offsets
  if (type == "Sequence") {
    for (const JsonReader& part : entry["processors"].list()) read_post_processor(part, vocabulary);
    return;
  }
  if (type != "TemplateProcessing") entry.refuse("TemplateProcessing, ByteLevel, or a Sequence of them");
  auto& [before, after, ends] = vocabulary.special;
  if (!before.empty() || !after.empty()) entry.refuse("one template; the Python package fails on a second");
  bool has_text = false;
  for (const JsonReader& piece : entry["single"].list()) {
    if (piece.has("Sequence")) {
      if (has_text || piece["Sequence"]["id"].string() != "A") piece.refuse("the text A once");
      has_text = true;
      continue;
    }
    const std::string name = piece["SpecialToken"]["id"].string();
    for (const JsonReader& id : entry["special_tokens"][name.c_str()]["ids"].list()) {
      if (id.integer() < 0 || id.integer() > INT32_MAX) id.refuse("an id");
      (has_text ? after : before).push_back(static_cast<int32_t>(id.integer()));
    }
  }
  if (!has_text) entry["single"].refuse("a list that holds the text A");
}

// The end tokens that `path` gives: "eos_token": "</s>", or "eos_token_id": 2 or [2, 3].
std::vector<int32_t> end_tokens_in(const nn::Path& path, const BpeVocabulary& vocabulary) {
  if (!std::filesystem::exists(path)) return {};
  const auto json = nn::read_json_object<Json>(path, kTokenizerFile);
  const JsonReader config{json, path.string(), ""};
  std::vector<int32_t> ids;
  if (config.has("eos_token")) {
    const JsonReader token = config["eos_token"];
    const JsonReader text = token.json.is_object() ? token["content"] : token;
    ids.push_back(static_cast<int32_t>(id_of(text.string(), text, vocabulary)));
  }
  if (!config.has("eos_token_id")) return ids;
  const JsonReader entry = config["eos_token_id"];
  for (const JsonReader& id : entry.json.is_array() ? entry.list() : std::vector{entry}) {
    if (id.integer() < 0 || id.integer() >= std::ssize(vocabulary.tokens))
      id.refuse(ag::message("0 to ", vocabulary.tokens.size() - 1, ", the tokens of the vocabulary"));
    ids.push_back(static_cast<int32_t>(id.integer()));
  }
  return ids;
}

// transformers uses those of config.json only if generation_config.json has none.
std::vector<int32_t> end_tokens(const nn::Path& folder, const BpeVocabulary& vocabulary) {
  std::vector<int32_t> ids = end_tokens_in(folder / "tokenizer_config.json", vocabulary),
                       others = end_tokens_in(folder / "generation_config.json", vocabulary);
  if (others.empty()) others = end_tokens_in(folder / "config.json", vocabulary);
  for (const int32_t id : others) {
    if (!std::ranges::count(ids, id)) ids.push_back(id);
  }
  return ids;
}

// The entry "post_processor", which puts vocabulary.special around a text, and around each text of a pair.
Json template_json(const BpeVocabulary& vocabulary) {
  const auto& special = vocabulary.special;
  if (special.before.empty() && special.after.empty()) return nullptr;
  Json tokens = Json::object();
  const auto around = [&](const char* text, int type) {
    Json pieces = Json::array();
    const auto add = [&](const std::vector<int32_t>& ids) {
      for (const int32_t id : ids) {
        const std::string& token = vocabulary.tokens[static_cast<size_t>(id)];
        pieces.push_back({{"SpecialToken", {{"id", token}, {"type_id", type}}}});
        tokens[token] = {{"id", token}, {"ids", {id}}, {"tokens", {token}}};
      }
    };
    add(special.before);
    pieces.push_back({{"Sequence", {{"id", text}, {"type_id", type}}}});
    add(special.after);
    return pieces;
  };
  Json pair = around("A", 0);
  for (const Json& piece : around("B", 1)) pair.push_back(piece);
  return {
      {"type", "TemplateProcessing"}, {"single", around("A", 0)}, {"pair", pair}, {"special_tokens", tokens}};
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_json(const nn::Path& file) {
  INPUT_CHECK(
      file.extension() != ".model", file.string(),
      ": SentencePiece's own files are not supported; hint: transformers writes a tokenizer.json from it, "
      "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)");
  auto json = nn::read_json_object<Json>(file, kTokenizerFile);
  const JsonReader root{json, file.string(), ""};
  root.only({"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
             "post_processor", "decoder", "model"});
  for (const char* key : {"normalizer", "pre_tokenizer", "post_processor", "decoder"})
    json.emplace(key, nullptr);
  const JsonReader model = root["model"], pre_tokenizer = root["pre_tokenizer"];
  check_model(model);
  const PreSplitRule* rule = find_rule(pre_tokenizer);
  SentencePieceOptions options;
  if (!rule) options.metaspace = read_metaspace(pre_tokenizer);
  check_decoder(root["decoder"], rule != nullptr);

  BpeVocabulary vocabulary;
  vocabulary.file = file.string();
  vocabulary.normalizer = read_normalizer(root["normalizer"]);
  check_growth(root["normalizer"], vocabulary.normalizer);
  read_tokens(root, vocabulary);
  check_replaced_tokens(file.parent_path() / "tokenizer_config.json");
  read_merges(model["merges"], vocabulary);
  vocabulary.ignore_merges = model.flag_or("ignore_merges", false);
  vocabulary.fuse_unknown = model.flag_or("fuse_unk", false);
  if (model.has("unk_token"))
    vocabulary.unknown = id_of(model["unk_token"].string(), model["unk_token"], vocabulary);
  read_post_processor(root["post_processor"], vocabulary);
  vocabulary.special.ends = end_tokens(file.parent_path(), vocabulary);
  options.byte_tokens = model.flag_or("byte_fallback", false);
  if (rule) {
    if (options.byte_tokens) model["byte_fallback"].refuse("false, since the pre_tokenizer is byte-level");
    return std::make_unique<ByteLevelBpe>(vocabulary, *rule);
  }
  for (size_t id = 0; options.byte_tokens && id < vocabulary.tokens.size(); ++id) {
    if (byte_of_token(vocabulary.tokens[id])) vocabulary.types[id] = kByte;
  }
  return std::make_unique<SentencePieceBpe>(vocabulary, options);
}

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
      {"post_processor", template_json(vocabulary)},
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
