#include "models/tokenizers/tokenizer.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "models/formats/gguf_model.h"
#include "models/formats/gguf_writer.h"
#include "models/tokenizers/byte_level_bpe.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "models/tokenizers/normalizer.h"
#include "models/tokenizers/pre_split.h"
#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

using ag::InputError;
using doctest::Contains;
using models::BpeVocabulary;
using models::ByteLevelBpe;
using models::ByteTokenizer;
using models::GgufFile;
using models::GgufType;
using models::PreSplit;
using Ids = std::vector<int32_t>;
using Words = std::vector<std::string>;

namespace {

GgufFile tiny_bpe() { return GgufFile(fixtures() + "/tiny_bpe.gguf"); }

nlohmann::json tiny_bpe_cases() {
  return nlohmann::json::parse(nn::read_file(fixtures() + "/tiny_bpe_tokens.json", "fixture")).at("cases");
}

const models::PreSplitRule& rule(const std::string& name) { return models::pre_split_rule(name, "file"); }

BpeVocabulary tiny_vocabulary() {
  const GgufFile file = tiny_bpe();
  BpeVocabulary vocabulary;
  vocabulary.file = file.path();
  vocabulary.tokens = file.strings("tokenizer.ggml.tokens");
  vocabulary.types = file.integers("tokenizer.ggml.token_type");
  for (const std::string& merge : file.strings("tokenizer.ggml.merges"))
    vocabulary.merges.push_back(models::split_merge(merge, 0, "file"));
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.type(id) == models::kControl || vocabulary.type(id) == models::kUserDefined)
      vocabulary.added.push_back({static_cast<int64_t>(id), vocabulary.tokens[id]});
  }
  return vocabulary;
}

Words words(const std::string& pre, std::string_view text) {
  Words result;
  PreSplit(rule(pre)).words(text, [&](std::string_view word) { result.emplace_back(word); });
  return result;
}

// A vocabulary of a few letters. The space is the only byte that is written as another character.
BpeVocabulary letters() {
  BpeVocabulary vocabulary;
  vocabulary.file = "file";
  vocabulary.tokens = {"a", "b", "c", "\u0120", "ab", "abc", "bc"};
  vocabulary.merges = {{"b", "c"}, {"a", "b"}, {"a", "bc"}};
  return vocabulary;
}

void write_gguf(const std::filesystem::path& path, const models::GgufBytes& bytes) {
  nn::write_atomically(path, bytes.out);
}

}  // namespace

TEST_CASE("scripts, emoji, digits, white space and special tokens equal the Python package tokenizers") {
  const auto by_file = models::tokenizer_from_gguf(tiny_bpe());
  const ByteLevelBpe without_digit_step(tiny_vocabulary(), rule("gpt-2"));
  CHECK(by_file->vocabulary() == 662);
  CHECK(by_file->special().ends == Ids{2});
  int64_t different = 0;
  const nlohmann::json cases = tiny_bpe_cases();
  REQUIRE(cases.size() > 50);
  for (int round = 0; round < 2; ++round) {  // the second round uses the word cache
    for (const auto& one : cases) {
      const std::string text = one.at("text");
      CAPTURE(text);
      const Ids expected = one.at("smollm"), expected_gpt2 = one.at("gpt-2");
      CHECK(by_file->encode(text) == expected);
      CHECK(without_digit_step.encode(text) == expected_gpt2);
      CHECK(by_file->decode(expected) == text);
      different += expected != expected_gpt2;
    }
  }
  CHECK(different > 0);  // these texts show the difference between the two rules
}

TEST_CASE("special tokens are found from the left, the longest first; incomplete ones are ordinary text") {
  const auto tokenizer = models::tokenizer_from_gguf(tiny_bpe());
  CHECK(tokenizer->encode("<|im_start|><|im_end|>") == Ids{1, 2});
  CHECK(tokenizer->encode("<tool>call<tool>") == Ids{660, 659});
  CHECK(tokenizer->encode("\u00DF\u00DF") == Ids{661});
  CHECK(tokenizer->encode("<|im_start|").size() > 1);
  CHECK(tokenizer->decode(Ids{1, 661, 2}) == "<|im_start|>\u00DF\u00DF<|im_end|>");
}

