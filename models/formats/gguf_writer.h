// Builds GGUF files from parts. Tests build invalid ones too. Layout: gguf_header.h.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "models/formats/gguf_header.h"

namespace models {

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
  GgufBytes& type(GgufType value) { return u32(static_cast<uint32_t>(value)); }

  GgufBytes& header(uint64_t tensors, uint64_t values, uint32_t version = 3) {
    return raw("GGUF").u32(version).u64(tensors).u64(values);
  }
  GgufBytes& key(const std::string& name, GgufType of) { return text(name).type(of); }
  GgufBytes& array(const std::string& name, GgufType of, uint64_t count) {
    return key(name, GgufType::Array).type(of).u64(count);
  }
  GgufBytes& texts(const std::string& name, const std::vector<std::string>& values) {
    array(name, GgufType::String, values.size());
    for (const std::string& value : values) text(value);
    return *this;
  }
  // `dimensions` are in the file's order, the fastest first.
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

// Splits a GGUF file in two like llama-gguf-split: the metadata and all
// tensors but the last are in the first part.
inline void split_gguf(const nn::Path& whole, const nn::Path& first, const nn::Path& second) {
  const std::string bytes = nn::read_file(whole, "model");
  const models::GgufHeader header = models::read_gguf_header(whole);
  const std::string values = bytes.substr(24, bytes.find(GgufBytes().text(header.tensors[0].name).out) - 24);
  const auto part = [&](uint16_t i, size_t begin, size_t end) {
    GgufBytes out;
    out.header(end - begin, 3 + (i == 0 ? header.values.size() : 0)).raw(i == 0 ? values : "");
    out.key("split.no", GgufType::U16).put(i);
    out.key("split.count", GgufType::U16).put<uint16_t>(2);
    out.key("split.tensors.count", GgufType::I32).put(static_cast<int32_t>(header.tensors.size()));
    for (size_t k = begin; k < end; ++k) {
      const models::GgufTensorInfo& info = header.tensors[k];
      out.info(info.name, {info.shape.rbegin(), info.shape.rend()}, info.type,
               info.offset - header.tensors[begin].offset);
    }
    out.pad();
    for (size_t k = begin; k < end; ++k) {
      out.raw(bytes.substr(header.data_begin + header.tensors[k].offset, header.tensors[k].bytes)).pad();
    }
    return out.out;
  };
  const size_t last = header.tensors.size() - 1;
  nn::write_atomically(first, part(0, 0, last));
  nn::write_atomically(second, part(1, last, last + 1));
}

}  // namespace models
