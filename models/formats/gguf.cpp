#include "models/formats/gguf.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "models/formats/ggml_types.h"
#include "nn/io/text.h"

namespace models {
namespace {

constexpr int64_t kBufferBytes = int64_t{1} << 22;

// A tensor's bytes as they are stored, read forward.
class StoredBytes {
 public:
  StoredBytes(const std::string& path, const GgufHeader& header, const GgufTensorInfo& info)
      : path_(path), name_(info.name), in_(path, std::ios::binary) {
    in_.seekg(static_cast<std::streamoff>(header.data_begin + info.offset));
  }
  void read(std::vector<uint8_t>& into, int64_t count) {
    into.resize(static_cast<size_t>(count));
    in_.read(reinterpret_cast<char*>(into.data()), count);
    INPUT_CHECK(in_, path_, ": tensor ", nn::quote(name_),
                " cannot be read; hint: has the file changed since it was opened?");
  }

 private:
  std::string path_, name_;
  std::ifstream in_;
};

}  // namespace

GgufFile::GgufFile(const nn::Path& path) : path_(path.string()), header_(read_gguf_header(path)) {
  for (size_t i = 0; i < header_.tensors.size(); ++i) index_.emplace(header_.tensors[i].name, i);
}

const GgufValue& GgufFile::value(const std::string& key, Kind kind, bool array) const {
  constexpr const char *kOne[] = {"a string", "a bool", "an integer", "a number"},
                       *kMany[] = {"an array of strings", "", "an array of integers", "an array of numbers"};
  const char* expected = (array ? kMany : kOne)[static_cast<size_t>(kind)];
  const auto found = header_.values.find(key);
  INPUT_CHECK(found != header_.values.end(), path_, ": has no key ", nn::quote(key), "; expected ", expected);
  const GgufValue& v = found->second;
  const bool fits = kind == Kind::String    ? v.type == GgufType::String
                    : kind == Kind::Bool    ? v.type == GgufType::Bool
                    : kind == Kind::Integer ? v.is_integer()
                                            : v.is_integer() || v.is_float();
  INPUT_CHECK(fits && v.array == array, path_, ": key ", nn::quote(key), " is ", v.description(),
              "; expected ", expected);
  return v;
}

int64_t GgufFile::integer_at(const GgufValue& v, uint64_t i, const std::string& key) const {
  const int64_t result = v.integer(i);
  INPUT_CHECK(v.type != GgufType::U64 || result >= 0, path_, ": key ", nn::quote(key), " holds ",
              v.unsigned_integer(i), ", which does not fit into a signed 64-bit integer");
  return result;
}

double GgufFile::number(const std::string& key) const {
  const double result = value(key, Kind::Number, false).number(0);
  INPUT_CHECK(std::isfinite(result), path_, ": key ", nn::quote(key), " is ", result,
              "; expected a finite number");
  return result;
}

std::vector<int64_t> GgufFile::integers(const std::string& key) const {
  const GgufValue& v = value(key, Kind::Integer, true);
  std::vector<int64_t> result(v.count);
  for (uint64_t i = 0; i < v.count; ++i) result[i] = integer_at(v, i, key);
  return result;
}

std::vector<double> GgufFile::numbers(const std::string& key) const {
  const GgufValue& v = value(key, Kind::Number, true);
  std::vector<double> result(v.count);
  for (uint64_t i = 0; i < v.count; ++i) result[i] = v.number(i);
  return result;
}

const GgufFile::TensorInfo* GgufFile::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &header_.tensors[found->second];
}

const GgufFile::TensorInfo& GgufFile::existing(const std::string& name) const {
  const TensorInfo* info = find(name);
  INPUT_CHECK(info, path_, ": has no tensor ", nn::quote(name));
  return *info;
}

const GgufFile::TensorInfo& GgufFile::readable(const std::string& name) const {
  const TensorInfo& info = existing(name);
  const GgmlType& type = *find_ggml_type(info.type);
  INPUT_CHECK(type.dequantise, path_, ": tensor ", nn::quote(name), " has the type ", type.name,
              ", which is not supported; supported are ", supported_ggml_types(),
              "; hint: llama-quantize writes a file in one of these");
  return info;
}

ag::Tensor GgufFile::load(const std::string& name) const {
  ag::Tensor x = ag::Tensor::empty(readable(name).shape);
  load_into(name, x);
  return x;
}

void GgufFile::load_into(const std::string& name, ag::Tensor& into) const {
  const TensorInfo& info = readable(name);
  INPUT_CHECK(info.shape == into.shape(), path_, ": tensor ", nn::quote(name), " has shape ", info.shape,
              "; expected ", into.shape());
  const GgmlType& type = *find_ggml_type(info.type);
  const int64_t block_bytes = type.block_bytes, blocks = static_cast<int64_t>(info.bytes) / block_bytes;
  const int64_t at_once = kBufferBytes / block_bytes;
  StoredBytes stored(path_, header_, info);
  std::vector<uint8_t> buffer;
  for (int64_t first = 0; first < blocks; first += at_once) {
    const int64_t count = std::min(at_once, blocks - first);
    stored.read(buffer, count * block_bytes);
    dequantise(type, buffer.data(), count, into.data() + first * type.block_values);
  }
}

bool GgufFile::same_data(const std::string& a, const std::string& b) const {
  const TensorInfo &first = existing(a), &second = existing(b);
  if (first.type != second.type || first.shape != second.shape) return false;
  StoredBytes of_first(path_, header_, first), of_second(path_, header_, second);
  std::vector<uint8_t> x, y;
  const auto bytes = static_cast<int64_t>(first.bytes);
  for (int64_t begin = 0; begin < bytes; begin += kBufferBytes) {
    const int64_t count = std::min(kBufferBytes, bytes - begin);
    of_first.read(x, count);
    of_second.read(y, count);
    if (x != y) return false;
  }
  return true;
}

}  // namespace models
