#include "models/formats/gguf_model.h"
#include "models/tokenizers/pre_split.h"
#include "tests/models/tokenizers/tokenizer_fixtures.h"

using namespace testing;
using doctest::Contains;
using Ids = std::vector<int32_t>;

namespace {

void check_cases(const models::Tokenizer& tokenizer, const std::string& way) {
  int64_t checked = 0;
  for (const json& one : cases()) {
    if (!one.at("ways").contains(way)) continue;
    const std::string text = one.at("text");
    CAPTURE(way);
    CAPTURE(text);
    const Ids expected = one.at("ids").at(one.at("ways").at(way).get<size_t>());
    CHECK(tokenizer.encode(text) == expected);
    ++checked;
  }
  REQUIRE(checked > 50);
}

// The byte-level fixture as a GGUF file, without the added token that is found after normalisation: GGUF has
// no such tokens.
GgufText byte_level_gguf(const std::string& pre) {
  const json document = llama3();
  std::vector<std::string> tokens = tokens_by_id(document), merges;
  std::vector<int32_t> types(tokens.size(), 1);
  for (const json& token : document.at("added_tokens")) {
    const bool special = token.at("special"), normalized = token.at("normalized");
    types.at(token.at("id")) = special ? 3 : normalized ? 1 : 4;
  }
  for (const json& merge : document.at("model").at("merges"))
    merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  return GgufText()
      .text("model", "gpt2")
      .text("pre", pre)
      .texts("tokens", tokens)
      .numbers("token_type", GgufType::I32, types)
      .texts("merges", merges);
}

}  // namespace