TEST_CASE("merges: the first in the list is applied first, anywhere in the word") {
  const ByteLevelBpe tokenizer(letters(), rule("gpt-2"));
  CHECK(tokenizer.encode("abc") == Ids{5});  // b c, then a bc
  CHECK(tokenizer.encode("ab") == Ids{4});
  CHECK(tokenizer.encode("abab") == Ids{4, 4});
  CHECK(tokenizer.encode("abcab cb") == Ids{5, 4, 3, 2, 1});
  CHECK(tokenizer.encode("xay") == Ids{0});   // bytes without a token are left out
  CHECK(tokenizer.encode("axbc") == Ids{5});  // before merging, as in the Python package
  CHECK(tokenizer.encode("x").empty());
  CHECK(tokenizer.special().ends.empty());
}

TEST_CASE("words and texts of 300,000 bytes: their time must not grow with the square") {
  const auto tokenizer = models::tokenizer_from_gguf(tiny_bpe());
  for (const std::string& piece :
       {std::string("a"), std::string(" "), std::string("the"), std::string("\xE4\xBD\xA0"), std::string("1"),
        std::string("\xFF"), std::string("<|im_"), std::string(" \n")}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 300'000) text += piece;
    text += "x";
    CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
  }
}

TEST_CASE("bytes that are not valid UTF-8 are encoded one by one, and decoded again") {
  const auto tokenizer = models::tokenizer_from_gguf(tiny_bpe());
  const Ids hello = tokenizer->encode("hello"), there = tokenizer->encode(" there");
  const auto id_of = [&](char byte) { return tokenizer->encode(std::string(1, byte)).at(0); };
  Ids expected = hello;
  expected.push_back(id_of('\xFF'));
  expected.insert(expected.end(), there.begin(), there.end());
  CHECK(tokenizer->encode("hello\xFF there") == expected);

  std::string every_byte;
  for (int b = 0; b < 256; ++b) every_byte += static_cast<char>(b);
  // cut off, overlong, surrogate, above U+10FFFF, a single continuation byte, two lead bytes
  for (const std::string& text :
       {every_byte, std::string("a\xE4\xBD"), std::string("\xC0\x80\xE0\x80\x80\xF0\x80\x80\x80"),
        std::string("\xED\xA0\x80"), std::string("\xF4\x90\x80\x80\xF8\x88\x80\x80\x80"),
        std::string("x\x80y"), std::string("\xE4\xE4\xBD\xA0")}) {
    CHECK(tokenizer->decode(tokenizer->encode(text)) == text);
  }
}

TEST_CASE("decode joins bytes: a character may begin in one token and end in the next") {
  const auto tokenizer = models::tokenizer_from_gguf(tiny_bpe());
  const Ids ids = tokenizer->encode("\U00010348");
  REQUIRE(ids.size() > 1);
  std::string text;
  for (int32_t id : ids) text += tokenizer->decode(Ids{id});
  CHECK(text == "\U00010348");
  CHECK(tokenizer->decode(Ids{}).empty());
  CHECK_THROWS_WITH_AS(tokenizer->decode(Ids{0, 662}), Contains("token 662 is not in the vocabulary of 662"),
                       ag::Error);
  CHECK_THROWS_AS(tokenizer->decode(Ids{-1}), ag::Error);
}

