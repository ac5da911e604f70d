// A chapter's figures: saved where --figures says, complete as files of their own, and nothing without it.
#include "tutorials/figures.h"

#include "tests/testing.h"

namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

struct Drawing {
  testing::TemporaryFolder folder;
  lesson::Options options{.figures = (folder / "figures").string()};
  std::string read(const std::string& name) const {
    return nn::read_file(folder / "figures" / (name + ".svg"), "figure");
  }
};

}  // namespace

TEST_CASE("without --figures a chapter saves no figure") {
  testing::TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  lesson::lines({}, "losses", "Losses", "step", "loss", {{"", lesson::numbered({3, 2, 1})}});
  std::filesystem::current_path(before);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a figure is a file of its own with its style sheet, and no temporary file stays") {
  const Drawing drawing;
  lesson::bars(drawing.options, "ladder", "GFLOP/s of <T>", {{"naive", 1, "1.0"}, {"threads", 4, "4.0"}});
  const std::string svg = drawing.read("ladder");
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  CHECK(svg.ends_with("</style>\n</svg>\n"));
  CHECK(count(svg, "</svg>") == 1);
  CHECK(svg.find("GFLOP/s of &lt;T&gt;") != svg.npos);
  CHECK(svg.find("--main:") != svg.npos);
  CHECK(count(svg, "<rect") == 2);
  CHECK(std::distance(std::filesystem::directory_iterator(drawing.folder / "figures"), {}) == 1);
}

TEST_CASE("lines have up to four styles, and long legends take several rows") {
  const Drawing drawing;
  const p2rec::Points points = lesson::numbered({3, 2, 1});
  CHECK(points == p2rec::Points{{1, 3}, {2, 2}, {3, 1}});
  const std::string longer(30, 'x');
  std::vector<lesson::Series> series{{longer, points}, {longer + "2", points}, {"c", points}, {"d", points}};
  lesson::lines(drawing.options, "losses", "Losses", "step", "loss", series);
  const std::string svg = drawing.read("losses");
  for (const char* style : {"main", "second", "third", "background"})
    CHECK(count(svg, std::string("<polyline class=\"") + style) == 2);  // in the legend, and the curve
  CHECK(svg.find("y=\"46.0\" text-anchor=\"start\">" + longer + "2<") != svg.npos);  // the second row
  series.push_back({"e", points});
  CHECK_THROWS_WITH_AS(lesson::lines(drawing.options, "losses", "", "", "", series),
                       doctest::Contains("found 5 curves; expected at most 4"), ag::Error);
}

TEST_CASE("a heat map shows each value as a share of the largest magnitude, its sign as the colour") {
  const Drawing drawing;
  lesson::heat_map(drawing.options, "map", "Weights", "key", "query",
                   ag::Tensor::from({2, 3}, {0.5, 0, -2, NAN, 1, 0}));
  const std::string svg = drawing.read("map");
  CHECK(svg.find("full colour: 2.000") != svg.npos);
  CHECK(count(svg, "<rect class=\"main\"") == 2);
  CHECK(svg.find("fill-opacity=\"0.25\"><title>0, 0: 0.500") != svg.npos);
  CHECK(svg.find("fill-opacity=\"0.50\"><title>1, 1: 1.000") != svg.npos);
  CHECK(count(svg, "<rect class=\"second\"") == 1);
}

TEST_CASE("points are coloured by group, and as many as groups") {
  const Drawing drawing;
  const ag::Tensor at = ag::Tensor::from({3, 2}, {0, 0, 1, 1, 2, 0});
  lesson::points(drawing.options, "items", "Items", "first", "second", at, {0, 1, 1});
  CHECK(count(drawing.read("items"), "<circle class=\"g1\"") == 2);
  CHECK_THROWS_AS(lesson::points(drawing.options, "items", "", "", "", at, {0, 1}), ag::Error);
}
