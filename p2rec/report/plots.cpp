#include "p2rec/report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "p2rec/report/text.h"

namespace p2rec {
namespace {

constexpr double kWidth = 400;
constexpr double kDigit = 7;  // the width of a digit at an axis, in the widest of the page's fonts
constexpr double kLargest = 1e12, kSmallest = 1e-100;

bool drawable(double x) { return std::abs(x) < kLargest; }  // false for NaN

// --- axes --------------------------------------------------------------------------------------------------

struct Axis {
  double low, high, step;
  std::vector<double> ticks() const {
    std::vector<double> values;
    for (int64_t i = 0; low + static_cast<double>(i) * step <= high + step / 2; ++i)
      values.push_back(low + static_cast<double>(i) * step);
    return values;
  }
};

// About `count` ticks at 1, 2 or 5 times a power of ten, at least `least` apart. They enclose both ends.
Axis nice_axis(const Extent& seen, int count, double least = 0) {
  auto [low, high] = seen.low <= seen.high ? seen : Extent{0, 1};
  const double size = std::max(std::abs(low), std::abs(high));
  if (size < kSmallest) low = high = 0;  // a step would be rounded to 0
  if (!(high - low > 1e-9 * size)) {     // one value
    const double margin = low == 0 ? 1 : std::abs(low) / 10;
    low -= margin;
    high += margin;
  }
  const double rough = std::max((high - low) / count, least),
               power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5, 2, 1}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  return {std::floor(low / step + 1e-6) * step, std::ceil(high / step - 1e-6) * step, step};
}

// Maps an axis to coordinates of the drawing.
struct Scale {
  Axis axis;
  double from, to;
  double operator()(double x) const { return from + (x - axis.low) / (axis.high - axis.low) * (to - from); }
};

// --- pieces of SVG -----------------------------------------------------------------------------------------

std::string line(const char* css, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", css,
                     x1, y1, x2, y2);
}

std::string text(double x, double y, const char* anchor, const std::string& content, const char* css = "") {
  return fmt::format("<text{} x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                     *css ? fmt::format(" class=\"{}\"", css) : "", x, y, anchor, escaped(content));
}

// A round dot with a tooltip.
std::string dot(const char* css, double x, double y, double radius, const std::string& says) {
  return fmt::format(
      "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{}</title></circle>\n", css, x, y,
      radius, escaped(says));
}

std::string svg(const PlotCaption& caption, double height, const std::string& content) {
  std::string id = escaped(caption.id);
  std::ranges::replace(id, ' ', '-');
  return fmt::format(
      R"(<svg viewBox="0 0 {0:.0f} {1:.0f}" role="img" aria-labelledby="{2}-t {2}-d">
<title id="{2}-t">{3}</title><desc id="{2}-d">{4}</desc>
{5}</svg>
)",
      kWidth, height, id, escaped(caption.title), escaped(caption.description), content);
}

// Ticks with grid lines from `top` to `bottom`, and the axis' name below. No number crosses
// the drawing's edge.
std::string x_axis(const Scale& x, double top, double bottom, const std::string& name) {
  std::string result;
  for (const double tick : x.axis.ticks()) {
    result += line("grid", x(tick), top, x(tick), bottom);
    const std::string number = tick_text(tick, x.axis.step);
    const double half = kDigit * static_cast<double>(number.size()) / 2;
    const bool fits = x(tick) + half <= kWidth;
    result += text(fits ? x(tick) : kWidth, bottom + 14, fits ? "middle" : "end", number, "tick");
  }
  return result + text((x.from + x.to) / 2, bottom + 30, "middle", name, "axis");
}

// --- curves ------------------------------------------------------------------------------------------------

const char* css_of(CurveStyle style) {
  constexpr const char* kNames[] = {"main", "second", "third", "background"};
  return kNames[static_cast<size_t>(style)];
}

std::string polyline(CurveStyle style, const std::string& points) {
  return fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", css_of(style), points);
}

std::string curve(const Curve& c, const Scale& x, const Scale& y) {
  std::string points, dots;
  for (const auto& [px, py] : c.points) {
    if (!drawable(px) || !drawable(py)) continue;
    points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x(px), y(py));
    if (c.marked) {
      dots += dot(css_of(c.style), x(px), y(py), 3.5,
                  fmt::format("{} {}, {}", c.label, tick_text(px, 1), loss_text(py)));
    }
  }
  return polyline(c.style, points) + dots;
}

// The labels of the curves in rows above the plot.
struct Legend {
  std::string content;
  double bottom;
};
Legend legend(const std::vector<Curve>& curves, double left, double y) {
  std::string result, last;
  constexpr double kLetter = 6.6, kRow = 16;  // width of a usual letter
  double x = left;
  for (const Curve& c : curves) {
    if (c.label.empty() || c.label == last) continue;
    const double width = 40 + kLetter * static_cast<double>(c.label.size());
    if (x > left && x + width > kWidth + 17) x = left, y += kRow;
    result += polyline(c.style, fmt::format("{:.1f},{:.1f} {:.1f},{:.1f}", x, y, x + 18, y));
    if (c.marked) result += dot(css_of(c.style), x + 9, y, 3.5, c.label);
    result += text(x + 23, y + 4, "start", c.label);
    x += width;
    last = c.label;
  }
  return {result, y};
}

