// The section of report.html: AUC and log-loss of each model, and AUC by scene.
#include <fmt/format.h>

#include "nn/io/json.h"
#include "p2rec/methods/larr/larr.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJsonReader;

std::string models_table(const OrderedJsonReader& found) {
  std::string rows;
  for (const auto& [arm, value] : found["auc"].json.items()) {
    rows += row(
        escaped(arm), larr_arm(arm).meaning,
        cell(metric_text(value.get<double>())) + cell(metric_text(found["log_loss"][arm.c_str()].number())),
        arm == "larr");
  }
  return table("Click models",
               "On the test impressions, means over seeds. AUC: higher is better; log-loss: lower is",
               column("Model") + column("AUC") + column("log-loss"), rows);
}

std::string scenes_table(const OrderedJsonReader& found) {
  std::string head = column("Scene") + column("impressions"), rows;
  for (const auto& [arm, value] : found["auc"].json.items())
    head += column(escaped(arm), arm == "larr" ? kMethodClass : "");
  for (const OrderedJsonReader& scene : found["scenes"].list()) {
    std::string cells = cell(count_text(scene["impressions"].integer()));
    for (const auto& [arm, value] : scene["auc"].json.items())
      cells +=
          fmt::format("<td{}>{}</td>", arm == "larr" ? kMethodClass : "", metric_text(value.get<double>()));
    rows += row(escaped(scene["scene"].string()), "", cells);
  }
  return table("AUC by scene", "AUC among the test impressions of each scene", head, rows);
}

std::string scenes_figure(const OrderedJsonReader& found) {
  const bool has_larr = found["auc"].has("larr");
  const char* shown = has_larr ? "larr" : larr_arms().front().name;
  BarPlot plot{{"auc-by-scene", "AUC by scene", "One bar for each scene. The table has the numbers."}, {}};
  for (const OrderedJsonReader& scene : found["scenes"].list()) {
    const double value = scene["auc"][shown].number();
    plot.bars.push_back({scene["scene"].string(), value, metric_text(value), false});
  }
  return figure(bar_plot(plot), "AUC of " + code(shown) + " by scene");
}

std::string larr_html(const OrderedJsonReader& found) {
  return fmt::format(
             R"(<p>{} of the {} test impressions are clicks. A request reads no tokens: the states of {} texts, one for
each feature of a scene and for each item, were computed before, and the click model combines them.</p>
)",
             count_text(found["clicks"].integer()), count_text(found["impressions"].integer()),
             count_text(found["texts"].integer())) +
         models_table(found) + scenes_figure(found) + scenes_table(found);
}

}  // namespace

std::vector<ReportSection> larr_report_sections() { return {{"scenes", "AUC by scene", "click", larr_html}}; }

}  // namespace p2rec
