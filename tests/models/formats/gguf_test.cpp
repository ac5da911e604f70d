#include "models/formats/gguf.h"

#include <bit>
#include <fstream>
#include <functional>
#include <limits>
#include <thread>

#include "autograd/storage.h"
#include "models/formats/ggml_types.h"
#include "models/formats/gguf_writer.h"
#include "nn/io/text.h"
#include "tests/paths.h"
#include "tests/testing.h"

using ag::InputError;
using ag::Tensor;
using models::GgufBytes;
using models::GgufFile;
using models::GgufType;

namespace {

constexpr uint32_t kF32 = 0, kF16 = 1, kQ8_0 = 8;
constexpr const char* kSupported = "F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16";

std::string fixture_path(const std::string& name) { return fixtures() + "/" + name; }

// Some tests write thousands of files. So this does not sync, unlike nn::write_atomically, and removes the
// old file first, because some file systems sync a file that is overwritten.
void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  REQUIRE(out.flush());
}

// Compares floats bit by bit, including the sign of zero.
bool same_bits(ag::real a, ag::real b) {
  return std::bit_cast<uint32_t>(static_cast<float>(a)) == std::bit_cast<uint32_t>(static_cast<float>(b)) &&
         (a == b || a != a);
}

int64_t differences(const Tensor& found, const Tensor& expected) {
  int64_t count = 0;
  for (int64_t i = 0; i < expected.numel(); ++i) count += !same_bits(found.data()[i], expected.data()[i]);
  return count;
}

