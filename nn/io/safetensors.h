// safetensors files: named tensors with text metadata (format: github.com/huggingface/safetensors).
//
//   8 bytes    n, the header's length (u64, little-endian)
//   n bytes    JSON: {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]},
//                     "__metadata__": {...}}
//   the rest   the tensors' bytes, row-major, little-endian
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.h"
#include "nn/io/files.h"

namespace nn {

using NamedTensors = std::vector<std::pair<std::string, ag::Tensor>>;  // in the model's order
using Metadata = std::map<std::string, std::string>;
using StoredTypes = std::map<std::string, std::string>;  // by a tensor's name, as a file calls them: "BF16"

// The bytes of a number: of F64, F32, F16, BF16, I64 and I32; 0 for another type.
int64_t width_of(const std::string& type);

// A file that is open for reading: the header is read and checked, the data is read one tensor at a time, so
// that no second copy of a model is in memory. Throws ag::InputError naming the file and the fault.
class SafetensorsFile {
 public:
  struct TensorInfo {
    std::string name, dtype;        // dtype as the file calls it: "F32"
    ag::Shape shape;                // fills the bytes exactly
    uint64_t begin = 0, bytes = 0;  // begin from the data's first byte
    bool is_integer() const { return dtype[0] == 'I'; }
  };

  explicit SafetensorsFile(const Path& path);
  const std::string& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in the file's order of bytes

  // F64, F32, F16 and BF16 become reals; I32 and I64 become i32 (a number that does not fit is an error).
  ag::Tensor load(const TensorInfo& info) const;
  void load_into(const TensorInfo& info, ag::Tensor& into) const;  // shape and kind of number must agree

 private:
  std::string path_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  uint64_t data_begin_ = 0;
};

struct TensorFile {
  NamedTensors tensors;  // in the file's order of bytes
  Metadata metadata;
  std::string path;
  const ag::Tensor* find(const std::string& name) const;  // null where there is none
  const ag::Tensor& at(const std::string& name) const;  // ag::InputError naming the file where there is none
};

// All tensors of a file. Throws ag::InputError naming the file and what is wrong with it.
TensorFile read_safetensors(const Path& path);

// Only the metadata: cheap for a large file.
Metadata read_safetensors_metadata(const Path& path);

// Reals are written as F32 (F64 by the f64 twin), or, rounded to the nearest, as the F64, F32, F16 or BF16
// that `types` names; i32 as I32. Atomic, see files.h. Throws ag::InputError for a number that F16 cannot
// hold.
void write_safetensors(const Path& path, const NamedTensors& tensors, const Metadata& metadata = {},
                       const StoredTypes& types = {});

// IEEE half and bfloat16 to float, exactly, and back to the nearest (of two the even one; NaN stays NaN).
float half_to_float(uint16_t bits);
float bfloat16_to_float(uint16_t bits);
uint16_t float_to_half(float x);
uint16_t float_to_bfloat16(float x);

}  // namespace nn