TEST_CASE("GPT-2's pattern, with and without the digit step") {
  CHECK(words("gpt-2", "I'm 2024's  best,\n\n x ") ==
        Words{"I", "'m", " 2024", "'s", " ", " best", ",", "\n\n", " x", " "});
  CHECK(words("gpt2", "a  b") == Words{"a", " ", " b"});
  CHECK(words("smollm", "a 12 b3") == Words{"a", " ", "1", "2", " b", "3"});
  // the last space before a digit is not joined to it
  CHECK(words("smollm", "a   1") == Words{"a", "   ", "1"});
  CHECK(words("gpt-2", "a   1") == Words{"a", "  ", " 1"});
  // numeric characters of every kind: decimal digits, letters, others
  CHECK(words("smollm", "x\u0663\u0664\u00B2\u2167\u00BD") ==
        Words{"x", "\u0663", "\u0664", "\u00B2", "\u2167", "\u00BD"});
  CHECK(words("gpt-2", "x\u0663\u0664\u00B2\u2167\u00BD") == Words{"x", "\u0663\u0664\u00B2\u2167\u00BD"});
  // U+0085 is white space; U+180E and U+200B are not
  CHECK(words("gpt-2", "a\u0085\u0085b") == Words{"a", "\u0085", "\u0085", "b"});
  CHECK(words("gpt-2", "a\u180E\u200B.") == Words{"a", "\u180E\u200B."});
  CHECK(words("smollm",
              "ab\xFF\xFE"
              "c") == Words{"ab", "\xFF", "\xFE", "c"});
  CHECK(words("smollm", "").empty());
}

TEST_CASE("the patterns of Llama 3 and Qwen2") {
  for (const char* pre : {"llama-bpe", "llama3", "llama-v3"}) {
    CHECK(words(pre, "I'M 12345 (x) #the") ==
          Words{"I", "'M", " ", "123", "45", " (", "x", ")", " #", "the"});
  }
  CHECK(words("qwen2", "I'm 12 (x)") == Words{"I", "'m", " ", "1", "2", " (", "x", ")"});
  CHECK(words("qwen2", "(the .the\tthe") == Words{"(the", " .", "the", "\tthe"});
  CHECK(words("qwen2", "a;\n\nb  \n\n  c \n") == Words{"a", ";\n\n", "b", "  \n\n", " ", " c", " \n"});
  CHECK(words("qwen2", "we'LLx 'tis'S") == Words{"we", "'LL", "x", " '", "tis", "'S"});
  CHECK(words("qwen2", "'\u017F '\u017Fs") ==
        Words{"'\u017F", " '", "\u017Fs"});  // without case, the long s equals s
  CHECK(words("llama-bpe", "\u0661\u0662\u0663\u0664\u00BD") == Words{"\u0661\u0662\u0663", "\u0664\u00BD"});
  CHECK(words("llama-bpe", "a\u0085\u0085b") == Words{"a", "\u0085", "\u0085b"});
  CHECK(words("llama-bpe", "a\u180Eb") == Words{"a", "\u180Eb"});
}

TEST_CASE("an unknown name of a pre-tokenizer is an error that lists the known names") {
  CHECK_THROWS_WITH_AS(
      models::pre_split_rule("tekken", "x.gguf"),
      Contains("x.gguf: key 'tokenizer.ggml.pre' is 'tekken', a pre-tokenizer that is not "
               "supported; supported are gpt-2, gpt2, smollm, llama-bpe, llama3, llama-v3, qwen2"),
      InputError);
}

TEST_CASE("ignore_merges: a word that is a token becomes this token, without merging") {
  BpeVocabulary vocabulary = letters();
  vocabulary.tokens.push_back("cab");
  CHECK(ByteLevelBpe(vocabulary, rule("gpt-2")).encode("cab") == Ids{2, 4});
  vocabulary.ignore_merges = true;
  const ByteLevelBpe tokenizer(vocabulary, rule("gpt-2"));
  CHECK(tokenizer.encode("cab") == Ids{7});
  CHECK(tokenizer.encode("cabc") == Ids{2, 5});  // only as the whole word
  CHECK(tokenizer.encode("cab cab") == Ids{7, 3, 2, 4});
}