TEST_CASE("tokenizer.json of byte-level BPE equals the Python package tokenizers") {
  const Folder folder;
  json document = llama3();
  const auto as_llama3 = folder.load(document);
  CHECK(as_llama3->vocabulary() == static_cast<int64_t>(tokens_by_id(document).size()));
  CHECK(as_llama3->special().ends.empty());
  check_cases(*as_llama3, "llama-bpe");

  document["model"]["ignore_merges"] = false;
  document["pre_tokenizer"] = byte_level();
  check_cases(*folder.load(document), "gpt-2");
  document["pre_tokenizer"].erase("use_regex");  // as in older files
  check_cases(*folder.load(document), "gpt-2");
  document["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}}, byte_level()}}};
  check_cases(*folder.load(document), "smollm");
  document["pre_tokenizer"] = byte_level(models::pre_split_rule("qwen2", "").pattern);
  document["normalizer"] = {{"type", "NFC"}};
  check_cases(*folder.load(document), "qwen2");
}

TEST_CASE("decode gives the bytes of byte-level tokens, and added tokens as they are written") {
  const Folder folder;
  const auto tokenizer = folder.load(llama3());
  for (const json& one : cases()) {
    const std::string text = one.at("text");
    if (text.find("A\u030A!") == std::string::npos) CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
  }
}

TEST_CASE("merges may be written as strings") {
  const Folder folder;
  json document = llama3();
  for (json& merge : document["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  check_cases(*folder.load(document), "llama-bpe");
}

TEST_CASE("tokenizer.json of SentencePiece's BPE equals the Python package tokenizers") {
  const Folder folder;
  json document = llama2();
  const auto tokenizer = folder.load(document);
  check_cases(*tokenizer, "prepend");
  CHECK(tokenizer->decode(tokenizer->encode("Hello\n \U0001F600 you")) == " Hello\n \U0001F600 you");
  CHECK(tokenizer->encode("a\xFF") != tokenizer->encode("a"));  // a byte that is not UTF-8 also has a token
  CHECK(tokenizer->decode(tokenizer->encode("a\xFF\xE4z")) == " a\xFF\xE4z");
  CHECK(tokenizer->encode("").empty());

  document["normalizer"] = nullptr;
  document["pre_tokenizer"] = metaspace("always", true);
  check_cases(*folder.load(document), "always split");
  document["pre_tokenizer"].erase("prepend_scheme");  // as in older files
  document["pre_tokenizer"]["add_prefix_space"] = true;
  check_cases(*folder.load(document), "always split");
  document["pre_tokenizer"] = metaspace("first", false);
  check_cases(*folder.load(document), "first whole");
  document["pre_tokenizer"] = metaspace("never", true);
  check_cases(*folder.load(document), "never split");
  document["pre_tokenizer"]["add_prefix_space"] = false;
  check_cases(*folder.load(document), "never split");
}

TEST_CASE("SentencePiece without byte tokens: the unknown token, one per run with fuse_unk") {
  const Folder folder;
  json document = {
      {"added_tokens", json::array()},
      {"model",
       {{"type", "BPE"}, {"vocab", {{"<unk>", 0}, {"a", 1}, {"b", 2}, {"ab", 3}}}, {"merges", {"a b"}}}}};
  CHECK(folder.load(document)->encode("xyabzb") == Ids{3, 2});  // left out
  document["model"]["unk_token"] = "<unk>";
  CHECK(folder.load(document)->encode("xyabzb") == Ids{0, 0, 3, 0, 2});
  document["model"]["fuse_unk"] = true;
  CHECK(folder.load(document)->encode("xyabzb") == Ids{0, 3, 0, 2});
  document["model"]["ignore_merges"] = true;
  document["model"]["merges"] = json::array();
  CHECK(folder.load(document)->encode("ab") == Ids{3});
}

TEST_CASE("the tokens around a text equal those of transformers") {
  const Folder folder;
  const json fixture = fixture_json("special_tokens.json");
  for (const json& one : fixture.at("cases")) {
    CAPTURE(one.at("tokenizer").get<std::string>());
    CAPTURE(one.at("kind").get<std::string>());
    json document = fixture_json(one.at("tokenizer").get<std::string>() + ".json");
    document["post_processor"] = one.at("post_processor");
    const auto tokenizer = folder.load(document);
    for (size_t i = 0; i < fixture.at("texts").size(); ++i) {
      const std::string text = fixture.at("texts")[i];
      const Ids expected = one.at("ids")[i];
      CHECK(tokenizer->encode_whole(text) == expected);
    }
    const Ids bare = tokenizer->encode("Hello");
    tokenizer->add_no_special_tokens();
    CHECK(tokenizer->encode_whole("Hello") == bare);
  }
  CHECK(fixture.at("cases").size() == 14);
}

TEST_CASE("added tokens that are not in the model's vocabulary are not merged") {
  const Folder folder;
  json document = {{"added_tokens",
                    {{{"id", 4}, {"content", "\u2192"}, {"normalized", true}},
                     {{"id", 5}, {"content", "ba"}, {"normalized", true}}}},
                   {"normalizer", {{"type", "Prepend"}, {"prepend", "b"}}},
                   {"model",
                    {{"type", "BPE"},
                     {"unk_token", "<unk>"},
                     {"ignore_merges", true},
                     {"vocab", {{"<unk>", 0}, {"a", 1}, {"b", 2}, {"ab", 3}}},
                     {"merges", json::array()}}}};
  const auto tokenizer = folder.load(document);
  CHECK(tokenizer->encode("\u2192") == Ids{4});  // normalised to "b\u2192", the text of token 4
  CHECK(tokenizer->encode("a\u2192") == Ids{2, 1, 0});
  CHECK(tokenizer->encode("ba") == Ids{5});
  CHECK(tokenizer->encode("a") == Ids{2, 1});  // "ba", a word, is only an added token
  CHECK(tokenizer->vocabulary() == 6);
}

TEST_CASE("added tokens that are empty, equal, or equal once they are normalised") {
  const Folder folder;
  const auto added = [](const std::string& content, bool special) -> json {
    return {{"id", 0}, {"content", content}, {"special", special}, {"normalized", true}};
  };
  const json document = {{"added_tokens",
                          {added("", true), added("X", false), added("X", true), added("e\u0301", false),
                           added("\u00E9", true)}},
                         {"normalizer", {{"type", "NFC"}}},
                         {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}}}, {"merges", json::array()}}}};
  const auto tokenizer = folder.load(document);
  CHECK(tokenizer->vocabulary() == 4);
  CHECK(tokenizer->encode("aXe\u0301\u00E9") == Ids{0, 1, 2, 2});  // the package's choice of 2 or 3 is random
}

