// Comparing published figures with a run's: reading the table, when a figure
// holds, and the output.
#include "bench/published_rows/published_rows.h"

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/paths.h"
#include "tests/testing.h"

using namespace p2rec;
using namespace bench;
using doctest::Contains;

namespace {

// Ranks of `users` users: the first `hits` of them are at the first place, the others after every cutoff.
RanksColumn column(const std::string& name, int users, int hits) {
  RanksColumn column{name, {}};
  for (int u = 0; u < users; ++u) column.ranks.push_back(u < hits ? 0 : 500);
  return column;
}

void write(const nn::Path& file, const std::string& content) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << content;
}

constexpr const char* kHead = "row\tdata\tshare\tHR@5\tNDCG@5\tHR@10\tNDCG@10\tsource\n";

}  // namespace

TEST_CASE("published rows: mean, spread, standard error, and when a figure holds") {
  const std::vector<RanksColumn> ours = {column("random-1", 100, 10), column("random-2", 100, 20)};
  const ComparedFigure c = compare({Measure::HR, 10, 0.15}, 0.95, ours);
  CHECK(c.mean == doctest::Approx(0.15));
  CHECK(c.spread == doctest::Approx(std::sqrt(0.005)));
  // Users: ten with 1, ten with 0.5, eighty with 0; their mean is 0.15.
  const double squares = 10 * 0.85 * 0.85 + 10 * 0.35 * 0.35 + 80 * 0.15 * 0.15;
  CHECK(c.standard_error == doctest::Approx(std::sqrt(squares / 99 / 100)));
  CHECK(c.holds);
  CHECK(compare({Measure::HR, 10, 0.157}, 0.95, ours).holds);                           // 0.955 of it
  CHECK(compare({Measure::HR, 10, 0.15 + 1.99 * c.standard_error}, 0.95, ours).holds);  // near enough
  CHECK_FALSE(compare({Measure::HR, 10, 0.15 + 2.01 * c.standard_error}, 0.95, ours).holds);
  CHECK(compare({Measure::HR, 10, 0.3}, 0.5, ours).holds);
  CHECK(std::isnan(compare({Measure::HR, 10, 0.15}, 0.95, {ours[0]}).spread));
}

TEST_CASE("published rows: the output") {
  const testing::TemporaryFolder folder;
  write(folder / "published.tsv", std::string(kHead) + "good\tbeauty\t0.95\t.2\t.2\t.2\t.2\tsomebody\n" +
                                      "bad\tbeauty\t0.90\t-\t-\t.9\t.9\tsomebody else\n" +
                                      "unknown\tbeauty\t0.95\t-\t-\t-\t-\tnobody\n" +
                                      "open\tbeauty\t0.95\t-\t-\t.5\t.5\tlater\n");
  const std::string ranks =
      "user_id\titem_id\thistory\titem_count\trare\trandom-1\tpopularity-"
      "1\na\tx\t3\t2\t0\t0\t7\nb\ty\t4\t1\t1\t900\t0\n"
      "c\ty\t4\t1\t1\t900\t0\nd\ty\t4\t1\t1\t900\t0\ne\ty\t4\t1\t1\t900\t0\n";
  for (const char* row : {"good", "bad", "unknown"}) write(folder.path() / row / "ranks.tsv", ranks);
  std::ostringstream out;
  print_rows(folder / "published.tsv", folder.path(), out);
  const std::string text = out.str();
  CAPTURE(text);
  for (const char* part :
       {"HOLDS (somebody)", "DOES NOT HOLD (somebody else)", "open                       not run",
        "0.2000           1.00", "0.2000           0.22", "0.2000              -"})
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("published rows: wrong files") {
  const testing::TemporaryFolder folder;
  const auto message = [&](const std::string& content) {
    write(folder / "t.tsv", content);
    try {
      read_published_rows(folder / "t.tsv");
    } catch (const ag::InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message("row\tdata\n").find("t.tsv:1: found 'row\tdata'; expected 'row\tdata\tshare") !=
        std::string::npos);
  CHECK(message(kHead + std::string("a\tb\t1\n")).find("t.tsv:2: found 3 columns; expected 8") !=
        std::string::npos);
  CHECK(message(kHead + std::string("a\tb\t.9\t-\t-\tx\t-\ts\n")).find("t.tsv:2: found 'x'") !=
        std::string::npos);
  CHECK(message(kHead + std::string("a\tb\t-1\t-\t-\t-\t-\ts\n")).find("found '-1'") != std::string::npos);
  const auto ranks = [&](const std::string& content) {
    write(folder / "ranks.tsv", content);
    return read_ranks(folder / "ranks.tsv").columns;
  };
  const std::string head = "user_id\titem_id\thistory\titem_count\trare";
  CHECK(ranks(head + "\ta-1\tb-2\nu\ti\t1\t1\t0\t3\t4\n").at(1).ranks == std::vector<int64_t>{4});
  CHECK_THROWS_WITH_AS(ranks(head + "\nu\ti\t1\t1\t0\n"), Contains("ranks.tsv:1: expected the columns"),
                       ag::InputError);
  CHECK_THROWS_WITH_AS(ranks(head + "\ta-1\n"), Contains("no row below the header"), ag::InputError);
  CHECK_THROWS_WITH_AS(ranks(head + "\ta-1\nu\ti\t1\t1\t0\n"),
                       Contains("ranks.tsv:2: found 5 columns; expected 6"), ag::InputError);
  CHECK_THROWS_WITH_AS(ranks(head + "\ta-1\nu\ti\t1\t1\t0\t-1\n"), Contains("ranks.tsv:2: found '-1'"),
                       ag::InputError);
  CHECK_THROWS_AS(ranks(head + "\ta-1\nu\ti\t1\t1\t0\t1.5\n"), ag::InputError);
}

TEST_CASE("published rows: the table and the configurations name each other") {
  const nn::Path folder = nn::Path(fixtures()) / "../../p2rec/configs/rows";
  std::set<std::string> rows, configs;
  for (const PublishedRow& row : read_published_rows(folder / "published.tsv")) {
    CHECK(rows.insert(row.name).second);
    CHECK(row.name.starts_with(row.data + "-"));
    CHECK(row.share == (row.data == "lastfm" ? 0.90 : 0.95));
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") configs.insert(entry.path().stem().string());
  }
  CHECK(rows == configs);
}
