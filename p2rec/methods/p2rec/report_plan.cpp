#include "p2rec/methods/p2rec/report_plan.h"

#include <algorithm>
#include <set>

#include "p2rec/methods/p2rec/report_sections.h"
#include "p2rec/run/stage_needs.h"

namespace p2rec {
namespace {

// "ml-100k" of "data/ml-100k/".
std::string name_of_data(const Options& options) {
  const nn::Path path = nn::Path(options.data) / "";
  const std::string name = path.parent_path().filename().string();
  return name.empty() ? options.data : name;
}

// The options that say how the method was run; those of the folder and of the machine stand elsewhere.
std::vector<ShownOption> shown_options(const Options& options) {
  const std::set<std::string> elsewhere = {"data", "llm", "out", "seeds", "threads", "quiet"};
  const Options defaults;
  std::vector<ShownOption> shown;
  for_each_option(options, [&](const OptionInfo& info, const auto&) {
    const std::string here = option_text(options, info.name), usual = option_text(defaults, info.name);
    if (here != usual && !info.of_the_call && !elsewhere.contains(info.name))
      shown.push_back({info.name, info.help, here, usual});
  });
  return shown;
}

}  // namespace

ReportPlan report_plan(const Options& o) {
  ReportPlan plan;
  plan.title = "P2Rec on " + name_of_data(o);
  for (const Stage stage : all_inputs_of(Stage::Evaluate, o)) plan.stages.push_back(name_of(stage));
  plan.stages.push_back(name_of(Stage::Evaluate));
  const bool has_llm = std::ranges::count(plan.stages, name_of(Stage::Reconstruct)) > 0;
  const bool whole = plan.stages[0] == name_of(Stage::Pretrain);
  plan.facts = {{"Data", o.data},
                {"Language model", !has_llm          ? "none: a plain recommender"
                                   : o.llm == "tiny" ? "tiny: a small Llama, trained on the catalogue’s text"
                                                     : o.llm},
                {"Recommender", o.model},
                {"Seeds", option_text(o, "seeds")}};
  plan.options = shown_options(o);
  plan.resume = whole ? "p2rec run --config " + o.out + "/config.toml --resume"
                      : "p2rec train --out " + o.out + " --resume; p2rec evaluate --out " + o.out;
  plan.sections = p2rec_report_sections();
  return plan;
}

}  // namespace p2rec
