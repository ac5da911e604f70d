#include "nn/io/safetensors.h"

#include "tests/fuzz/target.h"

// What is read is written and read again.
FUZZ_TARGET(safetensors) {
  const nn::Path path = fuzz::file("x.safetensors", bytes);
  const nn::TensorFile first = nn::read_safetensors(path);
  FUZZ_CHECK(nn::read_safetensors_metadata(path) == first.metadata);
  nn::write_safetensors(fuzz::folder() / "y.safetensors", first.tensors, first.metadata);
  const nn::TensorFile second = nn::read_safetensors(fuzz::folder() / "y.safetensors");
  FUZZ_CHECK(second.metadata == first.metadata);
  FUZZ_CHECK(second.tensors.size() == first.tensors.size());
  for (const auto& [name, tensor] : first.tensors) FUZZ_CHECK(second.at(name).shape() == tensor.shape());
}
