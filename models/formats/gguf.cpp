#include "models/formats/gguf.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "models/formats/ggml_types.h"
#include "nn/io/text.h"

namespace models {
namespace {

constexpr int64_t kBufferBytes = int64_t{1} << 22;

// Reads the stored bytes of a tensor in order.
class StoredBytes {
 public:
  StoredBytes(const std::string& path, uint64_t data_begin, const GgufTensorInfo& info)
      : path_(path), name_(info.name), in_(path, std::ios::binary) {
    in_.seekg(static_cast<std::streamoff>(data_begin + info.offset));
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

constexpr const char *kPart = "split.no", *kParts = "split.count", *kAllTensors = "split.tensors.count";

}  // namespace

GgufFile::GgufFile(const nn::Path& path, OnlyOne)
    : path_(path.string()), header_(read_gguf_header(path)), parts_{{path_, header_.data_begin}} {}

GgufFile::GgufFile(const nn::Path& path) : GgufFile(path, OnlyOne()) {
  if (const int64_t count = integer_or(kParts, 1); count > 1) {
    const int64_t own = integer(kPart);
    INPUT_CHECK(own >= 0 && own < count, path_, ": key '", kPart, "' is ", own, "; expected 0 to ",
                count - 1);
    const std::string ending = "-" + nn::numbered(own, count) + ".gguf";
    INPUT_CHECK(path_.ends_with(ending), path_, ": is part ", own + 1, " of ", count,
                " of a model; expected a name that ends with ", ending, ", by which the others are found");
    const std::string stem = path_.substr(0, path_.size() - ending.size());
    header_ = {};
    parts_.clear();
    for (int64_t i = 0; i < count; ++i) add_part(stem + "-" + nn::numbered(i, count) + ".gguf", i, count);
    INPUT_CHECK(std::ssize(header_.tensors) == integer(kAllTensors), path_, ": the ", count, " parts hold ",
                header_.tensors.size(), " tensors; expected ", integer(kAllTensors),
                ", as the first part says");
  }
  for (size_t i = 0; i < header_.tensors.size(); ++i) {
    const std::string& name = header_.tensors[i].name;
    INPUT_CHECK(index_.emplace(name, i).second, path_, ": two parts hold the tensor ", nn::quote(name));
  }
}

void GgufFile::add_part(const std::string& path, int64_t i, int64_t count) {
  std::error_code error;
  INPUT_CHECK(std::filesystem::exists(path, error), path_, ": is one of ", count, " parts, but ", path,
              " is missing; hint: all parts belong in one folder");
  GgufFile part(path, OnlyOne());
  const int64_t no = part.integer_or(kPart, 0), of = part.integer_or(kParts, 1);
  INPUT_CHECK(no == i && of == count, path, ": ", kPart, " and ", kParts, " are ", no, " and ", of,
              "; expected ", i, " and ", count, ", as its name says");
  if (i == 0) header_.values = std::move(part.header_.values);
  for (GgufTensorInfo& info : part.header_.tensors) {
    info.part = parts_.size();
    header_.tensors.push_back(info);
  }
  parts_.push_back(part.parts_[0]);
}

std::vector<nn::Path> GgufFile::files() const {
  std::vector<nn::Path> files;
  for (const Part& part : parts_) files.emplace_back(part.path);
  return files;
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
  StoredBytes stored(parts_[info.part].path, parts_[info.part].data_begin, info);
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
  const Part &part = parts_[first.part], &other = parts_[second.part];
  StoredBytes of_first(part.path, part.data_begin, first), of_second(other.path, other.data_begin, second);
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