TEST_CASE("the unknown token replaces bytes without a token") {
  BpeVocabulary vocabulary = letters();
  vocabulary.unknown = 1;
  CHECK(ByteLevelBpe(vocabulary, rule("gpt-2")).encode("axyc") == Ids{4, 6});  // merges can use its id
  vocabulary.fuse_unknown = true;
  CHECK(ByteLevelBpe(vocabulary, rule("gpt-2")).encode("axya") == Ids{4, 0});
}

TEST_CASE("NFC, and added tokens before and after it") {
  const models::Normalizer nfc = {{models::NormalizerStep::Kind::Nfc, {}, {}}};
  const auto normal = [&](std::string_view text) { return models::normalize(text, nfc); };
  CHECK(normal("") == "");
  CHECK(normal("plain") == "plain");
  CHECK(normal("e\u0301 A\u030A") == "\u00E9 \u00C5");
  CHECK(normal("\u212B \u2126 \u0958") ==
        "\u00C5 \u03A9 \u0915\u093C");                // singletons, a composition exclusion
  CHECK(normal("q\u0307\u0323") == "q\u0323\u0307");  // marks in their order
  CHECK(normal("\u1112\u1161\u11AB") == "\uD55C");    // Hangul
  CHECK(normal(std::string_view("a\0e\u0301", 5)) == std::string_view("a\0\u00E9", 4));
  CHECK(normal("e\xFF\u0301\xE4") ==
        "e\xFF\u0301\xE4");  // other bytes than UTF-8 stay, and separate the text

  const auto with = [&](std::vector<models::AddedToken> added) {
    BpeVocabulary vocabulary = letters();
    vocabulary.tokens.insert(vocabulary.tokens.end(), {"\u00C3", "\u00A9", "\u00C3\u00A9", "\u00E9!"});
    vocabulary.merges.push_back({"\u00C3", "\u00A9"});  // the bytes of U+00E9
    vocabulary.added = std::move(added);
    vocabulary.normalizer = nfc;
    return std::make_unique<ByteLevelBpe>(vocabulary, rule("qwen2"));
  };
  CHECK(with({})->encode("ae\u0301") == Ids{0, 9});
  CHECK(with({{10, "\u00E9!", false}})->encode("\u00E9!e\u0301!") == Ids{10, 9});
  CHECK(with({{10, "\u00E9!", true}})->encode("\u00E9!e\u0301!") == Ids{10, 10});
  CHECK(with({{10, "b", false}})->encode("eb\u0301") == Ids{10});  // an accent after a token is not composed
}

TEST_CASE("several threads may encode with one tokenizer") {
  const auto tokenizer = models::tokenizer_from_gguf(tiny_bpe());
  const nlohmann::json cases = tiny_bpe_cases();
  std::vector<std::pair<std::string, Ids>> expected;
  for (const auto& one : cases) expected.emplace_back(one.at("text"), one.at("smollm"));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const auto& [text, ids] : expected) wrong += tokenizer->encode(text) != ids;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("the byte tokenizer") {
  const ByteTokenizer tokenizer;
  CHECK(tokenizer.vocabulary() == 257);
  CHECK(tokenizer.special().ends == Ids{256});
  CHECK(tokenizer.encode("A\n\xFF") == Ids{65, 10, 255});
  CHECK(tokenizer.encode("a<|endoftext|><|end") == Ids{97, 256, 60, 124, 101, 110, 100});
  CHECK(tokenizer.decode(Ids{72, 105, 256}) == "Hi<|endoftext|>");
  std::string every_byte;
  for (int b = 0; b < 256; ++b) every_byte += static_cast<char>(b);
  CHECK(tokenizer.decode(tokenizer.encode(every_byte)) == every_byte);
  CHECK_THROWS_AS(tokenizer.decode(Ids{257}), ag::Error);
  CHECK_THROWS_AS(tokenizer.decode(Ids{-1}), ag::Error);
}

