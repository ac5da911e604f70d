// The report's plots: inline SVG without scripts, coloured by the classes of the page's style sheet, which
// serves light, dark and print. All are kWidth units wide, so that their letters are equally large.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace p2rec {

// What a plot is, for those who hear it; `id` is unique in the page.
struct PlotCaption {
  std::string id, title, description;
};

// --- a row for each of several quantities on one axis: its mean, an interval, and single values below -----

struct SpreadRow {
  std::string label;
  double mean = 0, low = 0, high = 0;
  std::string text;                                  // shown when pointed at
  std::vector<std::pair<double, std::string>> dots;  // single values, with the same
  bool emphasised = false;
};
struct SpreadPlot {
  PlotCaption caption;
  std::string axis;
  std::vector<SpreadRow> rows;
  double reference = 0;  // a line across all rows
};
std::string spread_plot(const SpreadPlot& plot);

// --- a bar for each of several quantities, from zero -------------------------------------------------------

struct Bar {
  std::string label;
  double value = 0;
  std::string text;         // beside the bar
  bool emphasised = false;  // where none is, all bars have the main colour
};
struct BarPlot {
  PlotCaption caption;
  std::vector<Bar> bars;
};
std::string bar_plot(const BarPlot& plot);

// --- a dot for each of many things on a plane, coloured by its group ---------------------------------------

struct ScatterDot {
  double x = 0, y = 0;
  int64_t group = 0;
  std::string says;  // when it is pointed at
};
struct ScatterPlot {
  PlotCaption caption;
  std::string x_axis, y_axis;
  std::vector<ScatterDot> dots;  // what is not finite or too large is left out
};
// Both axes have one scale. A group with a fiftieth of the dots has its number at their mean.
std::string scatter_plot(const ScatterPlot& plot);

// --- curves ------------------------------------------------------------------------------------------------

using Points = std::vector<std::pair<double, double>>;  // x ascending

enum class CurveStyle { Main, Second, Background };
struct Curve {
  std::string label;  // in the legend; curves of the same label have one entry, curves without one none
  CurveStyle style = CurveStyle::Main;
  Points points;
  bool marked = false;  // with a dot at every point
};
// A horizontal line with its name beside it.
struct Level {
  std::string label;
  double value = 0;
};
struct Frame {
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
};
struct CurvePlot {
  PlotCaption caption;
  std::string x_axis, y_axis;
  std::vector<Curve> curves;
  std::vector<Level> levels;
  Frame frame;  // what must be seen, as frame_of gives it; plots with the same one can be compared
};
// What is not finite is left out, and so is what is too large to draw.
Frame frame_of(const std::vector<Curve>& curves, const std::vector<Level>& levels, bool y_from_zero);
std::string curve_plot(const CurvePlot& plot);

// At most `count` points, the means of neighbours: a long curve becomes smoother, and the page stays small.
Points thinned(const Points& points, size_t count);

}  // namespace p2rec
