// The section of report.html: held-out error against rounds and against bytes.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nn/io/json.h"
#include "p2rec/methods/federated/federated.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

using nn::OrderedJsonReader;

// The trainings of an arm: means over its seeds.
struct ArmCurves {
  std::string name;
  double seeds = 0, before = 0, per_round = 0, last = 0;
  std::vector<double> heldout = {}, gap = {};  // by round; empty for `local`
};

void add(std::vector<double>& sums, const OrderedJsonReader& values) {
  const std::vector<OrderedJsonReader> list = values.list();
  sums.resize(list.size(), 0);
  for (size_t i = 0; i < list.size(); ++i) sums[i] += list[i].number();
}

std::vector<ArmCurves> curves_of(const OrderedJsonReader& found) {
  std::vector<ArmCurves> arms;
  for (const OrderedJsonReader& training : found["trainings"].list()) {
    const std::string name = training["arm"].string();
    auto arm = std::ranges::find(arms, name, &ArmCurves::name);
    if (arm == arms.end()) arm = arms.insert(arm, ArmCurves{.name = name});
    arm->seeds += 1;
    arm->before += training["bytes_before"].number();
    arm->per_round += training["bytes_per_round"].number();
    arm->last += training["last"].number();
    add(arm->heldout, training["heldout"]);
    add(arm->gap, training["gap"]);
  }
  for (ArmCurves& arm : arms) {
    for (double* sum : {&arm.before, &arm.per_round, &arm.last}) *sum /= arm.seeds;
    for (std::vector<double>* sums : {&arm.heldout, &arm.gap}) {
      for (double& sum : *sums) sum /= arm.seeds;
    }
  }
  return arms;
}

CurveStyle style_of(const std::string& arm) {
  if (arm == "fedavg") return CurveStyle::Main;
  if (arm == "flexlora") return CurveStyle::Second;
  return arm == "offsite" ? CurveStyle::Third : CurveStyle::Background;
}

// Curves of the arms with rounds; the last error of `local`, and in the plot by bytes of `central`, is a
// level.
std::string heldout_plot(const std::vector<ArmCurves>& arms, double error_of_mean, bool by_bytes) {
  CurvePlot plot{
      {by_bytes ? "heldout-bytes" : "heldout-rounds",
       std::string("Held-out loss by ") + (by_bytes ? "megabytes" : "rounds"),
       "One curve for each training, the mean over seeds. Horizontal lines: the mean preference, and "
       "trainings for which nothing travels."},
      by_bytes ? "megabytes sent" : "round",
      "held-out loss",
      {},
      {{"mean", error_of_mean}},
      {}};
  for (const ArmCurves& arm : arms) {
    if (arm.heldout.empty() || (by_bytes && arm.per_round == 0)) {
      plot.levels.push_back({arm.name, arm.last});
      continue;
    }
    Curve curve{arm.name, style_of(arm.name), {}, false};
    for (size_t r = 0; r < arm.heldout.size(); ++r) {
      const double round = static_cast<double>(r + 1);
      curve.points.emplace_back(by_bytes ? (arm.before + round * arm.per_round) / 1e6 : round,
                                arm.heldout[r]);
    }
    plot.curves.push_back(curve);
  }
  plot.frame = frame_of(plot.curves, plot.levels, false);
  return figure(curve_plot(plot), by_bytes ? "Held-out loss by megabytes sent" : "Held-out loss by round");
}

std::string clients_text(const OrderedJsonReader& found) {
  std::vector<int64_t> sizes;
  for (const OrderedJsonReader& size : found["sizes"].list()) sizes.push_back(size.integer());
  return fmt::format("With the first seed, {} client{} have {} to {} users each.", sizes.size(),
                     sizes.size() == 1 ? "" : "s", count_text(std::ranges::min(sizes)),
                     count_text(std::ranges::max(sizes)));
}

std::string federation_html(const OrderedJsonReader& found) {
  const std::vector<ArmCurves> arms = curves_of(found);
  const double mean = found["error_of_mean"].number();
  std::string rows;
  for (const ArmCurves& arm : arms) {
    rows += row(escaped(arm.name), "",
                cell(loss_text(arm.last)) + cell(percent_text(arm.last / mean)) +
                    cell(fmt::format("{:.2f}", arm.before / 1e6)) +
                    cell(fmt::format("{:.3f}", arm.per_round / 1e6)) +
                    cell(arm.gap.empty() ? "–" : percent_text(arm.gap.back())),
                arm.name == "fedavg");
  }
  return fmt::format(
             R"(<p>Held-out loss: the squared error of the predicted preferences of users whom no client has. {}
Each round sends the trained tensors to its clients and back, four bytes a number. The curves of
<code>offsite</code> are those of its emulator; the table has the whole model with the trained adapter.</p>
<p>Gap: FedAvg averages LoRA’s A and B apart, which is not the mean of the products B A. The gap is the
difference, relative to that mean, in the last round.</p>
<div class="figures two">
)",
             clients_text(found)) +
         (std::ranges::all_of(arms, [](const ArmCurves& arm) { return arm.heldout.empty(); })
              ? ""
              : heldout_plot(arms, mean, false) + heldout_plot(arms, mean, true)) +
         "</div>\n" +
         table("Error and bytes", "Held-out loss after the last round, and what travels, in megabytes",
               column("Training") + column("loss") + column("relative to mean") + column("before") +
                   column("per round") + column("gap"),
               rows);
}

}  // namespace

std::vector<ReportSection> federated_report_sections() {
  return {{"federation", "Rounds and bytes", "federate", federation_html}};
}

}  // namespace p2rec
