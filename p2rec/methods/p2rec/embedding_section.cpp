#include "p2rec/methods/p2rec/report_sections.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <set>

#include "nn/io/json.h"
#include "p2rec/evaluation/known_truth.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/methods/common/report_items.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/report/text.h"

namespace p2rec {
namespace {

// --- known truth -------------------------------------------------------------------------------------------

// The expected share of the other items that are in an item's group.
double share_of_group(const std::vector<int32_t>& group_of) {
  std::vector<double> sizes(static_cast<size_t>(std::ranges::max(group_of)) + 1);
  for (const int32_t g : group_of) ++sizes[static_cast<size_t>(g)];
  double share = 0;
  const auto items = static_cast<double>(group_of.size());
  for (const double size : sizes) share += size / items * (size - 1) / (items - 1);
  return share;
}

nn::OrderedJson compare_with_truth(const Interactions& data, const FoundItems& found) {
  nn::OrderedJson list = nn::OrderedJson::array();
  if (!data.truth) return list;
  const std::vector<int32_t>& truth = data.truth->item_group;
  const double chance = share_of_group(truth);
  const auto add = [&](const char* what, double value, double by_chance) {
    list.push_back({{"what", what}, {"found", value}, {"chance", by_chance}});
  };
  add("purity of the groups", purity(found.groups.group_of, truth), chance);
  add("correlation of the preferences",
      preference_correlation(user_preferences(data, found.groups), found.groups.group_of, *data.truth), 0);
  add("true neighbours: teacher", neighbours_of_group(found.teacher, truth), chance);
  add("true neighbours: untuned embeddings", neighbours_of_group(found.untuned, truth), chance);
  add("true neighbours: enhanced embeddings", neighbours_of_group(found.enhanced, truth), chance);
  return list;
}

std::string known_truth_html(const nn::OrderedJsonReader& list) {
  std::string rows;
  for (const nn::OrderedJsonReader& entry : list.list())
    rows += row(escaped(entry["what"].string()), "",
                cell(metric_text(entry["found"].number())) + cell(metric_text(entry["chance"].number())));
  if (rows.empty()) return "";
  return R"(<h3>Known truth</h3>
<p>The data are synthetic, so the hidden groups of the items and the preferences of the users are known.
True neighbours: the share of an item’s five nearest items, by cosine, that are in its hidden group.</p>
)" + table("Known truth", "How much of the known truth was found; 1: all of it",
           column("Truth") + column("found") + column("by chance"), rows);
}

// --- map ---------------------------------------------------------------------------------------------------

constexpr size_t kItemsOnMap = 300;

struct Plane {
  Eigen::MatrixX2d at;    // (items,2)
  Eigen::Vector2d share;  // of the variance, per component
};

// The first two principal components of some rows x of a matrix, from x x^T, which is small for few rows. The
// largest entry of a component is positive; both are scaled so that the largest coordinate is 1.
Plane plane_of(const ag::Tensor& vectors, const std::vector<int32_t>& items) {
  const ag::Tensor rows = take_rows(vectors, items);
  using Rows = Eigen::Matrix<ag::real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::MatrixXd x = Eigen::Map<const Rows>(rows.data(), rows.dim(0), rows.dim(1)).cast<double>();
  x.rowwise() -= x.colwise().mean().eval();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x * x.transpose());  // ascending
  const int64_t n = x.rows();
  Plane plane{Eigen::MatrixX2d::Zero(n, 2), Eigen::Vector2d::Zero()};
  for (int64_t k = 0; k < std::min<int64_t>(2, n); ++k) {
    const double variance = std::max(0.0, solver.eigenvalues()(n - 1 - k));
    plane.at.col(k) = solver.eigenvectors().col(n - 1 - k) * std::sqrt(variance);
    if (plane.at.col(k).maxCoeff() < -plane.at.col(k).minCoeff()) plane.at.col(k) *= -1;
    plane.share(k) = variance / std::max(1e-300, x.squaredNorm());
  }
  plane.at /= std::max(1e-300, plane.at.cwiseAbs().maxCoeff());
  return plane;
}

double rounded(double value) { return std::round(1000 * value) / 1000; }

nn::OrderedJson grouped_item(const Interactions& data, const ItemGroups& groups, int32_t item) {
  nn::OrderedJson shown = shown_item(data, item);
  shown["group"] = groups.group_of[static_cast<size_t>(item)];
  return shown;
}

nn::OrderedJson describe_map(const Interactions& data, const FoundItems& found) {
  std::vector<int32_t> items = items_by_frequency(data);
  items.resize(std::min(items.size(), kItemsOnMap));
  const std::pair<const char*, Plane> planes[] = {{"teacher", plane_of(found.teacher, items)},
                                                  {"enhanced", plane_of(found.enhanced, items)}};
  nn::OrderedJson map = {{"items", nn::OrderedJson::array()}};
  for (const auto& [name, plane] : planes) map[name] = {rounded(plane.share(0)), rounded(plane.share(1))};
  for (size_t i = 0; i < items.size(); ++i) {
    nn::OrderedJson shown = grouped_item(data, found.groups, items[i]);
    const auto row = static_cast<int64_t>(i);
    for (const auto& [name, plane] : planes)
      shown[name] = {rounded(plane.at(row, 0)), rounded(plane.at(row, 1))};
    map["items"].push_back(shown);
  }
  return map;
}