TEST_CASE("inconsistent vocabularies") {
  const auto broken = [](const std::function<void(BpeVocabulary&)>& change) {
    BpeVocabulary vocabulary = letters();
    change(vocabulary);
    try {
      const ByteLevelBpe tokenizer(vocabulary, rule("gpt-2"));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto contains = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(broken([](auto&) {}) == "");
  CHECK(contains(broken([](auto& v) { v.tokens.clear(); }), "0 tokens"));
  CHECK(contains(broken([](auto& v) { v.tokens.push_back("ab"); }), "tokens 4 and 7 are both 'ab'"));
  CHECK(contains(broken([](auto& v) { v.types = {1, 1}; }), "7 tokens, but 2 token types"));
  CHECK(contains(broken([](auto& v) { v.types = {1, 1, 1, 7, 1, 1, 1}; }), "token 3 has the type 7"));
  CHECK(contains(broken([](auto& v) { v.merges.push_back({"c", "d"}); }), "there is no token 'd'"));
  CHECK(contains(broken([](auto& v) { v.merges.push_back({"d", "c"}); }), "there is no token 'd'"));
  CHECK(contains(broken([](auto& v) { v.merges.push_back({"c", "c"}); }), "there is no token 'cc'"));
  CHECK(contains(broken([](auto& v) { v.unknown = 7; }), "the unknown token is 7"));
  CHECK(contains(broken([](auto& v) { v.added = {{7, "x"}}; }), "the id of an added token is 7"));
  CHECK(contains(broken([](auto& v) { v.added = {{-1, "x"}}; }), "the id of an added token is -1"));
  CHECK(contains(broken([](auto& v) { v.added = {{1, ""}}; }), "the added token 1 is empty"));
  for (const char* merge : {"abc", "a b c", "a ", " a", ""})
    CHECK_THROWS_WITH_AS(models::split_merge(merge, 3, "file"), Contains("expected two tokens"), InputError);
  CHECK(models::split_merge("a b", 3, "file") == std::pair<std::string, std::string>("a", "b"));
}

TEST_CASE("files without a tokenizer, or with an unsupported one") {
  const testing::TemporaryFolder folder;
  const auto problem = [&](uint64_t values, const models::GgufBytes& body) {
    models::GgufBytes bytes;
    write_gguf(folder / "x.gguf", bytes.header(0, values).raw(body.out));
    try {
      models::tokenizer_from_gguf(GgufFile(folder / "x.gguf"));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto start = [](const std::string& family) {
    models::GgufBytes bytes;
    return bytes.key("tokenizer.ggml.model", GgufType::String)
        .text(family)
        .key("tokenizer.ggml.pre", GgufType::String)
        .text("smollm");
  };
  CHECK(problem(0, {}).find("has no key 'tokenizer.ggml.model'") != std::string::npos);
  CHECK(
      problem(2, start("bert")).find("is 'bert', a tokenizer that is not supported; supported are 'gpt2'") !=
      std::string::npos);
  CHECK(problem(2, start("gpt2")).find("has no key 'tokenizer.ggml.tokens'") != std::string::npos);
  models::GgufBytes no_merges = start("gpt2").texts("tokenizer.ggml.tokens", {"a"});
  CHECK(problem(3, no_merges).find("has no key 'tokenizer.ggml.merges'; expected an array of strings") !=
        std::string::npos);
  models::GgufBytes whole = no_merges.texts("tokenizer.ggml.merges", {});
  CHECK(problem(4, whole) == "");
  models::GgufBytes prefix = whole;
  prefix.key("tokenizer.ggml.add_space_prefix", GgufType::Bool).put<uint8_t>(1);
  CHECK(problem(5, prefix).find("'tokenizer.ggml.add_space_prefix' is true") != std::string::npos);
  models::GgufBytes large_end = whole.key("tokenizer.ggml.eos_token_id", GgufType::U32).u32(1);
  CHECK(problem(5, large_end).find("'tokenizer.ggml.eos_token_id' is 1, which is not among the 1 tokens") !=
        std::string::npos);
}
