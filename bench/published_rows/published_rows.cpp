#include "bench/published_rows/published_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "autograd/check.h"
#include "p2rec/data/text_file.h"

namespace bench {
namespace {

using namespace p2rec;

const char* const kHeader = "row\tdata\tshare\tHR@5\tNDCG@5\tHR@10\tNDCG@10\tsource";
constexpr size_t kColumns = 8, kFirstFigure = 3, kFigures = 4;
constexpr PublishedFigure kPlaces[kFigures] = {
    {Measure::HR, 5, 0}, {Measure::NDCG, 5, 0}, {Measure::HR, 10, 0}, {Measure::NDCG, 10, 0}};

double number_in(const TextFile& file, const Line& line, std::string_view field) {
  const auto number = parse_field<double>(field);
  INPUT_CHECK(number && *number > 0 && *number <= 1, file.at(line.number), "found '", field,
              "'; expected a number above 0 and at most 1, or -");
  return *number;
}

// The columns of the first column's arm; the other columns are baselines.
std::vector<RanksColumn> first_arm(std::vector<RanksColumn> columns) {
  const auto arm = [](const RanksColumn& c) { return c.name.substr(0, c.name.rfind('-')); };
  const std::string first = arm(columns.at(0));
  std::erase_if(columns, [&](const RanksColumn& c) { return arm(c) != first; });
  return columns;
}

std::string name_of(const PublishedFigure& figure) {
  return fmt::format("{}@{}", p2rec::name_of(figure.measure), figure.cutoff);
}

}  // namespace

std::vector<PublishedRow> read_published_rows(const nn::Path& path) {
  const TextFile file(path, "table of published rows");
  const Line& head = file.lines().front();
  INPUT_CHECK(head.text == kHeader, file.at(head.number), "found '", head.text, "'; expected '", kHeader,
              "'");
  std::vector<PublishedRow> rows;
  std::vector<std::string_view> fields;
  for (const Line& line : std::span(file.lines()).subspan(1)) {
    split_at("\t", line.text, fields);
    INPUT_CHECK(fields.size() == kColumns, file.at(line.number), "found ", fields.size(),
                " columns; expected ", kColumns);
    PublishedRow& row = rows.emplace_back();
    row.name = fields[0];
    row.data = fields[1];
    row.share = number_in(file, line, fields[2]);
    row.source = fields[7];
    for (size_t f = 0; f < kFigures; ++f) {
      const std::string_view field = fields[kFirstFigure + f];
      if (field != "-")
        row.figures.push_back({kPlaces[f].measure, kPlaces[f].cutoff, number_in(file, line, field)});
    }
  }
  return rows;
}

ComparedFigure compare(const PublishedFigure& published, double share, const std::vector<RanksColumn>& ours) {
  const size_t users = ours.at(0).ranks.size();
  std::vector<double> per_seed, per_user(users, 0);
  for (const RanksColumn& seed : ours) {
    AG_CHECK(seed.ranks.size() == users, "compare: ", seed.name, " has other users");
    double sum = 0;
    for (size_t u = 0; u < users; ++u) {
      const double g = gain(published.measure, seed.ranks[u], published.cutoff);
      sum += g;
      per_user[u] += g / static_cast<double>(ours.size());
    }
    per_seed.push_back(sum / static_cast<double>(users));
  }
  const Estimate of_seeds = estimate(per_seed);
  const double standard_error = estimate(per_user).std / std::sqrt(static_cast<double>(users)),
               below = published.value - of_seeds.mean;
  return {published, of_seeds.mean, of_seeds.std, standard_error,
          of_seeds.mean >= share * published.value || below <= 2 * standard_error};
}

void print_rows(const nn::Path& published, const nn::Path& folder, std::ostream& out) {
  const std::vector<PublishedRow> rows = read_published_rows(published);
  std::error_code none;
  INPUT_CHECK(std::filesystem::is_directory(folder, none), "out: ", folder.string(),
              " is not a folder; expected a folder with one run per row");
  out << fmt::format("{:<26} {:<8} {:>9} {:>15} {:>6} {:>5}\n", "row", "figure", "published", "here", "share",
                     "seeds");
  for (const PublishedRow& row : rows) {
    const nn::Path file = folder / row.name / "ranks.tsv";
    if (!std::filesystem::exists(file)) {
      out << fmt::format("{:<26} not run\n", row.name);
      continue;
    }
    const std::vector<RanksColumn> ours = first_arm(read_ranks(file).columns);
    const bool known = !row.figures.empty();
    const std::vector<PublishedFigure> figures =
        known ? row.figures : std::vector<PublishedFigure>{kPlaces[2], kPlaces[3]};
    bool holds = true;
    std::string name = row.name;
    for (const PublishedFigure& figure : figures) {
      const ComparedFigure c = compare(figure, row.share, ours);
      holds &= c.holds;
      out << fmt::format("{:<26} {:<8} {:>9} {:>7.4f} {:7} {:>6} {:>5}\n", name, name_of(figure),
                         known ? fmt::format("{:.4f}", figure.value) : "-", c.mean,
                         std::isnan(c.spread) ? "" : fmt::format("±{:.4f}", c.spread),
                         known ? fmt::format("{:.2f}", c.mean / figure.value) : "-", ours.size());
      name.clear();
    }
    if (known) out << fmt::format("{:<26} {} ({})\n", "", holds ? "HOLDS" : "DOES NOT HOLD", row.source);
  }
  out << "here: mean ± standard deviation over the seeds. A row holds if each figure is at\n"
         "least 0.95 of the published one (0.90 if the table says so), or at most two\n"
         "standard errors below it.\n";
}

}  // namespace bench
