#include "p2rec/cli/llm_command_line.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>

#include "p2rec/cli/llm_commands.h"
#include "p2rec/cli/llm_merge.h"

namespace p2rec {
namespace {

std::string text_or_stdin(const std::string& text) {
  if (text != "-") return text;
  std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  AG_CHECK(!std::ferror(stdin), "standard input cannot be read: ", std::strerror(errno));
  return input;
}

void add_generate_options(CLI::App& command, LlmRequest& request) {
  models::Sampling& s = request.sampling;
  add_number(command, "tokens", request.tokens, "tokens at most (default 32)");
  add_number(command, "temperature", s.temperature,
             "draw the next token from softmax(logits / T); 0: always the most probable one (default 0)")
      ->type_name("T");
  add_number(command, "top-k", s.top_k, "draw from the K most probable tokens; 0: from all (default 0)")
      ->type_name("K");
  add_number(command, "top-p", s.top_p,
             "draw from the most probable tokens that together have probability P (default 1: from all)")
      ->type_name("P");
  add_number(command, "seed", s.seed, "of what is drawn (default 1)");
}

void add_llm_command(CLI::App& llm, Actions& actions, const std::string& name, const std::string& help,
                     const std::vector<std::string>& extra_options,
                     const std::function<void(const LlmRequest&)>& run) {
  CLI::App* command = llm.add_subcommand(name, help);
  const auto request = std::make_shared<LlmRequest>();
  const auto has = [&](const char* option) {
    return std::find(extra_options.begin(), extra_options.end(), option) != extra_options.end();
  };
  command
      ->add_option(
          "--llm", request->llm,
          "a GGUF file, a Hugging Face folder, or the tiny_llm.safetensors of a run; for tokenize also "
          "'tiny'")
      ->type_name("FILE");
  command->add_option("--text", request->text, "the text, or - to read it from standard input")
      ->type_name("TEXT");
  if (has("text-file")) {
    command
        ->add_option("--text-file", request->text_file,
                     "or a file with a JSON string on each line: many texts")
        ->type_name("FILE");
  }
  if (has("out")) command->add_option("--out", request->out, "safetensors file to write")->type_name("FILE");
  if (has("adapter"))
    command->add_option("--adapter", request->adapter, "PEFT adapter folder")->type_name("DIR");
  if (has("tokens")) add_generate_options(*command, *request);
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    const std::string hint = "; hint: p2rec llm " + name + " --help";
    INPUT_CHECK(!request->llm.empty(), "--llm: not given; expected a language model's file", hint);
    const bool one = given(*command, "text"), many = !request->text_file.empty();
    INPUT_CHECK(one || many, "--text: not given; expected a text", hint);
    INPUT_CHECK(!one || !many, "--text, --text-file: found both; expected one of them", hint);
    INPUT_CHECK(request->tokens >= 1, "--tokens: found ", request->tokens, "; expected at least 1", hint);
    if (one) request->text = text_or_stdin(request->text);
    run(*request);
  };
}

void add_llm_merge(CLI::App& llm, Actions& actions) {
  CLI::App* command = llm.add_subcommand(
      "merge",
      "adds an adapter to the model's weights and writes a Hugging Face folder, which transformers loads");
  const auto request = std::make_shared<LlmRequest>();
  command->add_option("--llm", request->llm, "a GGUF file, or a Hugging Face folder")->type_name("FILE");
  command
      ->add_option("--adapter", request->adapter, "PEFT adapter folder; without one the model is converted")
      ->type_name("DIR");
  command->add_option("--out", request->out, "folder to write; it must not hold anything yet")
      ->type_name("DIR");
  add_machine_options(*command);
  actions[command] = [=] {
    use_machine(*command);
    const std::string hint = "; hint: p2rec llm merge --help";
    INPUT_CHECK(!request->llm.empty(), "--llm: not given; expected a language model's file or folder", hint);
    INPUT_CHECK(!request->out.empty(), "--out: not given; expected a folder to write", hint);
    llm_merge(*request);
  };
}

}  // namespace

void add_llm_commands(CLI::App& app, Actions& actions) {
  CLI::App& llm = *app.add_subcommand("llm", "looks at a language model alone");
  llm.require_subcommand(0, 1);
  add_llm_command(llm, actions, "tokenize", "prints the text's token ids on one line", {"text-file"},
                  [](const LlmRequest& r) { llm_tokenize(r, std::cout); });
  add_llm_command(llm, actions, "logits", "writes ids (T) and logits (T,V) of the text", {"out", "adapter"},
                  llm_logits);
  add_llm_command(llm, actions, "embed", "writes hidden (C), the last token's state after the final norm",
                  {"out", "adapter"}, llm_embed);
  add_llm_command(llm, actions, "generate", "prints how the model goes on", {"tokens"},
                  [](const LlmRequest& r) { llm_generate(r, std::cout); });
  add_llm_merge(llm, actions);
}

}  // namespace p2rec