TEST_CASE("unused ids, and added tokens that get another id than their entry has") {
  const Folder folder;
  json document = {
      {"added_tokens",
       {{{"id", 300}, {"content", "X"}, {"special", true}},
        {{"id", 7}, {"content", "b"}, {"special", true}},
        {{"id", 7}, {"content", "Z"}, {"special", true}}}},
      {"model", {{"type", "BPE"}, {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}}}, {"merges", json::array()}}}};
  CHECK(folder.load(document)->encode("aXbcZ") == Ids{0, 3, 1, 2, 4});
  document["model"]["vocab"]["c"] = 9;
  const auto tokenizer = folder.load(document);
  CHECK(tokenizer->encode("aXbc") == Ids{0, 3, 1, 9});
  CHECK(tokenizer->vocabulary() == 10);
  CHECK(tokenizer->decode(Ids{0, 5, 3}) == "aX");
  document["added_tokens"] = {{{"id", 3}, {"content", "c"}, {"special", true}},
                              {{"id", 4}, {"content", "X"}, {"special", true}}};
  CHECK(folder.load(document)->encode("Xc") == Ids{10, 9});
}

TEST_CASE("the end tokens come from the files in tokenizer.json's folder") {
  const Folder folder;
  const int32_t begin = folder.load(llama3())->encode("<|begin_of_text|>").at(0);
  const auto ends = [&] { return folder.load(llama3())->special().ends; };
  folder.beside("config.json", {{"eos_token_id", begin}});
  CHECK(ends() == Ids{begin});
  folder.beside("generation_config.json", {{"eos_token_id", json::array()}});
  CHECK(ends() == Ids{begin});
  folder.beside("generation_config.json", {{"eos_token_id", {begin + 1, begin + 3}}});
  CHECK(ends() == Ids{begin + 1, begin + 3});
  folder.beside("tokenizer_config.json", {{"eos_token", nullptr}});
  CHECK(ends() == Ids{begin + 1, begin + 3});
  folder.beside("tokenizer_config.json", {{"eos_token", "<tool>"}});
  CHECK(ends() == Ids{begin + 2, begin + 1, begin + 3});
  folder.beside("tokenizer_config.json",
                {{"eos_token", {{"content", "<|end_of_text|>"}, {"lstrip", false}}}});
  CHECK(ends() == Ids{begin + 1, begin + 3});

  const auto refused = [&](const std::string& name, const json& content, const std::string& message) {
    folder.beside(name, content);
    CHECK_THROWS_WITH_AS(ends(), Contains(message.c_str()), InputError);
  };
  refused("tokenizer_config.json", {{"eos_token", "<nowhere>"}},
          "tokenizer_config.json: 'eos_token' is \"<nowhere>\"");
  refused("tokenizer_config.json", {{"eos_token", 3}}, "'eos_token' is 3; expected a string");
  refused("tokenizer_config.json", {{"eos_token", json::object()}}, "'eos_token' has no entry 'content'");
  refused("tokenizer_config.json", json::array(),
          "tokenizer_config.json: holds array; expected a JSON object");
  folder.beside("tokenizer_config.json", json::object());
  refused("generation_config.json", {{"eos_token_id", 100000}}, "'eos_token_id' is 100000; expected 0 to ");
  refused("generation_config.json", {{"eos_token_id", {-1}}}, "'eos_token_id[0]' is -1");
  refused("generation_config.json", {{"eos_token_id", 1.5}}, "expected an integer");
}

