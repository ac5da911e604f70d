#include "nn/io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <type_traits>

#include "nn/io/json.h"

namespace nn {
namespace {

using ag::DType;
using ag::real;
using ag::Shape;
using ag::Tensor;
constexpr const char* kFile = "safetensors file";
constexpr uint64_t kLargestHeader = 100'000'000;  // the limit of Hugging Face's reader
constexpr uint64_t kLargestNumber = std::numeric_limits<int64_t>::max();
constexpr uint64_t kBufferBytes = uint64_t{1} << 22;  // a multiple of every number's size

using Info = SafetensorsFile::TensorInfo;

// A list of integers, 0 or larger. The JSON library's conversion would truncate 2.5 to 2.
template <class T>
std::vector<T> natural_numbers(const Json& json, const std::string& file, const std::string& tensor,
                               const char* key) {
  bool right = json.is_array();
  for (const Json& value : json)
    right = right && value.is_number_unsigned() && value.get<uint64_t>() <= kLargestNumber;
  INPUT_CHECK(right, file, ": tensor '", tensor, "' has ", key, " ", json_text(json),
              "; expected a list of integers from 0");
  return json.get<std::vector<T>>();
}

Info parse_entry(const std::string& file, const std::string& name, const Json& json, uint64_t data_bytes) {
  Info entry{name, json.at("dtype").get<std::string>(),
             natural_numbers<int64_t>(json.at("shape"), file, name, "shape"), 0, 0};
  const auto offsets = natural_numbers<uint64_t>(json.at("data_offsets"), file, name, "data_offsets");
  const int64_t width = width_of(entry.dtype);
  INPUT_CHECK(width, file, ": tensor '", name, "' has dtype ", entry.dtype,
              "; F64, F32, F16, BF16, I64 and I32 can be read");
  INPUT_CHECK(offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data_bytes, file, ": tensor '",
              name, "' lies outside the file; hint: the file may have been cut short");
  entry.begin = offsets[0];
  entry.bytes = offsets[1] - offsets[0];
  int64_t bytes = width;
  bool fits = true;  // false if the product of the dimensions overflows
  for (int64_t d : entry.shape) fits = fits && !__builtin_mul_overflow(bytes, d, &bytes);
  INPUT_CHECK(fits && static_cast<uint64_t>(bytes) == entry.bytes, file, ": tensor '", name, "' of shape ",
              entry.shape, " does not fill its ", entry.bytes, " bytes");
  return entry;
}

std::string read_header_text(std::ifstream& in, const std::string& file, uint64_t file_bytes) {
  uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  INPUT_CHECK(in && file_bytes >= sizeof length, file,
              ": not a safetensors file: it is shorter than 8 bytes");
  INPUT_CHECK(length <= kLargestHeader && length <= file_bytes - 8, file,
              ": not a safetensors file, or cut short: its header says ", length, " bytes but ",
              file_bytes - 8, " follow");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  INPUT_CHECK(in, file, ": the header cannot be read");
  return text;
}

// The format requires that the tensors, sorted by their first byte, fill the data without overlap or hole.
void check_order(const std::vector<Info>& tensors, uint64_t data_bytes, const std::string& file) {
  uint64_t end = 0;
  for (const Info& tensor : tensors) {
    INPUT_CHECK(tensor.begin == end, file, ": tensor '", tensor.name, "' begins at byte ", tensor.begin,
                " of the data but the one before it ends at ", end);
    end += tensor.bytes;
  }
  INPUT_CHECK(end == data_bytes, file, ": the tensors fill ", end, " bytes but the file holds ", data_bytes,
              " of them");
}

template <class From, class To, class Convert>
void convert(const std::string& bytes, size_t count, To* to, Convert convert_one) {
  From value;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    to[i] = static_cast<To>(convert_one(value));
  }
}

// Converts `count` numbers of the file and writes them into the tensor from element `first` on.
void convert_into(Tensor& x, int64_t first, const std::string& bytes, size_t count, const Info& info,
                  const std::string& file) {
  const auto same = [](auto v) { return v; };
  if (info.dtype == "F64") convert<double>(bytes, count, x.data() + first, same);
  if (info.dtype == "F32") convert<float>(bytes, count, x.data() + first, same);
  if (info.dtype == "F16") convert<uint16_t>(bytes, count, x.data() + first, half_to_float);
  if (info.dtype == "BF16") convert<uint16_t>(bytes, count, x.data() + first, bfloat16_to_float);
  if (info.dtype == "I32") convert<int32_t>(bytes, count, x.ints() + first, same);
  if (info.dtype == "I64") {
    convert<int64_t>(bytes, count, x.ints() + first, [&](int64_t v) {
      INPUT_CHECK(v >= std::numeric_limits<int32_t>::min() && v <= std::numeric_limits<int32_t>::max(), file,
                  ": tensor '", info.name, "' holds ", v, ", which does not fit into 32 bits");
      return v;
    });
  }
}

constexpr const char* kOwnType = std::is_same_v<real, float> ? "F32" : "F64";

// The type in which a tensor is written.
std::string type_of(const std::string& name, const Tensor& x, const StoredTypes& types) {
  if (x.dtype() == DType::I32) return "I32";
  const auto found = types.find(name);
  return found == types.end() ? kOwnType : found->second;
}

template <class To, class Convert>
void write_as(std::ostream& out, const Tensor& x, Convert convert_one) {
  std::vector<To> numbers(static_cast<size_t>(x.numel()));
  std::transform(x.data(), x.data() + x.numel(), numbers.begin(), convert_one);
  out.write(reinterpret_cast<const char*>(numbers.data()), x.numel() * int64_t{sizeof(To)});
}

void write_numbers(std::ostream& out, const std::string& name, const Tensor& x, const std::string& type) {
  if (type == "I32") {
    out.write(reinterpret_cast<const char*>(x.ints()), x.numel() * width_of(type));
  } else if (type == kOwnType) {
    out.write(reinterpret_cast<const char*>(x.data()), x.numel() * width_of(type));
  } else if (type == "F64") {
    write_as<double>(out, x, [](real v) { return static_cast<double>(v); });
  } else if (type == "F32") {
    write_as<float>(out, x, [](real v) { return static_cast<float>(v); });
  } else if (type == "BF16") {
    write_as<uint16_t>(out, x, [](real v) { return float_to_bfloat16(static_cast<float>(v)); });
  } else {
    write_as<uint16_t>(out, x, [&](real v) {
      const uint16_t half = float_to_half(static_cast<float>(v));
      INPUT_CHECK(std::isinf(v) || !std::isinf(half_to_float(half)), "tensor '", name, "' holds ", v,
                  ", more than float16 can; hint: bfloat16 can hold it");
      return half;
    });
  }
}

}  // namespace

