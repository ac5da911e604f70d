#include "models/formats/gguf_model.h"
#include "tests/models/tokenizers/tokenizer_fixtures.h"

using namespace testing;
using doctest::Contains;
using Ids = std::vector<int32_t>;

TEST_CASE("unsupported parts of a tokenizer.json are refused by name") {
  const Folder folder;
  const auto refused = [&](json document, const std::string& pointer, const json& value,
                           const std::string& message) {
    document[json::json_pointer(pointer)] = value;
    const std::string problem = folder.problem(document);
    CAPTURE(problem);
    CHECK(problem.find("tokenizer.json: ") != std::string::npos);
    CHECK(problem.find(message) != std::string::npos);
  };
  const json a = llama3(), b = llama2();
  refused(a, "/model/type", "WordPiece", "'model.type' is \"WordPiece\"; expected 'BPE'");
  refused(b, "/model/type", "Unigram", "SentencePiece's Unigram models are not supported");
  refused(a, "/model/dropout", 0.1, "'model.dropout' is 0.1; expected null or 0");
  refused(a, "/model/continuing_subword_prefix", "##", "'model.continuing_subword_prefix' is \"##\"");
  refused(a, "/model/end_of_word_suffix", "</w>", "'model.end_of_word_suffix' is \"</w>\"");
  refused(a, "/model/byte_fallback", true, "'model.byte_fallback' is true; expected false");
  refused(a, "/model/unk_token", "nowhere", "'model.unk_token' is \"nowhere\"; expected a token");
  refused(a, "/model/more", 1, "'model' has an entry 'more', which is not supported");
  refused(a, "/more", 1, "it has an entry 'more', which is not supported");
  for (const char* key : {"lstrip", "rstrip", "single_word"})
    refused(a, std::string("/added_tokens/0/") + key, true,
            "'added_tokens[0]." + std::string(key) + "' is true");
  refused(a, "/added_tokens/0/more", 1, "'added_tokens[0]' has an entry 'more'");
  json vanishing = a;  // normalisation removes all of it
  vanishing["added_tokens"][0]["normalized"] = true;
  vanishing["added_tokens"][0]["content"] = "v";
  refused(vanishing, "/normalizer", {{"type", "Replace"}, {"pattern", {{"String", "v"}}}, {"content", ""}},
          "the added token ");
  refused(a, "/normalizer", {{"type", "NFKC"}}, "'normalizer' is '{\"type\":\"NFKC\"}'; expected NFC");
  refused(a, "/normalizer", {{"type", "Replace"}, {"pattern", {{"Regex", "x"}}}, {"content", ""}},
          "expected NFC");
  refused(a, "/normalizer", {{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", ""}},
          "non-empty");
  json steps = json::array();
  for (const char* letter : {"a", "b", "c"})
    steps.push_back({{"type", "Replace"},
                     {"pattern", {{"String", letter}}},
                     {"content", std::string(16, letter[0] + 1)}});
  refused(a, "/normalizer", {{"type", "Sequence"}, {"normalizers", steps}},
          "'normalizer' can make a text 4096 times as long; expected at most 64 times");
  refused(b, "/normalizer/normalizers/0", {{"type", "Lowercase"}}, "'normalizer.normalizers[0]' is");
  refused(b, "/normalizer/normalizers/0", b["normalizer"], "'normalizer.normalizers[0]' is");
  refused(a, "/pre_tokenizer", byte_level("\\s+"), "'pre_tokenizer' is '{\"pretokenizers\"");
  refused(a, "/pre_tokenizer", {{"type", "Whitespace"}},
          "that of gpt-2, that of smollm, that of llama-bpe, that of qwen2");
  refused(a, "/pre_tokenizer/pretokenizers/0/behavior", "Removed", "'pre_tokenizer' is");
  refused(a, "/pre_tokenizer/pretokenizers/0/invert", true, "'pre_tokenizer' is");
  refused(a, "/pre_tokenizer/pretokenizers/1/add_prefix_space", true, "'pre_tokenizer' is");
  refused(b, "/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "_"}},
          "'pre_tokenizer.replacement' is \"_\"");
  refused(b, "/pre_tokenizer", metaspace("last", true), "'pre_tokenizer.prepend_scheme' is \"last\"");
  json both = metaspace("first", true);
  both["add_prefix_space"] = false;
  refused(b, "/pre_tokenizer", both, "'pre_tokenizer.add_prefix_space' is false");
  refused(a, "/decoder", {{"type", "WordPiece"}}, "'decoder' is '{\"type\":\"WordPiece\"}'");
  refused(b, "/decoder/decoders/1", {{"type", "ByteLevel"}}, "'decoder.decoders[1]' is");
  refused(b, "/decoder/decoders/0/content", "x", "U+2581 to be replaced by a space");
  CHECK_THROWS_WITH_AS(tokenizer_from_json(folder / "tokenizer.model"),
                       Contains("SentencePiece's own files are not supported; hint"), InputError);
  CHECK_THROWS_WITH_AS(tokenizer_from_json(folder / "missing.json"),
                       Contains("there is no such tokenizer file"), InputError);
}

TEST_CASE("an inconsistent tokenizer.json is refused") {
  const Folder folder;
  const auto refused = [&](const std::string& pointer, const json& value, const std::string& message) {
    json document = llama2();
    document[json::json_pointer(pointer)] = value;
    const std::string problem = folder.problem(document);
    CAPTURE(pointer);
    CAPTURE(problem);
    CHECK(problem.find(message) != std::string::npos);
  };
  const auto erased = [&](const std::string& key, const std::string& inner, const std::string& message) {
    json document = llama2();
    (inner.empty() ? document : document[key]).erase(inner.empty() ? key : inner);
    const std::string problem = folder.problem(document);
    CAPTURE(problem);
    CHECK(problem.find(message) != std::string::npos);
  };
  erased("model", "", "it has no entry 'model'");
  erased("model", "vocab", "'model' has no entry 'vocab'");
  erased("model", "merges", "'model' has no entry 'merges'");
  refused("/model", json::array(), "'model' is '[]'; expected an object");
  refused("/model", nullptr, "'model' is null; expected an object");
  refused("/model/type", 3, "'model.type' is 3; expected a string");
  refused("/model/ignore_merges", "yes", "'model.ignore_merges' is \"yes\"; expected true or false");
  refused("/model/vocab", json::array(), "expected an object of tokens and their ids");
  refused("/model/vocab", json::object(), "there is no token ");
  refused("/model/vocab/a", 10000000, "is 10000000; expected 0 to 66095, since there are 560 tokens");
  refused("/model/vocab/a", 1, "the id 1, which ");
  refused("/model/vocab/a", -1, "is -1; expected 0 to ");
  refused("/model/vocab/a", 4294967296, "is 4294967296; expected 0 to ");
  refused("/model/vocab/a", 1.0, "expected an integer");
  refused("/model/vocab/a", "1", "expected an integer");
  refused("/model/merges", json::object(), "'model.merges' is '{}'; expected a list");
  refused("/model/merges/1", 3, "'model.merges[1]' is 3; expected a string 'a b' or a pair of strings");
  refused("/model/merges/1", {"a"}, "'model.merges[1]' is '[\"a\"]'");
  refused("/model/merges/1", {"a", 1}, "'model.merges[1]'");
  refused("/model/merges/1", "a b c", "merge 1 is 'a b c'; expected two tokens");
  refused("/model/merges/1", "a nowhere", "there is no token 'nowhere'");
  refused("/model/merges/1", {"z", "q"}, "there is no token ");
  refused("/added_tokens", json::object(), "'added_tokens' is '{}'; expected a list");
  refused("/added_tokens/0", 3, "'added_tokens[0]' is 3; expected an object");
  refused("/normalizer", 3, "'normalizer' is 3; expected an object");
  refused("/normalizer", json::object(), "'normalizer' has no entry 'type'");
  refused("/pre_tokenizer", 3, "'pre_tokenizer' is 3");
  refused("/pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", 3}}, "'pre_tokenizer' is");
  refused("/pre_tokenizer", {{"type", "Metaspace"}}, "'pre_tokenizer' has no entry 'replacement'");
  refused("/decoder", {{"type", "Sequence"}}, "'decoder' has no entry 'decoders'");
  refused("/post_processor", {{"type", "RobertaProcessing"}}, "expected TemplateProcessing, ByteLevel, or a");
  const json sequence = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             begin = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
  const auto templates = [&](const json& single, const json& ids) -> json {
    return {{"type", "TemplateProcessing"},
            {"single", single},
            {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", ids}}}}}};
  };
  refused("/post_processor", templates(json::array({begin}), {1}), "expected a list that holds the text A");
  refused("/post_processor", templates({sequence, sequence}, {1}), "expected the text A once");
  refused("/post_processor", templates({begin, sequence}, {-1}),
          "'post_processor.special_tokens.<s>.ids[0]' is -1");
  refused("/post_processor", templates({begin, sequence}, {4294967296}), "is 4294967296; expected an id");
  json unknown = templates({begin, sequence}, {1});
  unknown["special_tokens"] = json::object();
  refused("/post_processor", unknown, "'post_processor.special_tokens' has no entry '<s>'");
  const json once = templates({begin, sequence}, {1});
  refused("/post_processor", {{"type", "Sequence"}, {"processors", {once, once}}}, "expected one template");

  json no_byte = llama2();
  const int64_t id = no_byte["model"]["vocab"]["<0xAB>"];
  no_byte["model"]["vocab"].erase("<0xAB>");
  no_byte["model"]["vocab"]["<0xab>"] = id;
  CHECK(folder.problem(no_byte).find("there is no token '<0xAB>'; expected one for each of the 256") !=
        std::string::npos);

  const auto text_refused = [&](const std::string& text, const std::string& message) {
    const std::string problem = folder.problem_text(text);
    CAPTURE(problem);
    CHECK(problem.find(message) != std::string::npos);
  };
  text_refused("", "is not JSON");
  text_refused("[1]", "holds array; expected a JSON object");
  text_refused("{\"model\":", "is not JSON");
  text_refused("{\"model\": \"\xFF\"}", "is not JSON");
  text_refused(R"({"model": {"vocab": {"a": 0, "a": 1}, "merges": []}})",
               "has the name \"a\" twice in one object");
  text_refused(std::string(100000, '['), "nested more than 64 levels deep");
  std::string deep;
  for (int i = 0; i < 50000; ++i) deep += "{\"a\":";
  text_refused(deep, "nested more than 64 levels deep");
}

TEST_CASE("GGUF: inconsistent SentencePiece vocabularies") {
  const Folder folder;
  const auto problem = [&](const std::function<void(Scored&)>& change) {
    Scored scored = tiny_scored();
    change(scored);
    try {
      models::tokenizer_from_gguf(scored.gguf().file(folder));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto refused = [&](const std::function<void(Scored&)>& change, const std::string& message) {
    const std::string found = problem(change);
    CAPTURE(found);
    CHECK(found.find(message) != std::string::npos);
  };
  CHECK(problem([](Scored&) {}) == "");
  refused([](Scored& s) { s.scores.pop_back(); }, "there are 560 tokens, but 559 scores");
  refused([](Scored& s) { s.scores.clear(); }, "key 'tokenizer.ggml.scores' is empty");
  refused([](Scored& s) { s.scores[5] = NAN; }, "the score of token 5 is nan");
  refused([](Scored& s) { s.scores[5] = -INFINITY; }, "the score of token 5 is -inf");
  refused([](Scored& s) { s.types.pop_back(); }, "there are 560 tokens, but 559 token types");
  refused([](Scored& s) { s.types.clear(); }, "has no key 'tokenizer.ggml.token_type'");
  refused([](Scored& s) { s.types[5] = 7; }, "token 5 has the type 7");
  refused([](Scored& s) { s.types[1] = 2; }, "tokens 0 and 1 are both marked as the unknown token");
  refused([](Scored& s) { s.tokens.back() = s.tokens[300]; }, "tokens 300 and 559 are both");
  const auto is_byte = [](Scored& s) {
    return static_cast<size_t>(std::find(s.types.begin(), s.types.end(), 6) - s.types.begin());
  };
  for (const char* token : {"<0x0>", "<0x0g>", "<0xab>", "<0x00", "0x00>", "", "<0x000>"}) {
    refused([&](Scored& s) { s.tokens[is_byte(s)] = token; }, "a byte token; expected '<0x00>' to '<0xFF>'");
  }
  refused([&](Scored& s) { s.tokens[is_byte(s)] = "<0x01>"; }, "are both '<0x01>'");
  refused(
      [&](Scored& s) {
        const size_t byte = is_byte(s);
        s.types[byte] = 1;
        s.tokens[byte] = "other";
      },
      "there is no token '<0x00>'; expected one for each of the 256 bytes");
  refused(
      [](Scored& s) {
        for (size_t id = 300; id < s.tokens.size(); ++id) {
          if (s.tokens[id].size() == 2) s.types[id] = 5;  // of two ASCII letters
        }
      },
      "is marked as unused, but others merge to it");
  CHECK(problem([](Scored& s) {
          s.tokens.push_back("[PAD560]");
          s.scores.push_back(-1000);
          s.types.push_back(5);
        }) == "");

  const auto extra = [&](GgufText text) {
    try {
      models::tokenizer_from_gguf(text.file(folder));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const Scored scored = tiny_scored();
  CHECK(
      extra(scored.gguf().flag("remove_extra_whitespaces", true)).find("remove_extra_whitespaces' is true") !=
      std::string::npos);
  CHECK(
      extra(scored.gguf().texts("precompiled_charsmap", {})).find("normalisation rules are not supported") !=
      std::string::npos);
}
