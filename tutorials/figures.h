// Figures of a chapter, one call for each. With --figures FOLDER a figure is saved as FOLDER/NAME.svg, and a
// line of the output says so: the book shows the figure there. Without the option nothing happens.
//
//   lesson::lines(options, "losses", "The loss of each optimiser", "step", "loss",
//                 {{"SGD", lesson::numbered(sgd)}, {"AdamW", lesson::numbered(adamw)}});
#pragma once

#include <functional>

#include "nn/io/files.h"
#include "p2rec/report/plots.h"
#include "tutorials/lesson.h"

namespace lesson {

// Saves what `plot` draws. `name`: of the file, unique in its chapter. `says`: for readers who cannot see it.
inline void save_figure(const Options& options, const std::string& name, const std::string& title,
                        const std::string& says, const std::function<std::string(p2rec::PlotCaption)>& plot) {
  if (options.figures.empty()) return;
  const nn::Path folder = options.figures, file = folder / (name + ".svg");
  nn::make_folder(folder);
  nn::write_atomically(file, p2rec::svg_file(plot({name, title, says})));
  fmt::print("  figure {}\n", file.string());
}

// A curve: its name in the legend (empty: none) and its points, x ascending.
struct Series {
  std::string label;
  p2rec::Points points;
};

// Points (1, y_0), (2, y_1), ...: the losses of steps or epochs. x begins at `first`.
inline p2rec::Points numbered(const std::vector<double>& ys, double first = 1) {
  p2rec::Points points;
  for (const double y : ys) points.emplace_back(first + static_cast<double>(points.size()), y);
  return points;
}

// At most four curves. For a logarithmic scale pass the logarithm and say so in the axis' name.
inline void lines(const Options& options, const std::string& name, const std::string& title,
                  const std::string& x_axis, const std::string& y_axis, const std::vector<Series>& series) {
  AG_CHECK(series.size() <= 4, "figure ", name, ": found ", series.size(), " curves; expected at most 4");
  std::vector<p2rec::Curve> curves;
  for (const Series& s : series) {
    const auto style = static_cast<p2rec::CurveStyle>(curves.size());
    curves.push_back({s.label, style, p2rec::thinned(s.points, 200), s.points.size() <= 20});
  }
  save_figure(options, name, title, y_axis + " by " + x_axis, [&](const p2rec::PlotCaption& caption) {
    return p2rec::curve_plot({caption, x_axis, y_axis, curves, {}, p2rec::frame_of(curves, {}, false)});
  });
}

// Bars from zero: {label, value, text beside the bar}. A label has at most 16 characters.
inline void bars(const Options& options, const std::string& name, const std::string& title,
                 const std::vector<p2rec::Bar>& bars) {
  save_figure(options, name, title, "one bar for each", [&](const p2rec::PlotCaption& caption) {
    return p2rec::bar_plot({caption, bars});
  });
}

// A row for each quantity: its mean, its interval, and single values as dots. A line marks 0.
inline void intervals(const Options& options, const std::string& name, const std::string& title,
                      const std::string& axis, const std::vector<p2rec::SpreadRow>& rows) {
  save_figure(options, name, title, axis, [&](const p2rec::PlotCaption& caption) {
    return p2rec::spread_plot({caption, axis, rows});
  });
}

// A matrix of coloured cells; `values` (rows, columns).
inline void heat_map(const Options& options, const std::string& name, const std::string& title,
                     const std::string& x_axis, const std::string& y_axis, const ag::Tensor& values) {
  save_figure(options, name, title, y_axis + " against " + x_axis, [&](const p2rec::PlotCaption& caption) {
    const std::vector<ag::real> v = values.values();
    return p2rec::heat_map({caption, x_axis, y_axis, static_cast<size_t>(values.dim(0)),
                            static_cast<size_t>(values.dim(1)), std::vector<double>(v.begin(), v.end())});
  });
}

// Points on a plane, at (n,2), coloured by group. Both axes have the same scale.
inline void points(const Options& options, const std::string& name, const std::string& title,
                   const std::string& x_axis, const std::string& y_axis, const ag::Tensor& at,
                   const std::vector<int32_t>& groups) {
  AG_CHECK(at.rank() == 2 && at.dim(0) == std::ssize(groups) && at.dim(1) == 2, "figure ", name,
           ": expected points (", groups.size(), ",2) as there are groups, found ", at.shape());
  save_figure(options, name, title, "points coloured by group", [&](const p2rec::PlotCaption& caption) {
    std::vector<p2rec::ScatterDot> dots;
    for (size_t i = 0; i < groups.size(); ++i)
      dots.push_back({at.data()[2 * i], at.data()[2 * i + 1], groups[i], fmt::format("{}", i)});
    return p2rec::scatter_plot({caption, x_axis, y_axis, dots});
  });
}

}  // namespace lesson
