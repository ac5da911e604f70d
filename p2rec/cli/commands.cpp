#include "p2rec/cli/commands.h"

#include <algorithm>

#include "autograd/parallel.h"
#include "nn/system/memory.h"

namespace p2rec {
namespace {

const std::vector<std::string> kMachine = {"threads", "memory-limit"};

constexpr size_t kLongestWord = 50;  // fits the help's right column

// The text with a blank after the commas of words that are too long for a line.
std::string with_breaks(const std::string& text) {
  std::string out;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') begin = i + 1;
    out += text[i];
    if (text[i] == ',' && std::min(text.find(' ', begin), text.size()) - begin > kLongestWord) out += ' ';
  }
  return out;
}

void add_option(CLI::App& command, const OptionHelp& option) {
  const std::string name = "--" + option.name;
  if (!option.value.empty()) {
    std::string value = option.value, text = with_breaks(option.text);
    if (value.size() > kLongestWord) {  // many choices
      std::ranges::replace(value, '|', ',');
      text += "; one of " + with_breaks(value);
      value = "NAME";
    }
    command.add_option(name)->type_name(value)->description(text)->group(option.heading);
    return;
  }
  const std::string names = option.can_be_off ? name + ",!--no-" + option.name : name;
  const std::string off = option.can_be_off ? " (default; --no-" + option.name + " turns it off)" : "";
  command.add_flag(names)->description(option.text + off)->group(option.heading);
}

}  // namespace

std::string path_of(const CLI::App& command) {
  return command.get_parent() ? path_of(*command.get_parent()) + " " + command.get_name()
                              : command.get_name();
}

std::string help_hint(const CLI::App& command) { return "; hint: " + path_of(command) + " --help"; }

CLI::Option* given(CLI::App& command, const std::string& name) {
  CLI::Option* option = command.get_option_no_throw("--" + name);
  return option && option->count() ? option : nullptr;
}

std::string value_of(CLI::App& command, const std::string& name) {
  const CLI::Option* option = given(command, name);
  return option ? option->as<std::string>() : "";
}

std::string required_value(CLI::App& command, const std::string& name, const std::string& expected) {
  const std::string value = value_of(command, name);
  INPUT_CHECK(!value.empty(), "--", name, ": not given; expected ", expected, help_hint(command));
  return value;
}

void add_string(CLI::App& command, const std::string& name, const std::string& type,
                const std::string& help) {
  command.add_option("--" + name)->type_name(type)->description(help);
}

void add_strings(CLI::App& command, const std::string& name, const std::string& type,
                 const std::string& help) {
  add_string(command, name, type, help + "; may be given several times");
  command.get_option("--" + name)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::vector<std::string> values_of(CLI::App& command, const std::string& name) {
  const CLI::Option* option = given(command, name);
  return option ? option->results() : std::vector<std::string>();
}

void add_options(CLI::App& command, const Sections& sections, const std::vector<std::string>& only) {
  for (const OptionHelp& option : option_help(sections)) {
    if (only.empty() || std::ranges::count(only, option.name)) add_option(command, option);
  }
}

GivenOptions given_options(CLI::App& command, const Sections& sections) {
  GivenOptions options;
  for (const OptionHelp& option : option_help(sections)) {
    if (!given(command, option.name)) continue;
    const std::string text = value_of(command, option.name);
    const bool is_list = option.value.ends_with(",...");
    options[option.name] = {is_list ? split_at_commas(text) : std::vector{text}, "--" + option.name};
  }
  return options;
}

void add_machine_options(CLI::App& command) {
  RunConfig defaults;
  add_options(command, {Section::of("run", "Machine", defaults)}, kMachine);
}

void use_machine(CLI::App& command) {
  RunConfig config;
  const Sections sections = {Section::of("run", "Machine", config)};
  GivenOptions options = given_options(command, sections);
  // The command may have other options with the names of this section's: --out, --seed.
  std::erase_if(options, [](const auto& option) { return !std::ranges::count(kMachine, option.first); });
  with_help_hint(command, [&] { set_options(sections, options); });
  use_machine(config);
}

void use_machine(const RunConfig& config) {
  INPUT_CHECK(ag::is_available(device_of(config)), "--device: found ", config.device,
              ", but no CUDA device can be used; hint: build p2rec with the CUDA Toolkit 12 or newer, and "
              "check that nvidia-smi lists a GPU");
  if (config.threads > 0) ag::set_thread_count(config.threads);
  nn::set_memory_limit(static_cast<int64_t>(config.memory_limit * double(1 << 30)));
}

}  // namespace p2rec
