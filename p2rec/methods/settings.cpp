#include "p2rec/methods/settings.h"

#include <algorithm>

#include "p2rec/run/options.h"

namespace p2rec {
namespace {

std::unique_ptr<Settings> with_options(const GivenOptions& given, bool ignore_unknown) {
  auto settings = std::make_unique<Settings>();
  set_options({Section::of("method", "", settings->choice)}, given, true);
  settings->config = settings->method().default_config();
  set_options(settings->sections(), given, ignore_unknown);
  return settings;
}

}  // namespace

void describe(MethodChoice& choice, const nn::Visit& visit) {
  visit({"method", "what makes the item vectors: each method has its own stages and options", nn::kAny,
         method_names()},
        &choice.name);
}

Sections Settings::sections() {
  const char* heading = "Input and output";
  Sections all = {Section::of("run", heading, run), Section::of("method", heading, choice)};
  for (Section& section : config->sections()) all.push_back(std::move(section));
  return all;
}

std::unique_ptr<Settings> settings_of(const GivenOptions& file, const GivenOptions& command_line) {
  if (!file.empty()) with_options(file, false);  // as the file has them, all its options are known
  GivenOptions merged = command_line;
  merged.insert(file.begin(), file.end());
  auto settings = with_options(merged, true);
  const std::vector<std::string> known = option_names(settings->sections());
  for (const auto& [name, given] : command_line) {
    INPUT_CHECK(std::ranges::count(known, name), given.place, ": there is no such option here",
                did_you_mean(name, known, "--"), "; hint: p2rec run --help");
  }
  check(settings->run);
  settings->config->check();
  return settings;
}

std::unique_ptr<Settings> settings_of_run(const nn::Path& folder) {
  std::error_code none;
  INPUT_CHECK(std::filesystem::is_directory(folder, none), "out: ", folder.string(),
              " is no folder; expected the folder of a run");
  return settings_of(read_config(folder / kConfigFile));
}

}  // namespace p2rec
