// safetensors files: named tensors with text metadata (format: github.com/huggingface/safetensors).
//
//   8 bytes    n, the length of the header (u64, little-endian)
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
using StoredTypes = std::map<std::string, std::string>;  // tensor's name -> type as in a file: "BF16"

// Bytes per number of the types F64, F32, F16, BF16, I64 and I32; 0 for another type.
int64_t width_of(const std::string& type);

// A file that is open for reading. The constructor reads and checks the header; the data are
// read one tensor at a time, so that no second copy of a model is in memory. Throws
// ag::InputError, which names the file and the fault.
class SafetensorsFile {
 public:
  struct TensorInfo {
    std::string name, dtype;        // dtype as in the file: "F32"
    ag::Shape shape;                // fits `bytes` exactly
    uint64_t begin = 0, bytes = 0;  // begin counts from the data's first byte
    bool is_integer() const { return dtype[0] == 'I'; }
  };

  explicit SafetensorsFile(const Path& path);
  const std::string& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // sorted by `begin`

  // F64, F32, F16 and BF16 become reals; I32 and I64 become i32. ag::InputError if a number does not fit.
  ag::Tensor load(const TensorInfo& info) const;
  void load_into(const TensorInfo& info, ag::Tensor& into) const;  // with equal shape and kind of number

 private:
  std::string path_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  uint64_t data_begin_ = 0;
};

struct TensorFile {
  NamedTensors tensors;  // in the order of the file's bytes
  Metadata metadata;
  std::string path;
  const ag::Tensor* find(const std::string& name) const;  // null if there is none
  const ag::Tensor& at(const std::string& name) const;    // ag::InputError if there is none
};

// Reads all tensors of a file. Throws ag::InputError, which names the file and the fault.
TensorFile read_safetensors(const Path& path);

// Reads only the metadata, which is fast for a large file too.
Metadata read_safetensors_metadata(const Path& path);

// Writes reals as F32 (F64 in the f64 build), or as the type F64, F32, F16 or BF16 that `types` gives,
// rounded to nearest; i32 as I32. Atomic, see files.h. Throws ag::InputError for a number too large for F16.
void write_safetensors(const Path& path, const NamedTensors& tensors, const Metadata& metadata = {},
                       const StoredTypes& types = {});

// IEEE half and bfloat16 to float, exactly; and back, rounded to nearest, ties to even. NaN stays NaN.
float half_to_float(uint16_t bits);
float bfloat16_to_float(uint16_t bits);
uint16_t float_to_half(float x);
uint16_t float_to_bfloat16(float x);

}  // namespace nn
