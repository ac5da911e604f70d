// The documents point at what is there: every relative link of every *.md names a file or folder. A method's
// README has the parts of its page in the book. The course's table has the chapters' questions and lengths.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "nn/io/files.h"
#include "tests/paths.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = fs::path(fixtures()).parent_path().parent_path();

// The documents of the repository; what is built or installed beside them is left out.
std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  for (const char* top : {"autograd", "nn", "models", "p2rec", "tutorials", "tests", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      if (entry.path().extension() == ".md") found.push_back(entry.path());
    }
  }
  return found;
}

// What a document links to within the repository, without "#section". Code holds no links.
std::vector<std::string> links_of(const std::string& text) {
  static const std::regex code("`[^`]*`"), link(R"(\]\(([^)#\s]+)[^)]*\))");
  std::vector<std::string> found;
  std::istringstream lines(text);
  bool in_code = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (line.substr(indent).starts_with("```")) in_code = !in_code;
    if (in_code) continue;
    line = std::regex_replace(line, code, "");
    for (std::sregex_iterator i(line.begin(), line.end(), link), end; i != end; ++i) {
      const std::string target = (*i)[1];
      if (target.find("://") == std::string::npos) found.push_back(target);
    }
  }
  return found;
}

bool is_there(const fs::path& document, const std::string& target) {
  return fs::exists(document.parent_path() / target);
}

// What a method's README lacks: the idea in at most five lines below the title, and the sections of its page.
std::string missing_parts(const std::string& text) {
  std::istringstream lines(text);
  std::string missing, line;
  std::getline(lines, line);
  std::getline(lines, line);
  int idea = 0;
  while (std::getline(lines, line) && !line.empty()) ++idea;
  if (idea < 1 || idea > 5) missing += "idea; ";
  for (const std::string section : {"Formula", "Code", "From the paper, and ours", "Result"}) {
    if (text.find("\n## " + section + "\n") == text.npos) missing += section + "; ";
  }
  return missing;
}

// The row of a chapter's source in the course's table, up to its question: "| `name` | Question? |".
std::string row_of(const std::string& name, const std::string& source) {
  const std::string header = source.substr(0, source.find("\n//\n"));
  std::smatch parts;
  const std::regex title(R"(// \d\d [^:?]*(?::|\?) ([^?]*\?))");
  const std::string joined = std::regex_replace(header, std::regex("\n//"), "");
  if (!std::regex_match(joined, parts, title)) return "expected '// NN Title: question?'";
  std::string question = parts[1];
  question[0] = static_cast<char>(std::toupper(question[0]));
  return "| `" + name + "` | " + question + " |";
}

// The row's column of lines: the fourth.
std::string lines_of_row(const std::string& row) {
  std::smatch parts;
  const std::regex columns(R"((?:\|[^|]*){3}\| (\d+) \|.*)");
  return std::regex_match(row, parts, columns) ? parts[1].str() : "";
}

}  // namespace

TEST_CASE("every relative link in a document leads to a file or folder") {
  size_t links = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& target : links_of(nn::read_file(document, "document"))) {
      ++links;
      INFO(document.lexically_relative(kRoot).string(), " links to ", target);
      CHECK(is_there(document, target));
    }
  }
  CHECK(links > 50);
}

TEST_CASE("every folder of sources has a README") {
  for (const char* folder : {"", "autograd", "nn", "models", "p2rec", "p2rec/configs", "p2rec/results",
                             "tutorials", "tests", "bench"}) {
    INFO(folder);
    CHECK(fs::exists(kRoot / folder / "README.md"));
  }
}

TEST_CASE("every method has a README with the parts of a page, and README.md links to it") {
  const std::string readme = nn::read_file(kRoot / "README.md", "document");
  for (const auto& method : fs::directory_iterator(kRoot / "p2rec" / "methods")) {
    if (!method.is_directory() || method.path().filename() == "common") continue;
    const fs::path file = method.path() / "README.md";
    INFO(file.lexically_relative(kRoot).string(), "; hint: p2rec/README.md, how to add a method");
    CHECK(missing_parts(nn::read_file(file, "document")) == "");
    CHECK(readme.find("(" + file.lexically_relative(kRoot).string() + ")") != readme.npos);
  }
}

TEST_CASE("the test of a method's README sees what is missing") {
  const std::string rest = "\n## Formula\n## Code\n## From the paper, and ours\n## Result\n";
  CHECK(missing_parts("# M\n\na\n" + rest) == "");
  CHECK(missing_parts("# M\n\n1\n2\n3\n4\n5\n6\n" + rest) == "idea; ");
  CHECK(missing_parts("# M\n\n" + rest) == "idea; ");
  CHECK(missing_parts("# M\n\na\n\n## Formula\n## Codes\n") == "Code; From the paper, and ours; Result; ");
}

TEST_CASE("the course's table has each chapter's question and number of lines") {
  const std::string readme = nn::read_file(kRoot / "tutorials" / "README.md", "document");
  for (const auto& entry : fs::directory_iterator(kRoot / "tutorials")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string source = nn::read_file(entry.path(), "chapter");
    const std::string begin = row_of(entry.path().stem().string(), source);
    const size_t at = readme.find(begin);
    const std::string row = at == readme.npos ? "" : readme.substr(at, readme.find('\n', at) - at);
    INFO(begin, "; hint: tutorials/README.md");
    CHECK(lines_of_row(row) == std::to_string(std::ranges::count(source, '\n')));
  }
}

TEST_CASE("the test of the course's table reads a header of two lines and a title that is the question") {
  CHECK(row_of("02_a", "// 02 A b: is it\n// so?\n//\n//   x?\n") == "| `02_a` | Is it so? |");
  CHECK(row_of("17_c", "// 17 Is it better? When so?\n//\n") == "| `17_c` | When so? |");
  CHECK(row_of("18_d", "// 18 D\n//\n") == "expected '// NN Title: question?'");
  CHECK(lines_of_row("| `02_a` | Is it so? | 01 | 205 | 0.1 | 0.1 |") == "205");
}

TEST_CASE("the test of links sees one that leads nowhere, and leaves out code, sections and the web") {
  const auto links =
      links_of("[a](b/c.md#d) ![e](f.svg) [g](https://h.example/i) `[j](k)`\n  ```\nl[m](n)\n  ```\n[o](#p)");
  CHECK(links == std::vector<std::string>{"b/c.md", "f.svg"});
  CHECK(is_there(kRoot / "README.md", "p2rec/p2rec.h"));
  CHECK_FALSE(is_there(kRoot / "README.md", "p2rec/gone.h"));
}
