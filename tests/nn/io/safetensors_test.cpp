// safetensors: round trips, files of other writers, and files that are damaged or invalid.
#include "nn/io/safetensors.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "autograd/rng.h"
#include "tests/testing.h"

using ag::DType;
using ag::InputError;
using ag::real;
using ag::Shape;
using ag::Tensor;
using doctest::Contains;
using testing::TemporaryFolder;

namespace {

std::string little_endian(uint64_t n) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(n >> (8 * i));
  return bytes;
}

std::string file_of(const std::string& header, const std::string& data) {
  return little_endian(header.size()) + header + data;
}

// A file with one tensor of 16 zero bytes and this entry in the header.
std::string one_tensor(const std::string& entry) {
  return file_of("{\"x\":" + entry + "}", std::string(16, '\0'));
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

nn::TensorFile read_bytes(const std::string& bytes) {
  const TemporaryFolder folder;
  nn::write_atomically(folder / "x.safetensors", bytes);
  return nn::read_safetensors(folder / "x.safetensors");
}

// Checks that the bytes are refused with an InputError that names the file, and without allocating memory.
void check_refused(const std::string& bytes, const std::string& what) {
  INFO(what);
  ag::reset_memory_peak();
  const int64_t before = ag::memory_stats().in_use;
  const double resident = ag::peak_rss_mib();
  CHECK_THROWS_WITH_AS(read_bytes(bytes), Contains("x.safetensors"), InputError);
  CHECK(ag::memory_stats().peak <= before + 4096);
  CHECK(ag::memory_stats().in_use == before);
  CHECK(ag::peak_rss_mib() < resident + 32);
}

}  // namespace

TEST_CASE("written tensors can be read") {
  const TemporaryFolder folder;
  const nn::NamedTensors tensors = {{"b.weight", Tensor::from({2, 1, 3}, {1, -2, 0.5, 1e-30, 3e30, -0.0})},
                                    {"a", Tensor::full({}, 7)},
                                    {"none", Tensor::zeros({0, 3})},
                                    {"ids", Tensor::from_ints({3}, {-1, 0, 2147483647})},
                                    {"\"quoted\" \xc3\xa4", Tensor::full({1}, 2)}};
  const nn::Metadata metadata = {{"config", "{\"a\": 1}"}, {"empty", ""}};
  nn::write_safetensors(folder / "x", tensors, metadata);
  const nn::TensorFile file = nn::read_safetensors(folder / "x");
  CHECK(file.metadata == metadata);
  CHECK(nn::read_safetensors_metadata(folder / "x") == metadata);
  REQUIRE(file.tensors.size() == tensors.size());
  for (const auto& [name, expected] : tensors) {
    const auto& shown = name;
    CAPTURE(shown);
    const Tensor& found = file.at(name);
    CHECK(found.shape() == expected.shape());
    REQUIRE(found.dtype() == expected.dtype());
    const bool whole = found.dtype() == DType::I32;
    const void *a = whole ? static_cast<void*>(found.ints()) : found.data(),
               *b = whole ? static_cast<void*>(expected.ints()) : expected.data();
    CHECK(std::memcmp(a, b, static_cast<size_t>(found.numel() * ag::size_of(found.dtype()))) == 0);
  }
}

TEST_CASE("tensors keep their order, and start at a multiple of eight") {
  const TemporaryFolder folder;
  nn::write_safetensors(folder / "x",
                        {{"z", Tensor::full({}, 1)}, {"a", Tensor::full({}, 2)}, {"m", Tensor::full({}, 3)}});
  const nn::TensorFile file = nn::read_safetensors(folder / "x");
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].first == "z");
  CHECK(file.tensors[2].first == "m");
  CHECK(file.metadata.empty());
  CHECK(static_cast<unsigned char>(nn::read_file(folder / "x", "file")[0]) % 8 == 0);

  nn::write_safetensors(folder / "x", {});
  CHECK(nn::read_safetensors(folder / "x").tensors.empty());
}

TEST_CASE("a missing name is an error, and so is writing a name twice") {
  const TemporaryFolder folder;
  const Tensor x = Tensor::full({}, 1);
  nn::write_safetensors(folder / "x", {{"weight", x}});
  const nn::TensorFile file = nn::read_safetensors(folder / "x");
  CHECK(file.find("bias") == nullptr);
  CHECK_THROWS_WITH_AS(file.at("bias"), Contains("bias"), InputError);
  CHECK_THROWS_AS(nn::write_safetensors(folder / "x", {{"a", x}, {"a", x}}), ag::Error);
  CHECK(nn::read_safetensors(folder / "x").find("weight"));  // the old file is still there
}