// Heights for the names of levels: as near to the levels as possible without touching each other.
std::vector<double> spread(std::vector<double> heights, double distance, double bottom) {
  std::vector<size_t> order(heights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return heights[i]; });
  for (size_t i = 1; i < order.size(); ++i)
    heights[order[i]] = std::max(heights[order[i]], heights[order[i - 1]] + distance);
  double limit = bottom;
  for (size_t i = order.size(); i-- > 0; limit -= distance)
    heights[order[i]] = std::min(heights[order[i]], limit);
  return heights;
}

}  // namespace

std::string svg_file(const std::string& plot) {
  constexpr std::string_view kTag = "<svg ";
  return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" {}<style>{}</style>\n</svg>\n",
                     plot.substr(kTag.size(), plot.rfind("</svg>") - kTag.size()), kPlotStyle);
}

void Extent::see(double value) {
  if (!drawable(value)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

std::string spread_plot(const SpreadPlot& plot) {
  constexpr double kRow = 34, kLeft = 116, kRight = 12, kTop = 6;
  Extent seen{plot.reference, plot.reference};
  for (const SpreadRow& row : plot.rows) {
    for (const double value : {row.mean, row.low, row.high}) seen.see(value);
    for (const auto& [value, says] : row.dots) seen.see(value);
  }
  const Scale x{nice_axis(seen, 4), kLeft, kWidth - kRight};
  const double bottom = kTop + kRow * static_cast<double>(plot.rows.size());
  std::string content = x_axis(x, kTop, bottom, plot.axis);
  content += line("reference", x(plot.reference), kTop, x(plot.reference), bottom);
  double y = kTop + 13;
  for (const SpreadRow& row : plot.rows) {
    content += text(kLeft - 8, y + 8, "end", row.label, row.emphasised ? "strong" : "");
    const char* css = row.emphasised ? "main" : "other";
    if (drawable(row.low) && drawable(row.high)) content += line(css, x(row.low), y, x(row.high), y);
    if (drawable(row.mean)) content += dot(css, x(row.mean), y, 4.5, row.label + ": " + row.text);
    for (const auto& [value, says] : row.dots) {
      if (drawable(value)) content += dot("single", x(value), y + 11, 3, row.label + ", " + says);
    }
    y += kRow;
  }
  return svg(plot.caption, bottom + 36, content);
}

std::string bar_plot(const BarPlot& plot) {
  constexpr double kRow = 26, kLeft = 116, kText = 84, kTop = 4;
  Extent seen{0, 0};
  for (const Bar& bar : plot.bars) seen.see(bar.value);
  const bool none = std::ranges::none_of(plot.bars, &Bar::emphasised);
  std::string content;
  double y = kTop;
  for (const Bar& bar : plot.bars) {
    const double share = drawable(bar.value) && seen.high > 0 ? std::max(0.0, bar.value / seen.high) : 0;
    const double length = share * (kWidth - kLeft - kText);
    content += text(kLeft - 8, y + 16, "end", bar.label, bar.emphasised ? "strong" : "");
    content += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\"/>\n",
                           none || bar.emphasised ? "main" : "other", kLeft, y + 3, length);
    content += text(kLeft + length + 6, y + 16, "start", bar.text);
    y += kRow;
  }
  content += line("reference", kLeft, kTop, kLeft, y);
  return svg(plot.caption, y + 4, content);
}

std::string scatter_plot(const ScatterPlot& plot) {
  constexpr double kMargin = 10, kTop = 20;
  Extent xs, ys;
  std::vector<ScatterDot> dots = plot.dots;
  std::erase_if(dots, [](const ScatterDot& d) { return !drawable(d.x) || !drawable(d.y); });
  for (const ScatterDot& d : dots) xs.see(d.x), ys.see(d.y);
  const double unit = (kWidth - 2 * kMargin) / std::max({xs.size(), ys.size(), kSmallest}),
               bottom = kTop + ys.size() * unit + 2 * kMargin;
  std::map<int64_t, std::vector<double>> sums;  // by group: x, y, dots
  std::string content = text(0, 12, "start", plot.y_axis, "axis");
  content += fmt::format("<rect class=\"frame\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{:.1f}\"/>\n", kTop,
                         kWidth, bottom - kTop);
  for (const ScatterDot& d : dots) {
    const double x = kMargin + (d.x - xs.low) * unit, y = bottom - kMargin - (d.y - ys.low) * unit;
    content += dot(fmt::format("g{}", d.group & 7).c_str(), x, y, 4, d.says);
    std::vector<double>& sum = sums.try_emplace(d.group, 3).first->second;
    sum[0] += x, sum[1] += y, ++sum[2];
  }
  for (const auto& [group, sum] : sums) {
    if (sum[2] * 50 >= static_cast<double>(dots.size()))
      content += text(sum[0] / sum[2], sum[1] / sum[2] + 4, "middle", std::to_string(group), "label");
  }
  content += text(kWidth / 2, bottom + 14, "middle", plot.x_axis, "axis");
  return svg(plot.caption, bottom + 20, content);
}

std::string heat_map(const HeatMap& plot) {
  constexpr double kLeft = 30, kRight = 6, kTop = 20, kLargestCell = 26;
  const double size = std::min(kLargestCell, (kWidth - kLeft - kRight) / static_cast<double>(plot.columns));
  const double right = kLeft + size * static_cast<double>(plot.columns),
               bottom = kTop + size * static_cast<double>(plot.rows);
  Extent seen{0, 0};
  for (const double value : plot.values) seen.see(std::abs(value));
  std::string content = text(0, 12, "start", plot.y_axis, "axis") +
                        text(kWidth, 12, "end", "full colour: " + loss_text(seen.high), "axis");
  for (size_t i = 0; i < plot.values.size(); ++i) {
    const double value = plot.values[i], share = std::abs(value) / seen.high;
    if (!(share >= 0.005) || !drawable(value)) continue;
    content += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill-opacity=\"{:.2f}\"><title>{}, {}: {}</title></rect>\n",
        value > 0 ? "main" : "second", kLeft + size * static_cast<double>(i % plot.columns),
        kTop + size * static_cast<double>(i / plot.columns), size, size, share, i / plot.columns,
        i % plot.columns, loss_text(value));
  }
  content += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
                         kLeft, kTop, right - kLeft, bottom - kTop);
  const auto every = static_cast<size_t>(std::ceil(22 / size));  // numbers do not touch
  for (size_t i = 0; i < plot.rows; i += every)
    content +=
        text(kLeft - 6, kTop + size * (static_cast<double>(i) + 0.5) + 4, "end", std::to_string(i), "tick");
  for (size_t j = 0; j < plot.columns; j += every)
    content +=
        text(kLeft + size * (static_cast<double>(j) + 0.5), bottom + 14, "middle", std::to_string(j), "tick");
  content += text((kLeft + right) / 2, bottom + 30, "middle", plot.x_axis, "axis");
  return svg(plot.caption, bottom + 36, content);
}

