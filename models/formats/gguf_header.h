// The header of a GGUF file, before the tensors' data (format: github.com/ggml-org/ggml, docs/gguf.md).
//
//   "GGUF", version u32, number of tensors u64, number of metadata values u64
//   per metadata value:  key (string), type u32, value; an array is element type u32, length u64, elements
//   per tensor:          name (string), rank u32, dimensions u64 each (fastest first), type u32, offset u64
//   zeros up to a multiple of general.alignment (default 32); the offsets count from here
//   the tensors' data, one after the other, each followed by zeros up to such a multiple
//
// All little-endian; a string is its length (u64) and its bytes. Versions 2 and 3 share this layout.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/files.h"

namespace models {

// The types of metadata values, with the format's numbers.
enum class GgufType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

// A metadata value. Numbers and bools are stored as the file's bytes and converted when they are read.
struct GgufValue {
  GgufType type = GgufType::U8;  // of the value, or of an array's elements; never Array
  bool array = false;
  uint64_t count = 1;
  std::string bytes;
  std::vector<std::string> strings;

  bool is_integer() const;
  bool is_float() const { return type == GgufType::F32 || type == GgufType::F64; }
  std::string description() const;  // "u32", "array of 12 strings"
  // Element i of a value of integers, floats or bools.
  int64_t integer(uint64_t i) const;  // U64 modulo 2^64
  uint64_t unsigned_integer(uint64_t i) const { return static_cast<uint64_t>(integer(i)); }
  double number(uint64_t i) const;  // also for integers
};

struct GgufTensorInfo {
  std::string name;
  ag::Shape shape;                 // row-major: the file's dimensions reversed
  uint32_t type = 0;               // ggml_types.h
  uint64_t offset = 0, bytes = 0;  // offset from GgufHeader::data_begin
  size_t part = 0;                 // the file's index, for a model in several files
};

struct GgufHeader {
  uint64_t data_begin = 0;
  std::unordered_map<std::string, GgufValue> values;
  std::vector<GgufTensorInfo> tensors;  // in the file's order
};

// Throws ag::InputError, which names the file and the place in it, if the header is inconsistent. Lengths and
// counts are checked against the rest of the file before memory is allocated. The tensors must be aligned,
// complete, without overlap, and fill the file.
GgufHeader read_gguf_header(const nn::Path& path);

}  // namespace models