// Opens the file and loads every tensor. Returns the message of the InputError, or "".
std::string problem(const std::filesystem::path& path) {
  try {
    const GgufFile file(path);
    for (const auto& info : file.tensors()) file.load(info.name);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string problem_of(const std::string& bytes) {
  const testing::TemporaryFolder folder;
  write(folder / "x.gguf", bytes);
  return problem(folder / "x.gguf");
}

// A valid file with values of most types and two tensors.
std::string good_file() {
  GgufBytes bytes;
  bytes.header(2, 5)
      .key("general.alignment", GgufType::U32)
      .u32(32)
      .key("name", GgufType::String)
      .text("abc");
  bytes.array("list", GgufType::I16, 3)
      .put<int16_t>(1)
      .put<int16_t>(2)
      .put<int16_t>(3)
      .texts("texts", {"x", "", "yz"});
  bytes.key("yes", GgufType::Bool).put<uint8_t>(1);
  bytes.info("w", {3, 2}, kF32, 0).info("q", {32}, kQ8_0, 32).pad();
  for (int i = 0; i < 6; ++i) bytes.put(static_cast<float>(i));
  bytes.pad().put<uint16_t>(0x3C00);
  for (int i = 0; i < 32; ++i) bytes.put(static_cast<int8_t>(i - 16));
  return bytes.out;
}

}  // namespace

TEST_CASE("tensors of every type equal the Python package's dequantisation bit by bit") {
  const GgufFile file(fixture_path("tiny.gguf"));
  const nn::TensorFile expected = testing::fixture("tiny_gguf.safetensors");
  REQUIRE(expected.tensors.size() == 18);
  for (const auto& [name, reference] : expected.tensors) {
    const auto& shown = name;
    CAPTURE(shown);
    const Tensor found = file.load(name);
    REQUIRE(found.shape() == reference.shape());
    CHECK(differences(found, reference) == 0);
    Tensor into = Tensor::zeros(reference.shape());
    file.load_into(name, into);
    CHECK(differences(into, reference) == 0);
  }
}

TEST_CASE("an unsupported type is named, and the other tensors of the file can be read") {
  const GgufFile file(fixture_path("tiny.gguf"));
  CHECK_THROWS_WITH_AS(file.load("q2_k"), doctest::Contains("'q2_k' has the type Q2_K"), InputError);
  CHECK_THROWS_WITH_AS(file.load("q2_k"), doctest::Contains(kSupported), InputError);
}

TEST_CASE("the name and shape of a requested tensor must be those of the file") {
  const GgufFile file(fixture_path("tiny.gguf"));
  CHECK(file.find("nothing") == nullptr);
  CHECK(file.find("q4_0")->shape == ag::Shape{5, 64});
  CHECK_THROWS_WITH_AS(file.load("nothing"), doctest::Contains("has no tensor 'nothing'"), InputError);
  Tensor wrong = Tensor::zeros({64, 5});
  CHECK_THROWS_WITH_AS(file.load_into("q4_0", wrong), doctest::Contains("shape (5, 64); expected (64, 5)"),
                       InputError);
}

TEST_CASE("metadata of every type") {
  const GgufFile file(fixture_path("tiny.gguf"));
  CHECK(file.integer("test.u8") == 255);
  CHECK(file.integer("test.i8") == -128);
  CHECK(file.integer("test.u16") == 65535);
  CHECK(file.integer("test.i16") == -32768);
  CHECK(file.integer("test.u32") == 4294967295);
  CHECK(file.integer("test.i32") == std::numeric_limits<int32_t>::min());
  CHECK(file.integer("test.u64") == int64_t{1} << 62);
  CHECK(file.integer("test.i64") == std::numeric_limits<int64_t>::min());
  CHECK(file.number("test.f32") == double{0.1f});
  CHECK(file.number("test.f64") == 0.1);
  CHECK(file.number("test.u64.large") == 0x1p64);
  CHECK(file.flag("test.yes"));
  CHECK_FALSE(file.flag("test.no"));
  CHECK(file.string("test.text") == "grüße, 世界");
  CHECK(file.strings("test.texts") == std::vector<std::string>{"a", "", "çß"});
  CHECK(file.integers("test.integers") == std::vector<int64_t>{1, -2, 3});
  CHECK(file.numbers("test.numbers") == std::vector<double>{0.5, -1.5});
  CHECK(file.numbers("test.integers") == std::vector<double>{1, -2, 3});
  CHECK(file.integer_or("test.u8", 7) == 255);
  CHECK(file.integer_or("test.none", 7) == 7);
  CHECK(file.number_or("test.none", 0.5) == 0.5);
  CHECK(file.string_or("test.none", "x") == "x");
  CHECK(file.flag_or("test.none", true));
}

TEST_CASE("metadata of another type than expected: the message names the key and both types") {
  const GgufFile file(fixture_path("tiny.gguf"));
  using doctest::Contains;
  CHECK_THROWS_WITH_AS(file.integer("test.none"), Contains("has no key 'test.none'; expected an integer"),
                       InputError);
  CHECK_THROWS_WITH_AS(file.integer("test.text"), Contains("'test.text' is string; expected an integer"),
                       InputError);
  CHECK_THROWS_WITH_AS(file.integer("test.f32"), Contains("is f32; expected an integer"), InputError);
  CHECK_THROWS_WITH_AS(file.integer("test.yes"), Contains("is bool; expected an integer"), InputError);
  CHECK_THROWS_WITH_AS(file.integer("test.integers"), Contains("is an array of 3 i32s; expected an integer"),
                       InputError);
  CHECK_THROWS_WITH_AS(file.integer("test.u64.large"), Contains("18446744073709551615"), InputError);
  CHECK_THROWS_WITH_AS(file.number("test.nan"), Contains("expected a finite number"), InputError);
  CHECK_THROWS_WITH_AS(file.number("test.yes"), Contains("expected a number"), InputError);
  CHECK_THROWS_WITH_AS(file.flag("test.u8"), Contains("is u8; expected a bool"), InputError);
  CHECK_THROWS_WITH_AS(file.string("test.texts"), Contains("is an array of 3 strings; expected a string"),
                       InputError);
  CHECK_THROWS_WITH_AS(file.strings("test.text"), Contains("expected an array of strings"), InputError);
  CHECK_THROWS_WITH_AS(file.strings("test.integers"), Contains("expected an array of strings"), InputError);
  CHECK_THROWS_WITH_AS(file.integers("test.numbers"), Contains("expected an array of integers"), InputError);
  CHECK_THROWS_WITH_AS(file.integers("test.flags"),
                       Contains("an array of 2 bools; expected an array of integers"), InputError);
  CHECK_THROWS_WITH_AS(file.numbers("test.texts"), Contains("expected an array of numbers"), InputError);
  CHECK_THROWS_WITH_AS(file.integer_or("test.text", 1), Contains("expected an integer"), InputError);
}

TEST_CASE("tensors larger than the read buffer, from several threads at once") {
  constexpr int64_t kFloats = 3'000'000, kBlocks = 160'000;  // 12 MB and 5.4 MB
  GgufBytes bytes;
  bytes.header(2, 0, 2)
      .info("floats", {kFloats}, kF32, 0)
      .info("blocks", {32, kBlocks}, kQ8_0, kFloats * 4)
      .pad();
  for (int64_t i = 0; i < kFloats; ++i) bytes.put(static_cast<float>(i));
  for (int64_t b = 0; b < kBlocks; ++b) {
    bytes.put<uint16_t>(0x3C00);  // 1.0
    for (int64_t i = 0; i < 32; ++i) bytes.put(static_cast<int8_t>((b + i) % 256 - 128));
  }
  const testing::TemporaryFolder folder;
  write(folder / "x.gguf", bytes.out);
  const GgufFile file(folder / "x.gguf");
  const auto check = [&](int64_t* wrong) {
    const Tensor floats = file.load("floats"), blocks = file.load("blocks");
    for (int64_t i = 0; i < kFloats; ++i) *wrong += floats.data()[i] != static_cast<ag::real>(i);
    for (int64_t i = 0; i < kBlocks * 32; ++i) {
      *wrong += blocks.data()[i] != static_cast<ag::real>((i / 32 + i % 32) % 256 - 128);
    }
  };
  int64_t wrong[2] = {0, 0};
  std::thread other(check, &wrong[1]);
  check(&wrong[0]);
  other.join();
  CHECK(wrong[0] == 0);
  CHECK(wrong[1] == 0);
}

TEST_CASE("two tensors are equal if type, shape and every byte are, also after the first buffer") {
  constexpr uint64_t kFloats = 2'000'000;
  const auto file_with = [&](uint64_t at) {  // a; b, which differs in one number; another type; another shape
    GgufBytes bytes;
    bytes.header(5, 0).info("a", {kFloats, 1}, kF32, 0).info("b", {kFloats, 1}, kF32, 4 * kFloats);
    bytes.info("half", {64}, kF16, 8 * kFloats).info("real", {32}, kF32, 8 * kFloats + 128);
    bytes.info("other", {4, 8}, kF32, 8 * kFloats + 256).pad();
    std::string floats(4 * kFloats, '\1');
    bytes.raw(floats);
    if (at < floats.size()) floats[at] = '\2';
    return bytes.raw(floats).raw(std::string(3 * 128, '\1')).out;
  };
  const testing::TemporaryFolder folder;
  write(folder / "x.gguf", file_with(4 * kFloats));
  const GgufFile file(folder / "x.gguf");
  CHECK(file.same_data("a", "b"));
  CHECK(file.same_data("a", "a"));
  CHECK_FALSE(file.same_data("half", "real"));
  CHECK_FALSE(file.same_data("real", "other"));
  CHECK_THROWS_WITH_AS(file.same_data("a", "none"), doctest::Contains("has no tensor 'none'"), InputError);
  const int64_t before = ag::memory_stats().in_use;
  ag::reset_memory_peak();
  for (const uint64_t at : {uint64_t{0}, 4 * kFloats - 1}) {
    write(folder / "y.gguf", file_with(at));
    CHECK_FALSE(GgufFile(folder / "y.gguf").same_data("a", "b"));
  }
  CHECK(ag::memory_stats().peak == before);  // no tensor is loaded
  std::filesystem::resize_file(folder / "x.gguf", 4096);
  CHECK_THROWS_WITH_AS(file.same_data("a", "b"), doctest::Contains("has the file changed"), InputError);
}

TEST_CASE("a truncated file is an error, before memory is allocated") {
  const std::string whole = good_file();
  REQUIRE(problem_of(whole) == "");
  const testing::TemporaryFolder folder;
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    write(folder / "x.gguf", whole.substr(0, length));
    CHECK(problem(folder / "x.gguf").find((folder / "x.gguf").string()) == 0);
  }
}