std::pair<double, double> pair_in(const nn::OrderedJsonReader& found, const char* name) {
  const std::vector<nn::OrderedJsonReader> numbers = found[name].list();
  INPUT_CHECK(numbers.size() == 2, found[name].place(), ": found ", numbers.size(), " numbers; expected 2");
  return {numbers[0].number(), numbers[1].number()};
}

std::string map_figure(const nn::OrderedJsonReader& map, const char* name, const std::string& caption) {
  const auto [first, second] = pair_in(map, name);
  ScatterPlot plot{{std::string("map-") + name, caption,
                    "One dot per item, coloured by its group. The groups' numbers are at their means."},
                   "first component, " + percent_text(first) + " of the variance",
                   "second, " + percent_text(second),
                   {}};
  for (const auto& item : map["items"].list()) {
    const auto [x, y] = pair_in(item, name);
    const int64_t group = item["group"].integer();
    plot.dots.push_back({x, y, group, fmt::format("{} (group {})", item_name(item), group)});
  }
  return figure(scatter_plot(plot), escaped(caption));
}

std::string map_html(const nn::OrderedJsonReader& map) {
  return fmt::format(
      R"(<p>Two principal components of the {} items with most training interactions. Point at a dot to see
its title. k-means found the groups in all columns of the teacher’s table; the language model was trained
to predict how much each user prefers them. Every eighth group has the same colour.</p>
<div class="figures two">
{}{}</div>
)",
      map["items"].list().size(), map_figure(map, "teacher", "The teacher’s item table"),
      map_figure(map, "enhanced", "The enhanced embeddings"));
}

// --- neighbours --------------------------------------------------------------------------------------------

constexpr size_t kItemsWithNeighbours = 5;
constexpr int64_t kNeighbours = 5;

nn::OrderedJson describe_neighbours(const Interactions& data, const FoundItems& found) {
  const std::pair<const char*, const ag::Tensor*> tables[] = {
      {"teacher", &found.teacher}, {"untuned", &found.untuned}, {"enhanced", &found.enhanced}};
  nn::OrderedJson list = nn::OrderedJson::array();
  std::set<int32_t> groups;
  for (const int32_t item : items_by_frequency(data)) {
    if (list.size() == kItemsWithNeighbours) break;
    if (!groups.insert(found.groups.group_of[static_cast<size_t>(item)]).second) continue;
    nn::OrderedJson shown = grouped_item(data, found.groups, item);
    for (const auto& [name, table] : tables) {
      shown[name] = nn::OrderedJson::array();
      for (const int32_t near : nearest_items(*table, item, kNeighbours))
        shown[name].push_back(grouped_item(data, found.groups, near));
    }
    list.push_back(shown);
  }
  return list;
}

std::string neighbours_of(const nn::OrderedJsonReader& item, const char* name, const char* title) {
  std::string near;
  for (const auto& other : item[name].list()) {
    const int64_t group = other["group"].integer();
    near += listed_item(other, fmt::format("group {}", group), group == item["group"].integer());
  }
  return fmt::format("<article class=\"group\">\n<h4>{}</h4>\n<ol>\n{}</ol>\n</article>\n", title, near);
}

std::string neighbours_html(const nn::OrderedJsonReader& list) {
  std::string html = R"(<h3>Nearest neighbours</h3>
<p>The nearest items, by cosine, of the most frequent item of each of five groups: in the teacher’s table,
and in the language model’s embeddings before and after fine-tuning. Items of the same group are bold.</p>
)";
  for (const auto& item : list.list())
    html += fmt::format("<h4><bdi>{}</bdi>, group {}</h4>\n<div class=\"cards\">\n{}{}{}</div>\n",
                        escaped(item_name(item)), item["group"].integer(),
                        neighbours_of(item, "teacher", "Teacher"), neighbours_of(item, "untuned", "Before"),
                        neighbours_of(item, "enhanced", "After"));
  return html;
}

std::string embeddings_html(const nn::OrderedJsonReader& found) {
  return map_html(found["map"]) + neighbours_html(found["neighbours"]) +
         known_truth_html(found["known_truth"]);
}

}  // namespace

nn::OrderedJson describe_embeddings(const Interactions& data, const FoundItems& found) {
  return {{"map", describe_map(data, found)},
          {"neighbours", describe_neighbours(data, found)},
          {"known_truth", compare_with_truth(data, found)}};
}

std::string known_truth_text(const nn::OrderedJson& described) {
  std::string text;
  for (const auto& entry : described["known_truth"])
    text += fmt::format("{}{:<38} {:.2f}  (by chance {:.2f})", text.empty() ? "known truth\n  " : "\n  ",
                        entry["what"].get<std::string>(), entry["found"].get<double>(),
                        entry["chance"].get<double>());
  return text;
}

ReportSection embedding_section() { return {"embeddings", "Embeddings", "augment", embeddings_html}; }

}  // namespace p2rec