TEST_CASE("the added tokens in tokenizer_config.json, which replace those of tokenizer.json, must be plain") {
  const Folder folder;
  const auto load_beside = [&](const json& tokens) {
    folder.beside("tokenizer_config.json", {{"added_tokens_decoder", tokens}});
    return folder.load(llama3())->encode("<tool> a");
  };
  const Ids plain = folder.load(llama3())->encode("<tool> a");
  const json token = {{"content", "<tool>"}, {"lstrip", false}, {"rstrip", false}, {"single_word", false}};
  CHECK(load_beside({{"507", token}}) == plain);
  for (const std::string flag : {"lstrip", "rstrip", "single_word"}) {
    json other = token;
    other[flag] = true;
    const std::string message = "tokenizer_config.json: 'added_tokens_decoder.507." + flag + "' is true";
    CHECK_THROWS_WITH_AS(load_beside({{"507", other}}), Contains(message.c_str()), InputError);
  }
  CHECK_THROWS_WITH_AS(load_beside(json::array()), Contains("expected an object of ids"), InputError);
}

TEST_CASE("GGUF: the special tokens of its keys, and the defaults without them") {
  const Folder folder;
  const auto special = [&](const std::string& pre, const auto& change) {
    GgufText text = byte_level_gguf(pre);
    text.id("bos_token_id", 3).id("eos_token_id", 4);
    change(text);
    const GgufFile file = text.file(folder);
    const auto tokenizer = models::tokenizer_from_gguf(file);
    write_tokenizer_json(folder / "tokenizer.json", file);
    CHECK(tokenizer_from_json(folder / "tokenizer.json")->encode_whole("Hello") ==
          tokenizer->encode_whole("Hello"));
    return tokenizer->special();
  };
  const auto nothing = [](GgufText&) {};
  CHECK(special("gpt-2", nothing).before.empty());
  CHECK(special("llama-bpe", nothing).before == Ids{3});  // as in llama.cpp
  CHECK(special("llama-bpe", [](GgufText& t) { t.flag("add_bos_token", false); }).before.empty());
  CHECK(special("qwen2", [](GgufText& t) { t.flag("add_bos_token", true); }).before == Ids{3});
  CHECK(special("qwen2", nothing).after.empty());
  CHECK(special("qwen2", [](GgufText& t) { t.flag("add_eos_token", true); }).after == Ids{4});
  CHECK(special("qwen2", nothing).ends == Ids{4});
  CHECK(special("qwen2", [](GgufText& t) { t.id("eot_token_id", 4); }).ends == Ids{4});
  CHECK(special("qwen2", [](GgufText& t) { t.id("eot_token_id", 5); }).ends == Ids{4, 5});
  CHECK_THROWS_WITH_AS(
      models::tokenizer_from_gguf(byte_level_gguf("qwen2").flag("add_bos_token", true).file(folder)),
      Contains("has no key 'tokenizer.ggml.bos_token_id'; expected an integer"), InputError);
  const auto scored = [&](GgufText text) {
    return models::tokenizer_from_gguf(text.file(folder))->special();
  };
  CHECK(scored(tiny_scored().gguf().id("bos_token_id", 1)).before == Ids{1});
  CHECK(scored(tiny_scored().gguf()).before.empty());
}

TEST_CASE("GGUF: byte-level BPE of each name equals the Python package tokenizers") {
  const Folder folder;
  for (const char* name : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    const auto tokenizer = models::tokenizer_from_gguf(byte_level_gguf(name).file(folder));
    for (const json& one : cases()) {
      const std::string text = one.at("text");
      if (text.find("\u030A!") != std::string::npos || text.find("\u00C5!") != std::string::npos) continue;
      CAPTURE(name);
      CAPTURE(text);
      CHECK(tokenizer->encode(text) == one.at("ids").at(one.at("ways").at(name).get<size_t>()).get<Ids>());
    }
  }
}

