// The documents point at what is there: every relative link of every *.md names a file or folder. A method's
// README has the parts of its page in the book.
#include <doctest/doctest.h>

#include <algorithm>
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

TEST_CASE("the test of links sees one that leads nowhere, and leaves out code, sections and the web") {
  const auto links =
      links_of("[a](b/c.md#d) ![e](f.svg) [g](https://h.example/i) `[j](k)`\n  ```\nl[m](n)\n  ```\n[o](#p)");
  CHECK(links == std::vector<std::string>{"b/c.md", "f.svg"});
  CHECK(is_there(kRoot / "README.md", "p2rec/p2rec.h"));
  CHECK_FALSE(is_there(kRoot / "README.md", "p2rec/gone.h"));
}
