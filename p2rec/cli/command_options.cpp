#include "p2rec/cli/command_options.h"

#include <algorithm>

#include "autograd/parallel.h"
#include "nn/system/memory.h"
#include "p2rec/run/recommender_options.h"

namespace p2rec {
namespace {

CLI::Option* add_table_option(CLI::App& command, const OptionHelp& option) {
  const std::string name = "--" + option.name;
  if (!option.value.empty()) {
    return command.add_option(name)->type_name(option.value)->description(option.text)->group(option.group);
  }
  const std::string names = option.can_be_off ? name + ",!--no-" + option.name : name;
  const std::string text =
      option.can_be_off ? option.text + " (default; --no-" + option.name + " turns it off)" : option.text;
  return command.add_flag(names, text)->group(option.group);
}

}  // namespace

void add_table_options(CLI::App& command, const std::vector<std::string>& only) {
  for (const OptionHelp& option : option_help()) {
    if (only.empty() || std::find(only.begin(), only.end(), option.name) != only.end())
      add_table_option(command, option);
  }
}

std::string path_of(const CLI::App& command) {
  return command.get_parent() ? path_of(*command.get_parent()) + " " + command.get_name()
                              : command.get_name();
}

CLI::Option* given(CLI::App& command, const std::string& name) {
  CLI::Option* option = command.get_option_no_throw("--" + name);
  return option && option->count() ? option : nullptr;
}

Options read_options(CLI::App& command, const std::vector<std::string>& names, const nn::Path& usual_config) {
  Options options;
  if (const auto* config = given(command, "config")) {
    read_config(options, config->as<std::string>());
  } else if (!usual_config.empty()) {
    read_config(options, usual_config);
  }
  for (const std::string& name : names) {
    if (const auto* option = given(command, name)) set_option(options, name, option->as<std::string>());
  }
  check_options(options);
  const ag::Device device = device_of(options);
  INPUT_CHECK(ag::is_available(device), "--device: found ", options.device,
              ", but no CUDA device can be used here; hint: the CUDA Toolkit 12 or newer when p2rec is "
              "built, and a GPU "
              "that nvidia-smi lists");
  if (options.threads > 0) ag::set_thread_count(options.threads);
  nn::set_memory_limit(static_cast<int64_t>(options.memory_limit * double(1 << 30)));
  return options;
}

}  // namespace p2rec
