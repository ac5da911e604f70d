// GGUF files: a language model's weights, configuration and vocabulary in one file (layout: gguf_header.h).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"
#include "models/formats/gguf_header.h"
#include "nn/io/files.h"

namespace models {

class GgufFile {
 public:
  using TensorInfo = GgufTensorInfo;

  // Reads all but the tensors' data. A part of a model that llama-gguf-split cut stands for all of them:
  // the other parts are read beside it, and the metadata are the first one's. Throws ag::InputError naming
  // the file and what is wrong in it.
  explicit GgufFile(const nn::Path& path);

  const std::string& path() const { return path_; }  // the one that was named
  std::vector<nn::Path> files() const;

  // Metadata. Each throws ag::InputError naming the key, the type found, if any, and that expected.
  bool has(const std::string& key) const { return header_.values.contains(key); }
  std::string string(const std::string& key) const { return value(key, Kind::String, false).strings[0]; }
  int64_t integer(const std::string& key) const {  // of any width
    return integer_at(value(key, Kind::Integer, false), 0, key);
  }
  double number(const std::string& key) const;  // a float or an integer; finite
  bool flag(const std::string& key) const { return value(key, Kind::Bool, false).integer(0) != 0; }
  std::vector<std::string> strings(const std::string& key) const {
    return value(key, Kind::String, true).strings;
  }
  std::vector<int64_t> integers(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;  // as stored, infinities and NaN too
  // For keys that the format makes optional: the fallback is for a missing key, not for one of another type.
  std::string string_or(const std::string& key, const std::string& fallback) const {
    return has(key) ? string(key) : fallback;
  }
  int64_t integer_or(const std::string& key, int64_t fallback) const {
    return has(key) ? integer(key) : fallback;
  }
  double number_or(const std::string& key, double fallback) const {
    return has(key) ? number(key) : fallback;
  }
  bool flag_or(const std::string& key, bool fallback) const { return has(key) ? flag(key) : fallback; }

  const std::vector<TensorInfo>& tensors() const { return header_.tensors; }
  const TensorInfo* find(const std::string& name) const;  // null where there is none

  // The tensor as stored (rows in the file's order), dequantised. Throws ag::InputError where there is none,
  // where its type is not supported (naming those that are), or where the file has become shorter since it
  // was opened. The data is read through a small buffer; several threads may load at the same time.
  ag::Tensor load(const std::string& name) const;
  void load_into(const std::string& name, ag::Tensor& into) const;  // the shapes must agree
  // True if two tensors are stored alike: same type, shape and bytes. Of any type; through two small buffers.
  bool same_data(const std::string& a, const std::string& b) const;

 private:
  struct Part {
    std::string path;
    uint64_t data_begin;
  };
  struct OnlyOne {};
  GgufFile(const nn::Path& path, OnlyOne);  // a file without its other parts
  void add_part(const std::string& path, int64_t i, int64_t count);

  enum class Kind : uint8_t {
    String,
    Bool,
    Integer,
    Number
  };  // what is asked for; an integer is a number too
  const GgufValue& value(const std::string& key, Kind kind, bool array) const;
  int64_t integer_at(const GgufValue& value, uint64_t i, const std::string& key) const;
  const TensorInfo& existing(const std::string& name) const;
  const TensorInfo& readable(const std::string& name) const;

  std::string path_;
  GgufHeader header_;
  std::vector<Part> parts_;
  std::unordered_map<std::string, size_t> index_;  // of tensors, by name
};

}  // namespace models
