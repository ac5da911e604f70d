#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>
#include <sstream>

#include "models/formats/language_model.h"
#include "models/llama/generation.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/io/json.h"
#include "nn/lora.h"
#include "nn/peft_adapter.h"
#include "p2rec/cli/commands.h"
#include "p2rec/cli/llm_merge.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kNoSpecial = "no-special-tokens";

// --- the commands ------------------------------------------------------------------------------------------

struct Input {
  models::LanguageModel llm;
  std::vector<int32_t> ids;  // of the text, at least one
};

models::LanguageModel read_model(CLI::App& command) {
  const std::string llm = value_of(command, "llm"), adapter = value_of(command, "adapter");
  INPUT_CHECK(llm != "tiny",
              "--llm: found 'tiny', which is trained in a run; expected a GGUF file, a Hugging Face "
              "folder, or the tiny_llm.safetensors of a run");
  models::LanguageModel model = models::load_language_model(llm);
  if (!adapter.empty()) nn::read_adapter(adapter, *model.model);
  if (given(command, kNoSpecial)) model.tokenizer->add_no_special_tokens();
  return model;
}

// The token ids of a text. `where` names the text in errors.
std::vector<int32_t> ids_of(const models::LanguageModel& llm, const std::string& text,
                            const std::string& where = "--text", int64_t more_tokens = 0) {
  const std::vector<int32_t> ids = llm.tokenizer->encode_whole(text);
  INPUT_CHECK(!ids.empty(), where, ": found no token; expected at least one");
  models::need_rows(ids, llm.model->config().vocabulary, text);
  const int64_t length = static_cast<int64_t>(ids.size()) + more_tokens,
                context = llm.model->config().context;
  INPUT_CHECK(length <= context, where, ": found ", length,
              more_tokens ? " tokens including those to generate" : " tokens", "; expected at most ", context,
              ", the model's context length");
  return ids;
}

// States after the final norm (T,C).
Tensor hidden_states(const Input& input) { return input.llm.model->hidden_states(nn::pack({input.ids})); }

std::string text_or_stdin(const std::string& text) {
  if (text != "-") return text;
  std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  AG_CHECK(!std::ferror(stdin), "standard input cannot be read: ", std::strerror(errno));
  return input;
}

// Reads a file with one JSON string per line.
std::vector<std::string> read_text_lines(const std::string& file) {
  std::istringstream lines(nn::read_file(file, "file of JSON strings"));
  std::vector<std::string> texts;
  for (std::string line; std::getline(lines, line);) {
    nn::Json json;
    try {
      json = nn::parse_json<nn::Json>(line, file);
    } catch (const nn::Json::parse_error&) {
      // `json` stays null; the check below reports the line.
    }
    INPUT_CHECK(json.is_string(), file, ": line ", texts.size() + 1,
                " is not a JSON string; expected \"...\"");
    texts.push_back(json);
  }
  return texts;
}

void tokenize(CLI::App& command, const std::vector<std::string>& texts) {
  const std::string llm = value_of(command, "llm");
  std::unique_ptr<models::Tokenizer> tokenizer = std::make_unique<models::ByteTokenizer>();
  if (llm != "tiny") tokenizer = models::load_tokenizer(llm);
  if (given(command, kNoSpecial)) tokenizer->add_no_special_tokens();
  for (const std::string& text : texts) {
    const char* separator = "";
    for (const int32_t id : tokenizer->encode_whole(text)) {
      std::cout << separator << id;
      separator = " ";
    }
    std::cout << "\n";
  }
}

void write_output(CLI::App& command, const std::string& text,
                  const std::function<nn::NamedTensors(const Input&)>& tensors_of) {
  const nn::Path out = required_value(command, "out", "the name of a safetensors file to write");
  const ag::NoGrad no_grad;
  Input input{read_model(command), {}};
  input.ids = ids_of(input.llm, text);
  nn::write_safetensors(out, tensors_of(input),
                        {{"llm", input.llm.name}, {"adapter", value_of(command, "adapter")}});
}

nn::NamedTensors ids_and_logits(const Input& input) {
  const Tensor logits = input.llm.model->logits(hidden_states(input));
  return {{"ids", Tensor::from_ints(input.ids)}, {"logits", logits}};
}

nn::NamedTensors last_hidden_state(const Input& input) {
  const Tensor h = hidden_states(input);
  return {{"hidden", h.rows(h.dim(0) - 1, h.dim(0)).view({h.dim(1)})}};
}

// Also rejects --top-k and --top-p without a temperature, where they would have no effect.
void check(const models::Sampling& s, const std::string& hint) {
  INPUT_CHECK(std::isfinite(s.temperature) && s.temperature >= 0, "--temperature: found ", s.temperature,
              "; expected 0 (always the most probable token) or a number above 0", hint);
  INPUT_CHECK(s.top_k >= 0, "--top-k: found ", s.top_k, "; expected 0 (all tokens) or a number of tokens",
              hint);
  INPUT_CHECK(s.top_p > 0 && s.top_p <= 1, "--top-p: found ", s.top_p, "; expected above 0 and at most 1",
              hint);
  INPUT_CHECK(s.temperature > 0 || (s.top_k == 0 && s.top_p == 1), s.top_k ? "--top-k" : "--top-p",
              ": found without --temperature; expected a temperature above 0, because at 0 nothing is drawn",
              hint);
}

