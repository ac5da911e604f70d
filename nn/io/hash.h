// A hash of content. It detects changes; it does not protect against attackers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "nn/io/files.h"

namespace nn {

// XXH3 with 64 bits, of everything that was added.
class Hash {
 public:
  Hash();
  ~Hash();
  void bytes(const void* data, size_t count);
  void string(const std::string& s) { bytes(s.c_str(), s.size() + 1); }
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The hash of a file's bytes, in hex. Throws ag::InputError if it cannot be opened.
std::string file_hash(const Path& file);

}  // namespace nn