TEST_CASE("a file with one changed byte is read or refused, and takes no more memory than its size") {
  const std::string whole = good_file();
  const testing::TemporaryFolder folder;
  const int64_t before = ag::memory_stats().in_use;
  ag::reset_memory_peak();
  int64_t refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x04, 0x80, 0xFF}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ change);
      write(folder / "x.gguf", changed);
      refused += problem(folder / "x.gguf") != "";
    }
  }
  CHECK(refused > 400);  // most of the header's bytes matter
  CHECK(ag::memory_stats().peak - before < 1 << 14);
}

TEST_CASE("invalid GGUF files are refused with the right message") {
  constexpr uint64_t kHuge = uint64_t{1} << 40, kAll = ~uint64_t{0};
  struct Lie {
    std::string expected;
    std::function<void(GgufBytes&)> write;
  };
  const std::vector<Lie> lies = {
      {"does not begin with 'GGUF'", [](GgufBytes& b) { b.raw("GGML").u32(3).u64(0).u64(0); }},
      {"version 1; versions 2 and 3", [](GgufBytes& b) { b.header(0, 0, 1); }},
      {"version 4; versions 2 and 3", [](GgufBytes& b) { b.header(0, 0, 4); }},
      {"big-endian", [](GgufBytes& b) { b.header(0, 0, 0x03000000); }},
      {"the list of tensors", [&](GgufBytes& b) { b.header(kHuge, 0); }},
      {"the metadata", [&](GgufBytes& b) { b.header(0, kAll); }},
      {"the list of tensors", [](GgufBytes& b) { b.header(2, 0).info("a", {1}, kF32, 0); }},
      {"a key at byte 32 has 1099511627776 bytes",
       [&](GgufBytes& b) { b.header(0, 1).u64(kHuge).raw("xxxxxxxx"); }},
      {"a key at byte 45",
       [](GgufBytes& b) {
         b.header(0, 2).key("a", GgufType::U64).u64(1);
         b.out.resize(51);
       }},
      {"key 'a' at byte",
       [&](GgufBytes& b) { b.header(0, 1).key("a", GgufType::String).u64(kHuge).raw("xx"); }},
      {"key 'a' at byte",
       [&](GgufBytes& b) { b.header(0, 1).key("a", GgufType::String).u64(kAll).raw("xx"); }},
      {"key 'a' at byte", [&](GgufBytes& b) { b.header(0, 1).array("a", GgufType::U8, kHuge).raw("xx"); }},
      {"key 'a' at byte",
       [&](GgufBytes& b) { b.header(0, 1).array("a", GgufType::F64, kAll / 8 + 2).raw("xxxxxxxxxxxxxxxx"); }},
      {"key 'a' at byte",
       [&](GgufBytes& b) { b.header(0, 1).array("a", GgufType::String, kAll / 8).raw("xx"); }},
      {"key 'a' is an array of arrays",
       [](GgufBytes& b) { b.header(0, 1).array("a", GgufType::Array, 1).u64(0).u64(0); }},
      {"key 'a' has the type 13", [](GgufBytes& b) { b.header(0, 1).text("a").u32(13).u32(0); }},
      {"key 'a' has the type 99",
       [](GgufBytes& b) { b.header(0, 1).key("a", GgufType::Array).u32(99).u64(1).u32(0); }},
      {"key 'a' is a bool with the value 2",
       [](GgufBytes& b) { b.header(0, 1).key("a", GgufType::Bool).put<uint8_t>(2); }},
      {"key 'a' occurs twice",
       [](GgufBytes& b) { b.header(0, 2).key("a", GgufType::U32).u32(1).key("a", GgufType::U32).u32(1); }},
      {"'general.alignment' is 0",
       [](GgufBytes& b) { b.header(0, 1).key("general.alignment", GgufType::U32).u32(0); }},
      {"'general.alignment' is 48",
       [](GgufBytes& b) { b.header(0, 1).key("general.alignment", GgufType::U32).u32(48); }},
      {"'general.alignment' is u64; expected u32",
       [](GgufBytes& b) { b.header(0, 1).key("general.alignment", GgufType::U64).u64(32); }},
      {"the file has 0 bytes of tensors",
       [](GgufBytes& b) {
         b.header(1, 1)
             .key("general.alignment", GgufType::U32)
             .u32(1u << 31)
             .info("w", {8}, kF32, 0)
             .pad(64)
             .pad(128);
       }},
      {"has 0 dimensions", [](GgufBytes& b) { b.header(1, 0).info("w", {}, kF32, 0).pad(); }},
      {"has 5 dimensions",
       [](GgufBytes& b) {
         b.header(1, 0).info("w", {1, 1, 1, 1, 1}, kF32, 0).pad().raw("1234");
       }},
      {"has 4294967295 dimensions",
       [](GgufBytes& b) { b.header(1, 0).text("w").u32(~0u).u64(1).u32(0).u64(0); }},
      {"has a dimension of 0", [](GgufBytes& b) { b.header(1, 0).info("w", {0}, kF32, 0).pad(); }},
      {"has a dimension of 9223372036854775808",
       [](GgufBytes& b) { b.header(1, 0).info("w", {uint64_t{1} << 63}, kF32, 0).pad(); }},
      {"larger than any file",
       [](GgufBytes& b) {
         b.header(1, 0).info("w", {uint64_t{1} << 32, uint64_t{1} << 32}, kF32, 0).pad();
       }},
      {"larger than any file",  // the product of the dimensions is 0 modulo 2^64
       [](GgufBytes& b) {
         b.header(1, 0).info("w", {uint64_t{1} << 62, 4}, kF32, 0).pad();
       }},
      {"larger than any file",  // the number of elements fits, the bytes do not
       [](GgufBytes& b) { b.header(1, 0).info("w", {uint64_t{1} << 62}, kF32, 0).pad(); }},
      {"takes 4398046511104 bytes", [&](GgufBytes& b) { b.header(1, 0).info("w", {kHuge}, kF32, 0).pad(); }},
      {"rows of 33 numbers",
       [](GgufBytes& b) { b.header(1, 0).info("w", {33}, kQ8_0, 0).pad().raw(std::string(99, 'x')); }},
      {"rows of 16 numbers",  // the number of elements divides, that of a row does not
       [](GgufBytes& b) {
         b.header(1, 0).info("w", {16, 4}, kQ8_0, 0).pad().raw(std::string(99, 'x'));
       }},
      {"unknown type 77", [](GgufBytes& b) { b.header(1, 0).info("w", {1}, 77, 0).pad().raw("1234"); }},
      {"Q4_2 (removed from ggml)",
       [](GgufBytes& b) { b.header(1, 0).info("w", {32}, 4, 0).pad().raw(std::string(99, 'x')); }},
      {"type IQ3_S, which is not supported",
       [](GgufBytes& b) { b.header(1, 0).info("w", {256}, 21, 0).pad().raw(std::string(110, 'x')); }},
      {"begins at 4, which is not a multiple",
       [](GgufBytes& b) { b.header(1, 0).info("w", {1}, kF32, 4).pad().raw("12345678"); }},
      {"takes 4 bytes from 32",
       [](GgufBytes& b) { b.header(1, 0).info("w", {1}, kF32, 32).pad().raw("12345678"); }},
      {"takes 4 bytes from 18446744073709551584",
       [](GgufBytes& b) { b.header(1, 0).info("w", {1}, kF32, ~uint64_t{31}).pad().raw("12345678"); }},
      {"takes 8 bytes from 0",
       [](GgufBytes& b) { b.header(1, 0).info("w", {4}, kF16, 0).pad().raw("1234567"); }},
      {"'w' and 'v' overlap",
       [](GgufBytes& b) {
         b.header(2, 0).info("v", {2}, kF32, 32).info("w", {16}, kF32, 0).pad().raw(std::string(64, 'x'));
       }},
      {"tensor 'v' begins at 64; expected 32, after the one before it; hint: the header declares 2 tensors",
       [](GgufBytes& b) {
         b.header(2, 0).info("w", {1}, kF32, 0).info("v", {1}, kF32, 64).pad().raw(std::string(96, 'x'));
       }},
      {"tensor 'w' begins at 32; expected 0",
       [](GgufBytes& b) { b.header(1, 0).info("w", {1}, kF32, 32).pad().raw(std::string(36, 'x')); }},
      {"its tensors end at byte 32 of the data, but the file has 64; hint: the header declares 1 tensors",
       [](GgufBytes& b) { b.header(1, 0).info("w", {1}, kF32, 0).pad().raw(std::string(64, 'x')); }},
      {"its tensors end at byte 0 of the data, but the file has 32; hint: the header declares 0 tensors",
       [](GgufBytes& b) { b.header(0, 0).pad().raw(std::string(32, 'x')); }},
      // a second tensor begins there
      {"the header ends at byte 57, but what follows is not the padding's zeros",
       [](GgufBytes& b) {
         b.header(1, 0).info("w", {1}, kF32, 0).info("v", {1}, kF32, 32).pad().raw(std::string(64, 'x'));
       }},
      {"its tensors end at byte 32 of the data, but the file has 96",  // no padding before the second
       [](GgufBytes& b) {
         b.header(1, 0).info("12345678", {1}, kF32, 0).info("v", {1}, kF32, 32);
         b.pad().raw(std::string(32, 'x'));
       }},
      {"'w' occurs twice",
       [](GgufBytes& b) {
         b.header(2, 0).info("w", {1}, kF32, 0).info("w", {1}, kF32, 32).pad().raw(std::string(64, 'x'));
       }},
      {"has 65 bytes; the format allows 64",
       [](GgufBytes& b) { b.header(1, 0).info(std::string(65, 'w'), {1}, kF32, 0).pad().raw("1234"); }},
  };
  const int64_t before = ag::memory_stats().in_use;
  const double resident = ag::peak_rss_mib();
  ag::reset_memory_peak();
  for (const Lie& lie : lies) {
    CAPTURE(lie.expected);
    GgufBytes bytes;
    lie.write(bytes);
    const std::string found = problem_of(bytes.out);
    CAPTURE(found);
    CHECK(found.find(lie.expected) != std::string::npos);
  }
  CHECK(ag::memory_stats().peak == before);
  CHECK(ag::peak_rss_mib() - resident < 64);
}