Frame frame_of(const std::vector<Curve>& curves, const std::vector<Level>& levels, bool y_from_zero) {
  Frame frame;
  for (const Curve& c : curves) {
    for (const auto& [x, y] : c.points) {
      if (drawable(x) && drawable(y)) frame.x.see(x), frame.y.see(y);
    }
  }
  for (const Level& level : levels) frame.y.see(level.value);
  if (y_from_zero) frame.y.see(0);
  return frame;
}

std::string curve_plot(const CurvePlot& plot) {
  const double left = 50, right = plot.levels.empty() ? 12 : 64;
  const Legend names_of_curves = legend(plot.curves, left, 26);
  const double top = names_of_curves.content.empty() ? 22 : names_of_curves.bottom + 14, bottom = top + 150;
  const Scale x{nice_axis(plot.frame.x, 5, 1), left, kWidth - right},  // steps and epochs are integers
      y{nice_axis(plot.frame.y, 4), bottom, top};

  std::string content = x_axis(x, top, bottom, plot.x_axis) + names_of_curves.content;
  content += text(0, 12, "start", plot.y_axis, "axis");
  for (const double tick : y.axis.ticks()) {
    content += line("grid", left, y(tick), kWidth - right, y(tick));
    content += text(left - 6, y(tick) + 4, "end", tick_text(tick, y.axis.step), "tick");
  }
  for (const Curve& c : plot.curves) content += curve(c, x, y);

  std::vector<Level> levels = plot.levels;
  std::erase_if(levels, [](const Level& level) { return !drawable(level.value); });
  std::vector<double> heights;
  for (const Level& level : levels) heights.push_back(y(level.value));
  const std::vector<double> names = spread(heights, 13, bottom);
  const double end = kWidth - right;
  for (size_t i = 0; i < levels.size(); ++i) {
    content += line("level", left, heights[i], end, heights[i]);
    content += line("leader", end, heights[i], end + 8, names[i]);
    content += text(end + 11, names[i] + 4, "start", levels[i].label);
  }
  return svg(plot.caption, bottom + 36, content);
}

Points thinned(const Points& points, size_t count) {
  if (points.size() <= count) return points;
  Points means;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * points.size() / count, end = (i + 1) * points.size() / count;
    std::pair<double, double> sum{0, 0};
    for (size_t j = begin; j < end; ++j) sum.first += points[j].first, sum.second += points[j].second;
    const auto n = static_cast<double>(end - begin);
    means.emplace_back(sum.first / n, sum.second / n);
  }
  return means;
}

}  // namespace p2rec
