#include "tests/p2rec/run/small_run.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "p2rec/methods/settings.h"
#include "p2rec/run/stage.h"

namespace testing {

p2rec::Interactions small_data() {
  return p2rec::make_synthetic({.users = 60, .items = 40, .groups = 4, .mean_length = 12, .seed = 3});
}

void write_data(const p2rec::Interactions& data, const nn::Path& folder) {
  std::ofstream lines(folder / "data.txt");
  for (size_t u = 0; u < data.user_ids.size(); ++u) {
    lines << data.user_ids[u];
    for (int32_t item : data.sequences[u]) lines << ' ' << data.item_ids[static_cast<size_t>(item)];
    lines << '\n';
  }
  std::ofstream titles(folder / "data.item");
  titles << "item_id:token\ttitle:token_seq\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i)
    titles << data.item_ids[i] << '\t' << data.titles[i] << '\n';
}

p2rec::GivenOptions given(const Options& options) {
  p2rec::GivenOptions result;
  for (const auto& [name, text] : options) {
    const bool list =
        name == "seeds" || name == "starts" || name == "cutoffs" || name == "arms" || name == "scene-fields";
    result[name] = {list ? p2rec::split_at_commas(text) : std::vector{text}, "--" + name};
  }
  return result;
}

Options small_options() {
  return {{"data", "data.txt"}, {"out", "out"},      {"seeds", "1,2"},   {"quiet", "true"},
          {"max-length", "8"},  {"hidden", "8"},     {"inner", "8"},     {"batch", "16"},
          {"max-epochs", "3"},  {"patience", "2"},   {"groups", "4"},    {"history", "8"},
          {"lora-rank", "2"},   {"sft-epochs", "2"}, {"tiny-steps", "4"}};
}

Options small_options(const std::string& model) {
  Options options = small_options();
  options["model"] = model;
  options.erase("inner");
  return options;
}

std::string to_toml(const Options& options) {
  return p2rec::to_toml(p2rec::settings_of({}, given(options))->sections());
}

void run_stages(const Options& options, const std::string& first, const std::string& last) {
  const auto settings = p2rec::settings_of({}, given(options));
  const p2rec::Stages stages = settings->config->stages();
  p2rec::run_stages(settings->run, settings->sections(), stages, first.empty() ? stages.front().name : first,
                    last.empty() ? stages.back().name : last);
}

int64_t run_with_stops(Options options, int64_t most) {
  for (int64_t stops = 0; stops < most; ++stops) {
    if (stops > 0) options["resume"] = "true";
    p2rec::request_stop();
    try {
      run_stages(options);
      p2rec::forget_stop_request();
      return stops;
    } catch (const p2rec::Interrupted&) {
      p2rec::forget_stop_request();
    }
  }
  return -1;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ag::InputError& problem) {
    return problem.what();
  }
  return "no error";
}

std::string without_costs(const std::string& results) {
  auto json = nlohmann::ordered_json::parse(results);
  for (auto& stage : json["stages"]) {
    for (const char* key : {"seconds", "peak_rss_mib", "tokens_per_second"}) stage.erase(key);
  }
  return json.dump(1);
}

std::map<std::string, std::string> artefacts(const nn::Path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    if (entry.path().filename() == "report.html") continue;
    const std::string name = std::filesystem::relative(entry.path(), folder).string(),
                      content = nn::read_file(entry.path(), "artefact");
    files[name] = name == "results.json" ? without_costs(content) : content;
  }
  return files;
}

std::string difference(const std::map<std::string, std::string>& expected,
                       const std::map<std::string, std::string>& found) {
  std::string text;
  for (const auto& [name, content] : expected) {
    if (!found.contains(name)) {
      text += name + " is missing; ";
    } else if (found.at(name) != content) {
      text += name + " differs; ";
    }
  }
  for (const auto& [name, content] : found) {
    if (!expected.contains(name)) text += name + " should not be there; ";
  }
  return text;
}

void check_same(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  CHECK(difference(a, b) == "");
}

}  // namespace testing