TEST_CASE("names from the file are shortened and made printable in messages") {
  CHECK(nn::quote("a\nb\x80") == "'a?b?'");
  CHECK(nn::quote(std::string(500, 'x')).size() == 85);
}

TEST_CASE("files that are missing, folders, and files that become shorter") {
  const testing::TemporaryFolder folder;
  CHECK(problem(folder / "none.gguf").find("there is no such GGUF file") != std::string::npos);
  CHECK(problem(folder.path()).find("there is no such GGUF file") != std::string::npos);
  write(folder / "x.gguf", good_file());
  const GgufFile file(folder / "x.gguf");
  std::filesystem::resize_file(folder / "x.gguf", 64);
  CHECK_THROWS_WITH_AS(file.load("w"), doctest::Contains("has the file changed"), InputError);
  std::filesystem::remove(folder / "x.gguf");
  CHECK_THROWS_WITH_AS(file.load("w"), doctest::Contains("has the file changed"), InputError);
}

TEST_CASE("every ggml type has a name, and no number has two") {
  for (uint32_t id = 0; id <= 41; ++id) {
    CAPTURE(id);
    REQUIRE(models::find_ggml_type(id) != nullptr);
    CHECK(models::find_ggml_type(id)->id == id);
  }
  CHECK(models::find_ggml_type(42) == nullptr);
  CHECK(models::supported_ggml_types() == kSupported);
}