int64_t width_of(const std::string& type) {
  if (type == "F64" || type == "I64") return 8;
  if (type == "F32" || type == "I32") return 4;
  if (type == "F16" || type == "BF16") return 2;
  return 0;
}

SafetensorsFile::SafetensorsFile(const Path& path) : path_(path.string()) {
  std::ifstream in = open_file(path, kFile);
  std::error_code error;
  const uint64_t file_bytes = std::filesystem::file_size(path, error);
  INPUT_CHECK(!error, path_, ": cannot be read: ", error.message());
  const std::string text = read_header_text(in, path_, file_bytes);
  data_begin_ = 8 + text.size();
  try {
    const auto json = parse_json<Json>(text, path_);
    INPUT_CHECK(json.is_object(), path_, ": not a safetensors file: its header is not a JSON object");
    for (const auto& [name, value] : json.items()) {
      if (name == "__metadata__") {
        if (!value.is_null()) metadata_ = value.get<Metadata>();
      } else {
        tensors_.push_back(parse_entry(path_, name, value, file_bytes - data_begin_));
      }
    }
  } catch (const Json::exception& problem) {
    throw ag::InputError(
        ag::message(path_, ": not a safetensors file: its header is not as expected: ", problem.what()));
  }
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const Info& a, const Info& b) {
    return std::pair(a.begin, a.bytes) < std::pair(b.begin, b.bytes);
  });
  check_order(tensors_, file_bytes - data_begin_, path_);
}

