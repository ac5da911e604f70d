// Writes the tiny language model, whose tokens are bytes, to a GGUF file, as llama.cpp's models are. Chapter
// 12 reads it.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>

#include "models/formats/gguf_writer.h"
#include "models/llama/parameter_layout.h"
#include "models/tokenizers/byte_tokenizer.h"

namespace lesson {

// In chapter 11 the rotation turns x_i with x_{i + D/2}; llama.cpp turns neighbours. So a file has the rows
// of W_q and W_k in another order: its row 2 j + i of a head is row i D/2 + j in Hugging Face's order, i = 0
// or 1. A reader that does not know it gets a model that writes nonsense, and no error.
inline int64_t row_for_neighbours(int64_t row, int64_t D) {
  return row - row % D + row % 2 * (D / 2) + row % D / 2;
}

// A vocabulary file writes bytes as characters, the space as U+0120 (chapter 10). Titles are ASCII; the other
// bytes get names that no text contains.
inline std::vector<std::string> byte_vocabulary() {
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b) {
    const bool printable = b > ' ' && b <= '~';
    tokens.push_back(printable ? std::string(1, char(b)) : b == ' ' ? "Ġ" : fmt::format("<{}>", b));
  }
  tokens.emplace_back(models::ByteTokenizer::kEndText);
  return tokens;
}

// Appends 32 numbers to the file.
using PutBlock = std::function<void(const ag::real* x, models::GgufBytes& file)>;

// Matrices have `type`, and put_block writes their blocks. The norms' vectors, few numbers, are F32.
inline void write_gguf(const nn::Path& path, const models::Llama& model, uint32_t type,
                       const PutBlock& put_block) {
  using models::GgufType;
  const models::LlamaConfig& c = model.config();
  const std::map<std::string, std::string> texts = {
      {"general.architecture", "llama"}, {"tokenizer.ggml.model", "gpt2"}, {"tokenizer.ggml.pre", "gpt-2"}};
  const std::map<std::string, int64_t> sizes = {{"llama.embedding_length", c.hidden},
                                                {"llama.feed_forward_length", c.intermediate},
                                                {"llama.block_count", c.layers},
                                                {"llama.attention.head_count", c.heads},
                                                {"llama.attention.head_count_kv", c.kv_heads},
                                                {"llama.context_length", c.context},
                                                {"tokenizer.ggml.eos_token_id", models::ByteTokenizer::kEnd}};
  const std::vector<models::LayoutEntry> layout = models::layout_of(c);
  const auto parameters = models::parameters_by_name(model);
  models::GgufBytes file, data;
  file.header(layout.size(), texts.size() + sizes.size() + 3);
  for (const auto& [key, text] : texts) file.key(key, GgufType::String).text(text);
  for (const auto& [key, size] : sizes) file.key(key, GgufType::U32).u32(static_cast<uint32_t>(size));
  file.key("llama.attention.layer_norm_rms_epsilon", GgufType::F32).put(static_cast<float>(c.rms_eps));
  file.texts("tokenizer.ggml.tokens", byte_vocabulary()).texts("tokenizer.ggml.merges", {});
  for (const auto& [name, gguf_name, shape, rotated_heads] : layout) {
    const bool matrix = shape.size() == 2;
    file.info(gguf_name, {shape.rbegin(), shape.rend()}, matrix ? type : 0, data.out.size());
    const int64_t C = shape.back(), rows = ag::numel(shape) / C;
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t row = rotated_heads ? row_for_neighbours(r, rows / rotated_heads) : r;
      const ag::real* x = parameters.at(name).data() + row * C;
      for (int64_t i = 0; i < C; i += matrix ? 32 : 1) {
        if (matrix) {
          put_block(x + i, data);
        } else {
          data.put(static_cast<float>(x[i]));
        }
      }
    }
    data.pad();
  }
  nn::write_atomically(path, file.pad().out + data.out);
}

}  // namespace lesson