TEST_CASE("a tokenizer.json written from GGUF gives the same ids as the GGUF file") {
  const Folder folder;
  for (const char* name : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    const GgufFile file = byte_level_gguf(name).file(folder);
    write_tokenizer_json(folder / "written.json", file);
    const auto read = tokenizer_from_json(folder / "written.json"),
               expected = models::tokenizer_from_gguf(file);
    CHECK(read->vocabulary() == expected->vocabulary());
    for (const json& one : cases()) {
      const std::string text = one.at("text");
      CAPTURE(name);
      CAPTURE(text);
      const Ids ids = expected->encode(text);
      CHECK(read->encode(text) == ids);
      CHECK(read->decode(ids) == expected->decode(ids));
    }
  }
  CHECK_THROWS_WITH_AS(write_tokenizer_json(folder / "x.json", tiny_scored().gguf().file(folder)),
                       Contains("only 'gpt2' (byte-level BPE) can be written"), InputError);
  const GgufFile broken = GgufText()
                              .text("model", "gpt2")
                              .text("pre", "gpt-2")
                              .texts("tokens", {"a", "\xFF"})
                              .texts("merges", {})
                              .file(folder);
  CHECK_THROWS_WITH_AS(write_tokenizer_json(folder / "x.json", broken),
                       Contains("token 1, '?', is not valid UTF-8"), InputError);
  CHECK_FALSE(std::filesystem::exists(folder / "x.json"));
}

TEST_CASE("GGUF: SentencePiece with scores equals the Python package sentencepiece") {
  const Folder folder;
  const Scored scored = tiny_scored();
  const auto tokenizer = models::tokenizer_from_gguf(scored.gguf().file(folder));
  check_cases(*tokenizer, "sentencepiece");
  const auto encode = [&](const std::string& text) { return tokenizer->encode(text); };
  // Control tokens are found in the text, and the text after each gets its own space.
  Ids expected = {1};
  const Ids hello = encode("hello"), there = encode(" there");
  expected.insert(expected.end(), hello.begin(), hello.end());
  expected.push_back(2);
  expected.insert(expected.end(), there.begin(), there.end());
  CHECK(encode("<s>hello</s> there") == expected);
  CHECK(encode("<unk>") == Ids{0});
  CHECK(tokenizer->decode(encode("a\xFF<s>\u00E9")) == " a\xFF<s> \u00E9");
  CHECK(encode("").empty());

  const auto bare = models::tokenizer_from_gguf(scored.gguf().flag("add_space_prefix", false).file(folder));
  CHECK(bare->decode(bare->encode("hello</s>there")) == "hello</s>there");
}

TEST_CASE("scores: the highest merges first, of equal ones the leftmost, also characters without a token") {
  const Folder folder;
  const auto encode = [&](const std::vector<std::pair<std::string, float>>& pieces, const std::string& text) {
    Scored scored{{"<unk>"}, {0}, {2}};
    for (const auto& [piece, score] : pieces) {
      scored.tokens.push_back(piece);
      scored.scores.push_back(score);
      scored.types.push_back(1);
    }
    return models::tokenizer_from_gguf(scored.gguf().flag("add_space_prefix", false).file(folder))
        ->encode(text);
  };
  CHECK(encode({{"a", -9}, {"b", -9}, {"c", -9}, {"ab", -2}, {"bc", -1}}, "abc") == Ids{1, 5});
  CHECK(encode({{"a", -9}, {"b", -9}, {"c", -9}, {"ab", -1}, {"bc", -1}}, "abc") == Ids{4, 3});
  CHECK(encode({{"a", -9}, {"aa", -1}}, "aaa") == Ids{2, 1});
  CHECK(encode({{"ab", -1}}, "xyabz") == Ids{0, 1, 0});  // neither a nor b is a token; one unknown for a run
}

TEST_CASE("SentencePiece texts of 300,000 bytes: their time must not grow with the square") {
  const Folder folder;
  const auto by_merges = folder.load(llama2()),
             by_scores = models::tokenizer_from_gguf(tiny_scored().gguf().file(folder));
  for (const std::string& piece :
       {std::string("a"), std::string(" "), std::string("the"), std::string("\u4F60"), std::string("\xFF"),
        std::string("<s"), std::string(" \n")}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 300'000) text += piece;
    CHECK(by_merges->decode(by_merges->encode(text)) == " " + text);
    CHECK(by_scores->decode(by_scores->encode(text)) == " " + text);
  }
}
