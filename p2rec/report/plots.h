// The plots of the report and of the course as inline SVG without scripts. Classes of the style sheet
// plots.css set the colours for light, dark and print. All plots are kWidth units wide, so that their letters
// have the same size.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace p2rec {

extern const char* const kPlotStyle;  // plots.css

// A plot as a file of its own, with the style sheet.
std::string svg_file(const std::string& plot);

// The description of a plot for screen readers. `id` is unique in the page.
struct PlotCaption {
  std::string id, title, description;
};

// --- spread plot: one row per quantity with its mean, an interval, and single values below -----------------

struct SpreadRow {
  std::string label;
  double mean = 0, low = 0, high = 0;
  std::string text;                                  // tooltip
  std::vector<std::pair<double, std::string>> dots;  // single values with their tooltips
  bool emphasised = false;
};
struct SpreadPlot {
  PlotCaption caption;
  std::string axis;
  std::vector<SpreadRow> rows;
  double reference = 0;  // a line across all rows
};
std::string spread_plot(const SpreadPlot& plot);

// --- bar plot: one bar per quantity, from zero -------------------------------------------------------------

struct Bar {
  std::string label;
  double value = 0;
  std::string text;         // beside the bar
  bool emphasised = false;  // if no bar is, all have the main colour
};
struct BarPlot {
  PlotCaption caption;
  std::vector<Bar> bars;
};
std::string bar_plot(const BarPlot& plot);

// --- scatter plot: dots on a plane, coloured by group ------------------------------------------------------

struct ScatterDot {
  double x = 0, y = 0;
  int64_t group = 0;
  std::string says;  // tooltip
};
struct ScatterPlot {
  PlotCaption caption;
  std::string x_axis, y_axis;
  std::vector<ScatterDot> dots;  // dots that are not finite or too large are left out
};
// Both axes have the same scale. A group with at least 1/50 of the dots has its number at their mean.
std::string scatter_plot(const ScatterPlot& plot);

// --- heat map: a matrix of coloured cells ------------------------------------------------------------------

struct HeatMap {
  PlotCaption caption;
  std::string x_axis, y_axis;
  size_t rows = 0, columns = 0;
  std::vector<double> values;  // rows x columns, the first row at the top
};
// The colour's strength is the value as a share of the largest magnitude, which is written above. Negative
// values have the second colour. A cell that is not finite or too large stays empty, as 0 does.
std::string heat_map(const HeatMap& plot);

// --- curves ------------------------------------------------------------------------------------------------

using Points = std::vector<std::pair<double, double>>;  // x ascending

enum class CurveStyle { Main, Second, Third, Background };
struct Curve {
  std::string label;  // in the legend, once per label; empty: not in the legend
  CurveStyle style = CurveStyle::Main;
  Points points;
  bool marked = false;  // a dot at every point
};
// A horizontal line with its name at the right.
struct Level {
  std::string label;
  double value = 0;
};
// The range of some values; `low` is above `high` if there are none.
struct Extent {
  double low = INFINITY, high = -INFINITY;
  void see(double value);  // ignores what is not finite or too large to draw
  double size() const { return std::max(0.0, high - low); }
};
struct Frame {
  Extent x, y;
};
struct CurvePlot {
  PlotCaption caption;
  std::string x_axis, y_axis;
  std::vector<Curve> curves;
  std::vector<Level> levels;
  Frame frame;  // the visible ranges, from frame_of; plots with the same frame can be compared
};
// The ranges of curves and levels, without values that are not finite or too large to draw.
Frame frame_of(const std::vector<Curve>& curves, const std::vector<Level>& levels, bool y_from_zero);
std::string curve_plot(const CurvePlot& plot);

// At most `count` points, each the mean of neighbours, so that long curves are smooth and the page is small.
Points thinned(const Points& points, size_t count);

}  // namespace p2rec