// Prints the continuations, each up to an end token: one as it is, those of --text-file as a JSON string per
// line, in the order of the file.
void generate(CLI::App& command, const std::vector<std::string>& texts, models::Generation config) {
  INPUT_CHECK(config.tokens >= 1, "--tokens: found ", config.tokens, "; expected at least 1",
              help_hint(command));
  check(config.sampling, help_hint(command));
  const models::LanguageModel llm = read_model(command);
  config.ends = llm.tokenizer->special().ends;
  const bool many = given(command, "text-file");
  std::vector<models::Prompt> prompts;
  for (const std::string& text : texts) {
    const size_t number = prompts.size();
    const std::string where =
        many ? value_of(command, "text-file") + ": line " + std::to_string(number + 1) : "--text";
    prompts.push_back({ids_of(llm, text, where, config.tokens), static_cast<uint32_t>(number)});
  }
  std::vector<std::string> found(texts.size());
  models::generate(*llm.model, prompts, config,
                   [&](size_t i, const std::vector<int32_t>& ids) { found[i] = llm.tokenizer->decode(ids); });
  for (const std::string& text : found) {
    // A continuation can end within a character, which JSON does not allow.
    std::cout << (many ? nn::Json(text).dump(-1, ' ', false, nn::Json::error_handler_t::replace) : text)
              << "\n";
  }
}

// --- the command line --------------------------------------------------------------------------------------

// The text of --text, or all of --text-file, which only `tokenize` and `generate` have.
std::vector<std::string> texts_of(CLI::App& command) {
  const bool one = given(command, "text"), many = given(command, "text-file");
  INPUT_CHECK(one || many, "--text: not given; expected a text", help_hint(command));
  INPUT_CHECK(!one || !many, "--text, --text-file: found both; expected one of them", help_hint(command));
  return many ? read_text_lines(value_of(command, "text-file"))
              : std::vector{text_or_stdin(value_of(command, "text"))};
}

CLI::App& add_text_command(CLI::App& llm, Actions& actions, const std::string& name, const std::string& help,
                           const std::function<void(CLI::App&, const std::vector<std::string>& texts)>& act) {
  CLI::App* command = llm.add_subcommand(name, help);
  add_string(*command, "llm", "FILE",
             "a GGUF file, a Hugging Face folder, or a run's tiny_llm.safetensors; for tokenize also 'tiny'");
  add_string(*command, "text", "TEXT", "the text, or - to read it from standard input");
  command->add_flag("--" + std::string(kNoSpecial))
      ->description("do not add the model's special tokens before and after the text (<s>)");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    required_value(*command, "llm", "a language model's file");
    act(*command, texts_of(*command));
  };
  return *command;
}

void add_writer(CLI::App& llm, Actions& actions, const std::string& name, const std::string& help,
                nn::NamedTensors (*tensors_of)(const Input&)) {
  CLI::App& command = add_text_command(llm, actions, name, help, [=](CLI::App& called, const auto& texts) {
    write_output(called, texts[0], tensors_of);
  });
  add_string(command, "out", "FILE", "safetensors file to write");
  add_string(command, "adapter", "DIR", "PEFT adapter folder");
}

void add_generate(CLI::App& llm, Actions& actions) {
  const auto config = std::make_shared<models::Generation>();
  CLI::App& command =
      add_text_command(llm, actions, "generate", "prints the model's continuation",
                       [=](CLI::App& called, const auto& texts) { generate(called, texts, *config); });
  add_string(command, "text-file", "FILE",
             "instead of --text: a file with one JSON string per line; prints a JSON string for each");
  models::Sampling& s = config->sampling;
  add_number(command, "tokens", config->tokens, "maximum number of tokens (default 32)");
  add_number(command, "temperature", s.temperature,
             "draw the next token from softmax(logits / T); 0: always take the most probable one (default 0)",
             "T");
  add_number(command, "top-k", s.top_k, "draw from the K most probable tokens; 0: from all (default 0)", "K");
  add_number(command, "top-p", s.top_p,
             "draw from the most probable tokens whose probabilities sum to P (default 1: from all)", "P");
  add_number(command, "seed", s.seed, "random seed (default 1)");
}

void add_merge(CLI::App& llm, Actions& actions) {
  CLI::App* command = llm.add_subcommand(
      "merge", "merges an adapter into the model's weights and writes a Hugging Face folder");
  add_string(*command, "llm", "FILE", "a GGUF file, or a Hugging Face folder");
  add_string(*command, "adapter", "DIR", "PEFT adapter folder; without it the model is only converted");
  add_string(*command, "out", "DIR", "folder to write, new or empty");
  add_string(*command, "dtype", "TYPE",
             "float32, bfloat16 or float16 (default: as in the model's file, float32 for quantised weights)");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    const std::string base = required_value(*command, "llm", "a language model's file or folder");
    const std::string out = required_value(*command, "out", "a folder to write");
    const std::string type =
        llm_merge(base, value_of(*command, "adapter"), out, {.dtype = value_of(*command, "dtype")});
    std::cout << out << ": written as " << type << "\n";
  };
}

}  // namespace

void add_llm_commands(CLI::App& app, Actions& actions) {
  CLI::App& llm = *app.add_subcommand("llm", "runs, inspects or converts a language model");
  llm.require_subcommand(0, 1);
  CLI::App& tokenizer =
      add_text_command(llm, actions, "tokenize", "prints the text's token ids on one line", tokenize);
  add_string(tokenizer, "text-file", "FILE", "instead of --text: a file with one JSON string per line");
  add_writer(llm, actions, "logits", "writes ids (T) and logits (T,V) of the text", ids_and_logits);
  add_writer(llm, actions, "embed", "writes hidden (C), the last token's state after the final norm",
             last_hidden_state);
  add_generate(llm, actions);
  add_merge(llm, actions);
}

}  // namespace p2rec