namespace {

// Part i of `count` of a model of three tensors; it lists those of `tensors`.
std::string part_file(uint16_t i, uint16_t count, const std::string& tensors, int32_t all = 3) {
  GgufBytes bytes;
  bytes.header(tensors.size(), i == 0 ? 4 : 3);
  if (i == 0) bytes.key("name", GgufType::String).text("abc");
  bytes.key("split.no", GgufType::U16).put(i);
  bytes.key("split.count", GgufType::U16).put(count);
  bytes.key("split.tensors.count", GgufType::I32).put(all);
  for (size_t k = 0; k < tensors.size(); ++k) bytes.info(tensors.substr(k, 1), {1}, kF32, 32 * k);
  bytes.pad();
  for (const char name : tensors) bytes.put<float>(static_cast<float>(name)).pad();
  return bytes.out;
}

}  // namespace

TEST_CASE("a model in several files is read completely, no matter which file is named") {
  const testing::TemporaryFolder folder;
  const auto file = [&](int i) { return folder / ("m-0000" + std::to_string(i) + "-of-00003.gguf"); };
  write(file(1), part_file(0, 3, ""));
  write(file(2), part_file(1, 3, "ab"));
  write(file(3), part_file(2, 3, "c"));
  for (const int named : {1, 2, 3}) {
    const GgufFile whole(file(named));
    CHECK(whole.path() == file(named));
    CHECK(whole.files() == std::vector<nn::Path>{file(1), file(2), file(3)});
    CHECK(whole.string("name") == "abc");
    CHECK(whole.tensors().size() == 3);
    for (const char* name : {"a", "b", "c"}) CHECK(whole.load(name).item() == static_cast<float>(name[0]));
    CHECK(whole.same_data("a", "a"));
    CHECK_FALSE(whole.same_data("a", "c"));
  }
  const auto check = [&](const std::string& expected) {
    const std::string found = problem(file(1));
    CAPTURE(found);
    CHECK(found.find(expected) != std::string::npos);
  };
  write(file(3), part_file(2, 3, "b"));
  check("two parts hold the tensor 'b'");
  write(file(3), part_file(2, 3, "cd"));
  check("the 3 parts hold 4 tensors; expected 3");
  write(file(3), part_file(1, 3, "c"));
  check("m-00003-of-00003.gguf: split.no and split.count are 1 and 3; expected 2 and 3, as its name says");
  write(file(3), part_file(2, 4, "c"));
  check("split.no and split.count are 2 and 4; expected 2 and 3");
  write(file(3), good_file());
  check("split.no and split.count are 0 and 1; expected 2 and 3");
  std::filesystem::remove(file(3));
  check("is one of 3 parts, but " + file(3).string() + " is missing; hint: all parts belong in one folder");
  write(folder / "other.gguf", part_file(0, 3, "a"));
  CHECK(problem(folder / "other.gguf").find("expected a name that ends with -00001-of-00003.gguf") !=
        std::string::npos);
  write(folder / "other.gguf", part_file(3, 3, "a"));
  CHECK(problem(folder / "other.gguf").find("'split.no' is 3; expected 0 to 2") != std::string::npos);
  write(folder / "one.gguf", part_file(0, 1, "abc"));
  CHECK(problem(folder / "one.gguf").empty());
}