Tensor SafetensorsFile::load(const Info& info) const {
  Tensor x = Tensor::empty(info.shape, info.is_integer() ? DType::I32 : DType::Real);
  load_into(info, x);
  return x;
}

void SafetensorsFile::load_into(const Info& info, Tensor& into) const {
  INPUT_CHECK(info.shape == into.shape(), path_, ": tensor '", info.name, "' has shape ", info.shape,
              "; expected ", into.shape());
  INPUT_CHECK(info.is_integer() == (into.dtype() == DType::I32), path_, ": tensor '", info.name,
              "' has dtype ", info.dtype, "; expected ", info.is_integer() ? "reals" : "integers");
  std::ifstream in = open_file(path_, kFile);
  in.seekg(static_cast<std::streamoff>(data_begin_ + info.begin));
  const auto width = static_cast<uint64_t>(width_of(info.dtype));
  std::string buffer(std::min(info.bytes, kBufferBytes), '\0');
  for (uint64_t done = 0; done < info.bytes; done += buffer.size()) {
    const uint64_t bytes = std::min<uint64_t>(buffer.size(), info.bytes - done);
    in.read(buffer.data(), static_cast<std::streamsize>(bytes));
    INPUT_CHECK(in, path_, ": tensor '", info.name,
                "' cannot be read; hint: has the file changed since it was opened?");
    convert_into(into, static_cast<int64_t>(done / width), buffer, bytes / width, info, path_);
  }
}

const Tensor* TensorFile::find(const std::string& name) const {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

const Tensor& TensorFile::at(const std::string& name) const {
  const Tensor* tensor = find(name);
  INPUT_CHECK(tensor, path, ": has no tensor '", name, "'");
  return *tensor;
}

TensorFile read_safetensors(const Path& path) {
  const SafetensorsFile stored(path);
  TensorFile file{{}, stored.metadata(), stored.path()};
  for (const Info& info : stored.tensors()) file.tensors.emplace_back(info.name, stored.load(info));
  return file;
}

Metadata read_safetensors_metadata(const Path& path) { return SafetensorsFile(path).metadata(); }

void write_safetensors(const Path& path, const NamedTensors& tensors, const Metadata& metadata,
                       const StoredTypes& types) {
  OrderedJson json;
  if (!metadata.empty()) json["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const auto& [name, x] : tensors) {
    const std::string dtype = type_of(name, x, types);
    AG_CHECK(!json.contains(name), path.string(), ": two tensors are named '", name, "'");
    const int64_t bytes = x.numel() * width_of(dtype);
    json[name] = {{"dtype", dtype}, {"shape", x.shape()}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string header = json.is_null() ? "{}" : json_text(json);
  header.append((8 - header.size() % 8) % 8, ' ');  // so that the tensors begin at a multiple of 8
  write_atomically(path, [&](std::ostream& out) {
    const uint64_t length = header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out.write(header.data(), static_cast<std::streamsize>(header.size()));
    for (const auto& [name, tensor] : tensors) {
      write_numbers(out, name, tensor.to(ag::Device::CPU), type_of(name, tensor, types));
    }
  });
}

float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

float half_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16, exponent = (bits >> 10) & 31u,
                 fraction = bits & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);  // infinity, NaN
  if (exponent == 0) {                                                                   // zero, subnormal
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t float_to_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint16_t float_to_half(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  const float size = std::abs(x);
  if (std::isnan(x)) return static_cast<uint16_t>(sign | 0x7E00);
  if (size >= 65520) return static_cast<uint16_t>(sign | 0x7C00);
  if (size < 0x1p-14F)
    return static_cast<uint16_t>(sign | static_cast<uint32_t>(std::nearbyint(size * 0x1p24F)));
  return static_cast<uint16_t>(sign | (magnitude - (112U << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13);
}

}  // namespace nn
