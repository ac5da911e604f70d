// GGUF files put together by hand, so that tests can make ones that lie (layout: models/formats/gguf_header.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "models/formats/gguf_header.h"

namespace testing {

struct GgufBytes {
  std::string out;

  template <class T>
  GgufBytes& put(T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  GgufBytes& u32(uint32_t value) { return put(value); }
  GgufBytes& u64(uint64_t value) { return put(value); }
  GgufBytes& raw(const std::string& bytes) {
    out += bytes;
    return *this;
  }
  GgufBytes& text(const std::string& value) { return u64(value.size()).raw(value); }
  GgufBytes& type(models::GgufType value) { return u32(static_cast<uint32_t>(value)); }

  GgufBytes& header(uint64_t tensors, uint64_t values, uint32_t version = 3) {
    return raw("GGUF").u32(version).u64(tensors).u64(values);
  }
  GgufBytes& key(const std::string& name, models::GgufType of) { return text(name).type(of); }
  GgufBytes& array(const std::string& name, models::GgufType of, uint64_t count) {
    return key(name, models::GgufType::Array).type(of).u64(count);
  }
  GgufBytes& texts(const std::string& name, const std::vector<std::string>& values) {
    array(name, models::GgufType::String, values.size());
    for (const std::string& value : values) text(value);
    return *this;
  }
  // `dimensions` in the file's order, the fastest first.
  GgufBytes& info(const std::string& name, const std::vector<uint64_t>& dimensions, uint32_t of,
                  uint64_t offset) {
    text(name).u32(static_cast<uint32_t>(dimensions.size()));
    for (uint64_t d : dimensions) u64(d);
    return u32(of).u64(offset);
  }
  GgufBytes& pad(size_t to = 32) {
    out.resize((out.size() + to - 1) / to * to);
    return *this;
  }
};

}  // namespace testing