TEST_CASE("a file of Python's safetensors is read: F16, BF16, I64") {
  // safetensors.torch.save({"half": [[1, -2], [65504, 2^-24]], "brain": [1, -3, 0.15625], "long": [3, -7]})
  const std::string header =
      R"({"__metadata__":{"made":"by Python"},"long":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
      R"("brain":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},)"
      R"("half":{"dtype":"F16","shape":[2,2],"data_offsets":[22,30]}}  )";
  REQUIRE(header.size() == 216);
  const unsigned char data[] = {3,    0,    0,    0,    0,    0,    0,    0,    0xf9, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x3f, 0x40, 0xc0,
                                0x20, 0x3e, 0,    0x3c, 0,    0xc0, 0xff, 0x7b, 1,    0};
  const nn::TensorFile file = read_bytes(file_of(header, std::string(data, data + sizeof data)));
  CHECK(file.metadata.at("made") == "by Python");
  const Tensor &ids = file.at("long"), &half = file.at("half");
  CHECK(std::vector<int32_t>(ids.ints(), ids.ints() + 2) == std::vector<int32_t>{3, -7});
  CHECK(file.at("brain").values() == std::vector<real>{1, -3, 0.15625});
  CHECK(half.shape() == Shape{2, 2});
  CHECK(half.values() == std::vector<real>{1, -2, 65504, real(std::ldexp(1, -24))});
}

TEST_CASE("every half and bfloat16 becomes the float of the same value") {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const float half = nn::half_to_float(static_cast<uint16_t>(bits));
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double expected = exponent ? std::ldexp(1024 + fraction, exponent - 25) : std::ldexp(fraction, -24);
    if (exponent == 31) expected = fraction ? NAN : INFINITY;
    if (bits >> 15) expected = -expected;
    const bool same = std::isnan(expected) ? std::isnan(half) : double(half) == expected;
    if (!same || std::signbit(half) != bool(bits >> 15)) FAIL_CHECK("half ", bits, " became ", half);

    const float brain = nn::bfloat16_to_float(static_cast<uint16_t>(bits));
    uint32_t back;
    std::memcpy(&back, &brain, sizeof back);
    if (back != static_cast<uint32_t>(bits) << 16) FAIL_CHECK("bfloat16 ", bits, " became ", brain);
  }
}

TEST_CASE("an integer that does not fit 32 bits is refused") {
  const std::string header = R"({"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})";
  CHECK(read_bytes(file_of(header, little_endian(2147483647))).at("ids").ints()[0] == 2147483647);
  check_refused(file_of(header, little_endian(2147483648)), "2^31");
  check_refused(file_of(header, little_endian(uint64_t{1} << 63)), "-2^63");
}

