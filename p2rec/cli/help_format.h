// Formats the help as CLI11 does, but in lines of at most 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "p2rec/data/text_file.h"

namespace p2rec {

class HelpFormat : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool positional) const override {
    return entry(make_option_name(option, positional) + make_option_opts(option), option->get_description());
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return entry(command->get_name(), command->get_description());
  }
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    // Leaves out --no-NAME: the description has it.
    return option->get_lnames().empty() ? CLI::Formatter::make_option_name(option, positional)
                                        : "--" + option->get_lnames().front();
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
  // One blank line between groups, where CLI11 has two.
  std::string make_usage(const CLI::App* command, std::string name) const override {
    return CLI::Formatter::make_usage(command, name) + "\n";
  }
  std::string make_group(std::string group, bool positional,
                         std::vector<const CLI::Option*> options) const override {
    return CLI::Formatter::make_group(group, positional, options).substr(1);
  }
  std::string make_positionals(const CLI::App* command) const override {
    const std::string group = CLI::Formatter::make_positionals(command);
    return group.empty() ? group : group + "\n";
  }
  std::string make_description(const CLI::App* command) const override {
    return wrapped(command->get_description()) + "\n";
  }

 private:
  static constexpr size_t kColumn = 26;

  // A name in the left column, its description in the right one.
  static std::string entry(const std::string& name, const std::string& text) {
    std::string line = "  " + name;
    line += line.size() + 2 > kColumn ? "\n" + std::string(kColumn, ' ')
                                      : std::string(kColumn - line.size(), ' ');
    return line + wrapped(text, kColumn, kColumn) + "\n";
  }
};

}  // namespace p2rec
