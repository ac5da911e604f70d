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

  // Reads everything except the tensors' data. If the file is a part of a model from llama-gguf-split, reads
  // the other parts in the same folder too; the metadata are those of the first part. Throws ag::InputError,
  // which names the file and the fault.
  explicit GgufFile(const nn::Path& path);

  const std::string& path() const { return path_; }  // the constructor's argument
  std::vector<nn::Path> files() const;

  // Metadata. Each throws ag::InputError, which names the key, the type found (if any) and the type expected.
  bool has(const std::string& key) const { return header_.values.contains(key); }
  std::string string(const std::string& key) const { return value(key, Kind::String, false).strings[0]; }
  int64_t integer(const std::string& key) const {  // of any integer type
    return integer_at(value(key, Kind::Integer, false), 0, key);
  }
  double number(const std::string& key) const;  // a float or an integer; finite
  bool flag(const std::string& key) const { return value(key, Kind::Bool, false).integer(0) != 0; }
  std::vector<std::string> strings(const std::string& key) const {
    return value(key, Kind::String, true).strings;
  }
  std::vector<int64_t> integers(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;  // as stored, including infinities and NaN
  // For optional keys. The fallback is for a missing key, not for a key of another type.
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
  const TensorInfo* find(const std::string& name) const;  // null if there is none

  // The dequantised tensor, with the rows in the file's order. Throws ag::InputError if there is none, if its
  // type is not supported (the message lists the supported types), or if the file has become shorter since it
  // was opened. Reads through a small buffer. Thread-safe.
  ag::Tensor load(const std::string& name) const;
  void load_into(const std::string& name, ag::Tensor& into) const;  // the shapes must agree
  // True if two tensors have the same type, shape and bytes; any type. Reads through two small buffers.
  bool same_data(const std::string& a, const std::string& b) const;

 private:
  struct Part {
    std::string path;
    uint64_t data_begin;
  };
  struct OnlyOne {};
  GgufFile(const nn::Path& path, OnlyOne);  // reads the file without the other parts
  void add_part(const std::string& path, int64_t i, int64_t count);

  enum class Kind : uint8_t {
    String,
    Bool,
    Integer,
    Number
  };  // the requested type; an integer is also a number
  const GgufValue& value(const std::string& key, Kind kind, bool array) const;
  int64_t integer_at(const GgufValue& value, uint64_t i, const std::string& key) const;
  const TensorInfo& existing(const std::string& name) const;
  const TensorInfo& readable(const std::string& name) const;

  std::string path_;
  GgufHeader header_;
  std::vector<Part> parts_;
  std::unordered_map<std::string, size_t> index_;  // tensor's name -> index in header_.tensors
};

}  // namespace models
