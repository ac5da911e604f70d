#include "p2rec/cli/llm_commands.h"

#include <cmath>
#include <ostream>
#include <sstream>

#include "models/formats/language_model.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/files.h"
#include "nn/io/json.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"

namespace p2rec {
namespace {

using ag::Tensor;

struct Input {
  models::LanguageModel llm;
  std::vector<int32_t> ids;  // of the text, at least one
};

Input read_input(const LlmRequest& request, int64_t more_tokens) {
  INPUT_CHECK(request.llm != "tiny",
              "--llm: found 'tiny', which is trained in a run; expected a GGUF file, a Hugging Face "
              "folder, or the tiny_llm.safetensors of a run");
  Input input{models::load_language_model(request.llm), {}};
  if (!request.adapter.empty()) nn::read_adapter(request.adapter, *input.llm.model);
  input.ids = input.llm.tokenizer->encode(request.text);
  INPUT_CHECK(!input.ids.empty(), "--text: found no token; expected at least one");
  const int64_t length = static_cast<int64_t>(input.ids.size()) + more_tokens,
                context = input.llm.model->config().context;
  INPUT_CHECK(length <= context, "--text: found ", length,
              more_tokens ? " tokens with those to come" : " tokens", "; expected at most the ", context,
              " that the model was trained for");
  return input;
}

void need_out(const LlmRequest& request) {
  INPUT_CHECK(!request.out.empty(), "--out: not given; expected the name of a safetensors file to write");
}

// The texts of a file with a JSON string on each line.
std::vector<std::string> read_text_lines(const std::string& file) {
  std::istringstream lines(nn::read_file(file, "file of texts"));
  std::vector<std::string> texts;
  for (std::string line; std::getline(lines, line);) {
    nn::Json json;
    try {
      json = nn::parse_json<nn::Json>(line, file);
    } catch (const nn::Json::parse_error&) {
      // It stays null, which is no string.
    }
    INPUT_CHECK(json.is_string(), file, ": line ", texts.size() + 1, " is no JSON string; expected \"...\"");
    texts.push_back(json);
  }
  return texts;
}

// States after the final norm (T,C).
Tensor hidden_states(const Input& input) { return input.llm.model->hidden_states(nn::pack({input.ids})); }

void check(const models::Sampling& s) {
  const std::string hint = "; hint: p2rec llm generate --help";
  INPUT_CHECK(std::isfinite(s.temperature) && s.temperature >= 0, "--temperature: found ", s.temperature,
              "; expected 0 (always the most probable token) or a number above 0", hint);
  INPUT_CHECK(s.top_k >= 0, "--top-k: found ", s.top_k, "; expected 0 (all tokens) or a number of tokens",
              hint);
  INPUT_CHECK(s.top_p > 0 && s.top_p <= 1, "--top-p: found ", s.top_p, "; expected above 0 and at most 1",
              hint);
  INPUT_CHECK(s.temperature > 0 || (s.top_k == 0 && s.top_p == 1), s.top_k ? "--top-k" : "--top-p",
              ": found without --temperature; expected a temperature above 0, since at 0 nothing is drawn",
              hint);
}

}  // namespace

void llm_tokenize(const LlmRequest& request, std::ostream& out) {
  std::unique_ptr<models::Tokenizer> tokenizer = std::make_unique<models::ByteTokenizer>();
  if (request.llm != "tiny") tokenizer = models::load_tokenizer(request.llm);
  const auto print = [&](const std::string& text) {
    const char* separator = "";
    for (const int32_t id : tokenizer->encode(text)) {
      out << separator << id;
      separator = " ";
    }
    out << "\n";
  };
  if (request.text_file.empty()) {
    print(request.text);
  } else {
    for (const std::string& text : read_text_lines(request.text_file)) print(text);
  }
}

void llm_logits(const LlmRequest& request) {
  need_out(request);
  const Input input = read_input(request, 0);
  const ag::NoGrad no_grad;
  const Tensor logits = input.llm.model->logits(hidden_states(input));
  nn::write_safetensors(request.out, {{"ids", Tensor::from_ints(input.ids)}, {"logits", logits}},
                        {{"llm", input.llm.name}, {"adapter", request.adapter}});
}

void llm_embed(const LlmRequest& request) {
  need_out(request);
  const Input input = read_input(request, 0);
  const ag::NoGrad no_grad;
  const Tensor h = hidden_states(input);
  const Tensor last = h.rows(h.dim(0) - 1, h.dim(0)).view({h.dim(1)});
  nn::write_safetensors(request.out, {{"hidden", last}},
                        {{"llm", input.llm.name}, {"adapter", request.adapter}});
}

void llm_generate(const LlmRequest& request, std::ostream& out) {
  check(request.sampling);
  const Input input = read_input(request, request.tokens);
  const models::Tokenizer& tokenizer = *input.llm.tokenizer;
  const std::vector<int32_t> ids = models::generate(*input.llm.model, input.ids, request.tokens,
                                                    tokenizer.end_of_text(), request.sampling);
  out << tokenizer.decode(ids) << "\n";
}

}  // namespace p2rec
