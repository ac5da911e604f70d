// 12 Pretrained Llama: what is in the file of a language model, and how does a model write without reading
// everything again for each word?
//
//   Q8_0   x_i = d q_i         q_i = -127 .. 127, one scale d for each block of 32 numbers
//   Q4_0   x_i = d (q_i - 8)   q_i = 0 .. 15
//
// A pretrained model is a file: the sizes, the vocabulary, the weights. GGUF, the format of llama.cpp, has
// all three, and its weights are rounded to a few bits. Without --llm the tiny language model, which has read
// the titles of products, is written to such a file (tiny_gguf.h); then it is read as any other.
//
// New: quantised weights, next-token probabilities, the cache of keys and values. Needs: 10, 11. Takes 6 s.
// --llm FILE reads another GGUF file of the kinds llama, qwen2 and qwen3.
// Read beside it: models/formats/gguf_header.h and ggml_types.h, models/llama/sampling.h.
#include <map>

#include "models/formats/ggml_types.h"
#include "models/formats/gguf.h"
#include "models/formats/language_model.h"
#include "models/llama/generation.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/llm/tiny_llm.h"
#include "tutorials/lesson.h"
#include "tutorials/tiny_gguf.h"

namespace {

using ag::real, ag::Tensor;
using lesson::check, lesson::largest_difference;
using models::Llama;
using Ids = std::vector<int32_t>;

constexpr uint32_t kQ4_0 = 2, kQ4_1 = 3, kQ8_0 = 8;  // the formats' numbers in a file
constexpr int64_t kBlock = 32;

// --- 1. Rounding

// Q8_0: d = max |x| / 127, so no number moves by more than d / 2. Q4_0 has 16 steps from -8 d to 7 d, with d
// such that the number of the largest magnitude, whatever its sign, is -8 d. The scale is an IEEE half. So 32
// numbers take 34 bytes or 18 in place of 128. One large number makes d large for 31 others: this is why
// blocks are short.
void put_block(const real* x, uint32_t type, models::GgufBytes& file) {
  const real top = *std::max_element(x, x + kBlock, [](real a, real b) { return std::abs(a) < std::abs(b); });
  const uint16_t scale = nn::float_to_half(float(type == kQ8_0 ? std::abs(top) / 127 : top / -8));
  const float d = nn::half_to_float(scale);
  const auto code = [&](int64_t i, long lowest, long highest) {
    return d == 0 ? 0 : std::clamp(std::lround(x[i] / d), lowest, highest);
  };
  file.put(scale);
  if (type == kQ8_0) {
    for (int64_t i = 0; i < kBlock; ++i) file.put(static_cast<int8_t>(code(i, -127, 127)));
  } else {  // two codes share a byte: number i is the low half, number i + 16 the high half
    for (int64_t i = 0; i < kBlock / 2; ++i)
      file.put(static_cast<uint8_t>((code(i, -8, 7) + 8) + 16 * (code(i + kBlock / 2, -8, 7) + 8)));
  }
}

// The mean surprise at a letter of "ID: TITLE", in bits.
double bits_a_letter(const Llama& model, const p2rec::Interactions& data) {
  std::vector<Ids> lines;
  for (size_t i = 0; i < 200; ++i)
    lines.push_back(models::ByteTokenizer().encode(data.item_ids[i] + ": " + data.titles[i]));
  return p2rec::next_token_loss(model, lines).item() / std::log(2.0);
}

// Trains the tiny model and writes it to `path` as Q8_0, after a try with Q4_0.
void write_tiny(const nn::Path& path, const lesson::Options& options) {
  const p2rec::Interactions data = p2rec::make_synthetic({.seed = options.seed});
  const auto model = p2rec::pretrain_tiny_llm(data, models::ByteTokenizer(),
                                              {.steps = options.quick ? 60 : 300, .seed = options.seed});
  const double exact = bits_a_letter(*model, data);
  double bits = 0;
  fmt::print("  F32   {:7} bytes, {:.4f} bits a letter\n", 4 * model->parameter_count(), exact);
  for (const uint32_t type : {kQ4_0, kQ8_0}) {
    lesson::write_gguf(path, *model, type, [&](const real* x, auto& file) { put_block(x, type, file); });
    bits = bits_a_letter(*models::load_language_model(path).model, data);
    fmt::print("  {:<5} {:7} bytes, {:.4f} bits a letter\n", models::find_ggml_type(type)->name,
               std::filesystem::file_size(path), bits);
  }
  check(std::abs(bits - exact) < 0.01 * exact, "read again from 8 bits, the model is as good, within 1 %");
}

// --- 2. Reading

// x (32) from a block's bytes. Q4_1, which many files have, adds a minimum m in place of the 8: x = d q + m.
void read_block(const uint8_t* block, uint32_t type, real* x) {
  const auto half = [&](int64_t at) {
    return nn::half_to_float(static_cast<uint16_t>(block[at] | block[at + 1] << 8));
  };
  const float d = half(0), m = type == kQ4_1 ? half(2) : 0;
  const uint8_t* q = block + (type == kQ4_1 ? 4 : 2);
  for (int64_t i = 0; i < kBlock; ++i) {
    const int four_bits = i < 16 ? q[i % 16] & 15 : q[i % 16] >> 4;
    const int code = type == kQ8_0 ? static_cast<int8_t>(q[i]) : four_bits - (type == kQ4_0 ? 8 : 0);
    x[i] = d * static_cast<float>(code) + m;
  }
}

void show_types(const models::GgufFile& file) {
  std::map<uint32_t, std::array<int64_t, 3>> totals;
  for (const auto& info : file.tensors()) {
    auto& [tensors, numbers, bytes] = totals[info.type];
    ++tensors, numbers += ag::numel(info.shape), bytes += static_cast<int64_t>(info.bytes);
  }
  for (const auto& [type, total] : totals) {
    const auto& [tensors, numbers, bytes] = total;
    fmt::print("  {:<5} {:4} tensors, {:10} numbers of {:5.2f} bits\n", models::find_ggml_type(type)->name,
               tensors, numbers, 8 * double(bytes) / double(numbers));
  }
}

// The first tensor of a type that read_block knows.
void decode_by_hand(const models::GgufFile& file) {
  const models::GgufHeader header = models::read_gguf_header(file.path());
  const auto info = std::ranges::find_if(header.tensors, [](const auto& tensor) {
    return tensor.type == kQ8_0 || tensor.type == kQ4_0 || tensor.type == kQ4_1;
  });
  if (info == header.tensors.end()) return fmt::print("  this file has no Q8_0, Q4_0 or Q4_1\n");
  const std::string all = nn::read_file(file.path(), "GGUF file");
  const auto* bytes = reinterpret_cast<const uint8_t*>(all.data()) + header.data_begin + info->offset;
  const int64_t size = models::find_ggml_type(info->type)->block_bytes;
  const Tensor library = file.load(info->name), ours = ag::empty_like(library);
  for (int64_t b = 0; b < ours.numel() / kBlock; ++b)
    read_block(bytes + b * size, info->type, ours.data() + b * kBlock);
  fmt::print("  {}, {} bytes: {:02x} ...\n    are {} ...\n", info->name, size,
             fmt::join(bytes, bytes + 10, " "), ag::to_string(ours, 6));
  check(largest_difference(ours, library) == 0, "all blocks by hand: the library's numbers, bit for bit");
}

// --- 3. and 4. Writing a text

// The logits (1,V) after the last token, from all tokens.
Tensor logits_after(const Llama& model, const Ids& ids) {
  const Tensor h = model.hidden_states(nn::pack({ids}));
  return model.logits(h.rows(h.dim(0) - 1, h.dim(0)));
}

// softmax(logits) is the model's answer. Who draws from it decides how bold the text becomes.
void show_next(const models::LanguageModel& llm, const Ids& ids, uint64_t seed) {
  const auto text = [&](const Ids& some) { return llm.tokenizer->decode(some); };
  const Tensor p = ag::softmax(logits_after(*llm.model, ids));
  fmt::print("  and then comes\n");
  const auto ranked = models::candidates(ag::log(p), {.temperature = 1});
  for (size_t i = 0; i < 5; ++i)
    fmt::print("    {:<12} {:.3f} {}\n", "'" + text({ranked[i].id}) + "'", p.data()[ranked[i].id],
               lesson::bar(p.data()[ranked[i].id]));
  for (const double temperature : {0.0, 0.7, 1.5}) {
    const Ids more = models::generate(*llm.model, ids,
                                      {.tokens = 20,
                                       .ends = llm.tokenizer->special().ends,
                                       .sampling = {.temperature = temperature, .seed = seed}});
    fmt::print("  temperature {:.1f}: '{}'\n", temperature, text(ids) + text(more));
  }
}

double ms_of(const auto& work) {
  const lesson::Stopwatch time;
  work();
  return time.ms();
}

// The keys and values of a token depend on the tokens before it only. So they are computed once and kept: the
// next token needs its own rows and one look at all keys. Without the cache, token t costs what t tokens
// cost.
void compare_cache(const Llama& model, Ids ids, int64_t count) {
  models::KvCache cache(model.config(), std::ssize(ids) + count);
  double apart = 0, largest = 0;
  for (int64_t t = 0; t < count; ++t) {
    Tensor whole, cached;
    const double ms_whole = ms_of([&] { whole = logits_after(model, ids); });
    const double ms_cached = ms_of([&] {
      cached = model.decode({t == 0 ? ids : Ids{ids.back()}}, {&cache}).view({model.config().vocabulary});
    });
    apart = std::max(apart, largest_difference(whole, cached));
    for (const real x : whole.values()) largest = std::max(largest, std::abs(double(x)));
    if ((t + 1) % std::max<int64_t>(1, count / 4) == 0)
      fmt::print("  {:5} {:9.2f} {:9.2f} {:9.1f}\n", ids.size(), ms_whole, ms_cached,
                 double(cache.length * model.config().layers * 2 * model.config().kv_heads *
                        model.config().head_size() * int64_t{sizeof(real)}) /
                     1024);
    ids.push_back(models::next_token(cached, {}, t));
  }
  check(apart < 1e-3 * largest, "with the cache and without: the same logits after every token");
}

void chapter(const lesson::Options& options) {
  const bool tiny = options.llm == "tiny";
  nn::Path path = options.llm;
  if (tiny) {
    lesson::heading("1. A model of titles, written to a GGUF file with fewer bits");
    path = lesson::temporary_path("12.gguf");
    write_tiny(path, options);
  }

  lesson::heading("2. The file");
  const models::GgufFile file(path);
  const models::LanguageModel llm = models::load_language_model(path);
  const models::LlamaConfig& c = llm.model->config();
  fmt::print("  {}: {} layers of {}, {} heads, {} of keys and values, {} tokens\n",
             file.string("general.architecture"), c.layers, c.hidden, c.heads, c.kv_heads, c.vocabulary);
  show_types(file);
  decode_by_hand(file);
  if (tiny) std::filesystem::remove(path);

  lesson::heading("3. From a text to the next token");
  const std::string prompt = tiny ? "17: Misty " : "Once upon a time there was a";
  const Ids ids = llm.tokenizer->encode_whole(prompt);
  fmt::print("  '{}' is the tokens {}\n", prompt, fmt::join(ids, " "));
  check(llm.tokenizer->decode(ids).ends_with(prompt), "the tokens give the text back");
  show_next(llm, ids, options.seed);

  lesson::heading("4. The cache of keys and values: ms for a token, with all before it or with the cache");
  fmt::print("  {:>5} {:>9} {:>9} {:>9}\n", "token", "all", "cache", "its KiB");
  compare_cache(*llm.model, ids, std::min<int64_t>(c.context - std::ssize(ids), options.quick ? 40 : 160));
  fmt::print("\nNext: such a model learns something new, by a hundredth of its numbers: 13.\n");
}

}  // namespace

int main(int argc, char** argv) { return lesson::run(argc, argv, {"--llm"}, chapter); }