TEST_CASE("F64 and F32 are read by both builds") {
  const double d = 0.1;
  const float f = 0.1F;
  std::string data(12, '\0');
  std::memcpy(data.data(), &d, 8);
  std::memcpy(data.data() + 8, &f, 4);
  const nn::TensorFile file = read_bytes(file_of(R"({"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                                                 R"("f":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                                                 data));
  CHECK(file.at("d").item() == static_cast<real>(d));
  CHECK(file.at("d").shape().empty());
  CHECK(file.at("f").item() == static_cast<real>(f));
}

TEST_CASE("a missing file and a folder are the user's mistakes") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(nn::read_safetensors(folder / "missing"), Contains("missing"), InputError);
  CHECK_THROWS_AS(nn::read_safetensors(folder.path()), InputError);
  CHECK_THROWS_AS(nn::read_safetensors_metadata(folder / "missing"), InputError);
}

TEST_CASE("a truncated file is refused") {
  const TemporaryFolder folder;
  nn::write_safetensors(folder / "x",
                        {{"a", Tensor::from({2}, {1, 2})}, {"ids", Tensor::from_ints({1, 2, 3})}},
                        {{"key", "value"}});
  const std::string whole = nn::read_file(folder / "x", "file");
  CHECK(read_bytes(whole).tensors.size() == 2);
  for (size_t length = 0; length < whole.size(); ++length)
    check_refused(whole.substr(0, length), "the first " + std::to_string(length) + " bytes");
}

TEST_CASE("a wrong length of the header is refused without allocating memory") {
  for (uint64_t length : {uint64_t{3}, uint64_t{90'000'000}, uint64_t{1} << 40, uint64_t{1} << 63,
                          ~uint64_t{0}, ~uint64_t{0} - 7})
    check_refused(little_endian(length) + "{}", "a header of " + std::to_string(length) + " bytes");
}

TEST_CASE("an invalid header is refused") {
  for (const char* header :
       {"", " ", "x", "{", "[]", "7", "null", "\"x\"", "{\"x\":", "{\"x\":7}", "{\"x\":null}", "{\"x\":[]}",
        "{\"x\":{}}", "{\"__metadata__\":7}", "{\"__metadata__\":{\"a\":7}}", "{} {}", "{\"\xff\":{}}",
        "{\"x\":{\"dtype\":\"F32\"}}"})
    check_refused(file_of(header, ""), header);
  check_refused(file_of(std::string(200'000, '['), ""), "deeply nested");
}

TEST_CASE("an invalid entry of a tensor is refused") {
  CHECK(read_bytes(one_tensor(entry("\"F32\"", "[4]", "[0,16]"))).at("x").numel() == 4);  // a valid entry
  const std::string f32 = "\"F32\"", good = "[4]", all = "[0,16]";
  for (const auto& [dtype, shape, offsets] : std::vector<std::array<std::string, 3>>{
           {"\"F8_E4M3\"", "[16]", all},
           {"\"f32\"", good, all},
           {"\"\"", good, all},
           {"7", good, all},
           {"null", good, all},
           // shapes that do not fill the bytes
           {f32, "[3]", all},
           {f32, "[5]", all},
           {f32, "[]", all},
           {f32, "[0]", all},
           {f32, "[-4]", all},
           {f32, "[-2,-2]", all},
           {f32, "[0,-1]", "[0,0]"},
           {f32, "[2.5]", "[0,8]"},
           {f32, "[true,4]", all},
           {f32, "[\"4\"]", all},
           {f32, "4", all},
           {f32, "{}", all},
           {f32, "[4294967296,4294967296]", all},
           {f32, "[4611686018427387905,4]", all},  // the product is 4 modulo 2^64
           {f32, "[9223372036854775807]", all},
           {f32, "[99999999999999999999]", all},
           {f32, "[1e30]", all},
           // offsets
           {f32, good, "[0,15]"},
           {f32, good, "[16,0]"},
           {f32, good, "[0,17]"},
           {f32, good, "[4,20]"},
           {f32, good, "[-16,0]"},
           {f32, good, "[0,-1]"},
           {f32, good, "[0]"},
           {f32, good, "[0,16,32]"},
           {f32, good, "[]"},
           {f32, good, "7"},
           {f32, good, "[0.0,16.5]"},
           {f32, good, "[0,1e30]"},
           {f32, "[1099511627776]", "[0,4398046511104]"},
           {f32, good, "[18446744073709551600,18446744073709551616]"}})
    check_refused(one_tensor(entry(dtype, shape, offsets)), entry(dtype, shape, offsets));
}

TEST_CASE("overlapping tensors and unused bytes are refused") {
  const auto two = [](const std::string& first, const std::string& second) {
    return file_of("{\"a\":" + first + ",\"b\":" + second + "}", std::string(16, '\0'));
  };
  const std::string f32 = "\"F32\"";
  CHECK(read_bytes(two(entry(f32, "[2]", "[8,16]"), entry(f32, "[2]", "[0,8]"))).tensors[0].first == "b");
  CHECK(read_bytes(two(entry(f32, "[4]", "[0,16]"), entry(f32, "[0]", "[0,0]"))).tensors.size() == 2);
  check_refused(two(entry(f32, "[4]", "[0,16]"), entry(f32, "[2]", "[8,16]")), "overlap");
  check_refused(two(entry(f32, "[4]", "[0,16]"), entry(f32, "[4]", "[0,16]")), "the same bytes twice");
  check_refused(two(entry(f32, "[1]", "[0,4]"), entry(f32, "[2]", "[8,16]")), "a hole");
  check_refused(two(entry(f32, "[1]", "[4,8]"), entry(f32, "[2]", "[8,16]")), "a hole at the beginning");
  check_refused(two(entry(f32, "[1]", "[0,4]"), entry(f32, "[1]", "[4,8]")), "bytes after the last");
}

TEST_CASE("a file with one changed byte is read or refused") {
  const TemporaryFolder folder;
  nn::write_safetensors(folder / "x",
                        {{"a", Tensor::from({2, 2}, {1, 2, 3, 4})}, {"ids", Tensor::from_ints({1, 2, 3})}},
                        {{"key", "value"}});
  const std::string whole = nn::read_file(folder / "x", "file");
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (uint32_t change = 0; change < 8; ++change) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(ag::random_bits({1, change, 0}, i));
      try {
        read_bytes(damaged);
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("one tensor at a time, into an existing one") {
  const TemporaryFolder folder;
  const int64_t many = 3'000'001;  // more than a buffer, and not a multiple of it
  Tensor large = Tensor::empty({many});
  for (int64_t i = 0; i < many; ++i) large.data()[i] = static_cast<real>(i % 1000003);
  nn::write_safetensors(folder / "x", {{"large", large}, {"ids", Tensor::from_ints({4, 5})}}, {{"a", "b"}});
  const nn::SafetensorsFile file(folder / "x");
  CHECK(file.metadata().at("a") == "b");
  REQUIRE(file.tensors().size() == 2);
  const auto &info = file.tensors()[0], &ids = file.tensors()[1];
  CHECK(info.name == "large");
  CHECK(info.shape == Shape{many});
  CHECK_FALSE(info.is_integer());
  CHECK(ids.is_integer());
  Tensor into = Tensor::zeros({many});
  ag::reset_memory_peak();
  const int64_t before = ag::memory_stats().in_use;
  file.load_into(info, into);
  CHECK(ag::memory_stats().peak == before);
  CHECK(into.values() == large.values());
  CHECK(file.load(ids).ints()[1] == 5);

  Tensor other = Tensor::zeros({many - 1}), whole = Tensor::zeros({2}, DType::I32),
         real_ids = Tensor::zeros({2});
  CHECK_THROWS_WITH_AS(file.load_into(info, other), Contains("has shape (3000001); expected (3000000)"),
                       InputError);
  CHECK_THROWS_WITH_AS(file.load_into(ids, real_ids), Contains("has dtype I32; expected reals"), InputError);
  file.load_into(ids, whole);
  CHECK(whole.ints()[0] == 4);
  // The file becomes shorter after it was opened.
  std::filesystem::resize_file(folder / "x", 1000);
  CHECK_THROWS_WITH_AS(file.load_into(info, into), Contains("has the file changed"), InputError);
}

TEST_CASE("float16 and bfloat16: their numbers stay exact, others are rounded to the nearest") {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float as_half = nn::half_to_float(half), as_bfloat = nn::bfloat16_to_float(half);
    if (!std::isnan(as_half)) CHECK(nn::float_to_half(as_half) == half);
    if (!std::isnan(as_bfloat)) CHECK(nn::float_to_bfloat16(as_bfloat) == half);
  }
  CHECK(std::isnan(nn::half_to_float(nn::float_to_half(NAN))));
  CHECK(std::isnan(nn::bfloat16_to_float(nn::float_to_bfloat16(NAN))));
  const auto half = [](double x) { return nn::half_to_float(nn::float_to_half(static_cast<float>(x))); };
  const auto bfloat = [](double x) {
    return nn::bfloat16_to_float(nn::float_to_bfloat16(static_cast<float>(x)));
  };
  CHECK(half(1 + 0x1p-11) == 1);  // between two: the even one
  CHECK(half(1 + 3 * 0x1p-11) == 1 + 0x1p-9F);
  CHECK(half(1 + 0x1.01p-11) == 1 + 0x1p-10F);
  CHECK(half(65519) == 65504);
  CHECK(half(-65520) == -INFINITY);
  CHECK(half(0x1p-25) == 0);
  CHECK(half(3 * 0x1p-25) == 0x1p-23F);  // subnormal
  CHECK(half(0x1.FFFp-15) == 0x1p-14F);
  CHECK(bfloat(1 + 0x1p-8) == 1);
  CHECK(bfloat(1 + 3 * 0x1p-8) == 1 + 0x1p-6F);
  CHECK(bfloat(-1 - 0x1.01p-8) == -1 - 0x1p-7F);
}

TEST_CASE("tensors may be written in another type") {
  const TemporaryFolder folder;
  const Tensor x = Tensor::from({3}, {1, ag::real(-0.1), 3000}), i = Tensor::from_ints({5});
  const nn::Path path = folder / "x.safetensors";
  for (const std::string type : {"F64", "F32", "F16", "BF16"}) {
    nn::write_safetensors(path, {{"x", x}, {"i", i}}, {}, {{"x", type}});
    const nn::SafetensorsFile file(path);
    CHECK(file.tensors()[0].dtype == type);
    CHECK(file.tensors()[1].dtype == "I32");
    const Tensor found = file.load(file.tensors()[0]);
    for (int64_t k = 0; k < 3; ++k) CHECK(found.data()[k] == doctest::Approx(x.data()[k]).epsilon(0.01));
    CHECK(file.load(file.tensors()[1]).ints()[0] == 5);
  }
  CHECK_THROWS_WITH_AS(nn::write_safetensors(path, {{"x", Tensor::from({1}, {70000})}}, {}, {{"x", "F16"}}),
                       Contains("tensor 'x' holds 70000, more than float16 can; hint: bfloat16"), InputError);
  CHECK(nn::read_safetensors(path).tensors.size() == 2);  // the file from before
}

TEST_CASE("null as metadata means none, as in Hugging Face's reader") {
  const nn::TensorFile file = read_bytes(file_of(
      "{\"__metadata__\":null,\"x\":" + entry("\"F32\"", "[1]", "[0,4]") + "}", std::string(4, '\0')));
  CHECK(file.metadata.empty());
  CHECK(file.tensors.size() == 1);
}
