// The report: the right numbers and titles, on a page that is well-formed, needs no
// other file, and says what is missing.
#include "p2rec/report/report.h"

#include <cctype>
#include <cmath>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "nn/io/json.h"
#include "p2rec/methods/p2rec/report_sections.h"
#include "p2rec/report/plots.h"
#include "p2rec/report/text.h"
#include "p2rec/task/log_file.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;
using testing::contains;
using testing::message_of;

namespace {

const char* const kEvilTitle = "<script>alert(\"x\")</script> & 'quotes'\x01";

// Four users: the first `hits` of them have the value 1, the others 0, in both measures.
ResultRow row(const std::string& arm, uint64_t seed, int hits) {
  std::vector<double> values;
  for (int u = 0; u < 4; ++u) values.push_back(u < hits ? 1 : 0);
  return {arm, seed, {10 + static_cast<double>(seed), 5}, {values, values}};
}

Results results_of(const std::vector<Arm>& arms, const std::vector<ResultRow>& rows) {
  Results results;
  results.about = "Made up <here>.";
  results.arm = "start";
  results.unit = "user";
  results.measures = results.headline = {"HR@10", "NDCG@10"};
  results.facts = {"epochs", "best_epoch"};
  results.baseline = "random";
  results.arms = arms;
  results.rows = rows;
  return results;
}

const Arm kRandom = {"random", "no knowledge"}, kOurs = {"p2rec", "the & method", true};

Results small_results() {
  return results_of({kRandom, kOurs},
                    {row("random", 1, 1), row("random", 2, 2), row("p2rec", 1, 2), row("p2rec", 2, 3)});
}

const std::vector<std::string> kStages = {"pretrain", "groups", "reconstruct",
                                          "augment",  "train",  "evaluate"};

ReportPlan small_plan() {
  return {.title = "P2Rec on my <films>",
          .facts = {{"Data", "data/my <films>"}, {"Seeds", "1,2"}},
          .options = {{"lr", "learning rate", "0.003", "0.001"}},
          .stages = kStages,
          .files = {"recommender-*.safetensors", "adapter/weights"},
          .resume = "p2rec run --config out/config.toml --resume",
          .again = "p2rec run --config \"my <out>\"/config.toml --out again",
          .sections = p2rec_report_sections()};
}

nn::OrderedJson groups_json() {
  return {{{"group", 0},
           {"items", 1},
           {"interactions", 3000},
           {"top", {{{"item", "7"}, {"title", kEvilTitle}, {"interactions", 3000}}}}},
          {{"group", 1},
           {"items", 2},
           {"interactions", 9000},
           {"top", {{{"item", "8"}, {"title", ""}, {"interactions", 9000}}}}}};
}

nn::OrderedJson evil_item(const char* id) { return {{"item", id}, {"title", kEvilTitle}, {"group", 3}}; }

nn::OrderedJson prompt_json() {
  return {{"user", "<u>"},
          {"items", 1234},
          {"tokens", 5678},
          {"text", std::string("User history: ") + kEvilTitle + "\nPreference:<i7>"},
          {"groups", {{{"group", 2}, {"asked", 0.75}, {"told", 0.4321}}}}};
}

nn::OrderedJson embeddings_json() {
  nn::OrderedJson dot = evil_item("7"), item = evil_item("7");
  for (const char* table : {"teacher", "enhanced"}) dot[table] = {0.5, -1.0};
  for (const char* table : {"teacher", "untuned", "enhanced"}) item[table] = {evil_item("8")};
  return {{"map", {{"teacher", {0.5, 0.25}}, {"enhanced", {0.125, 0.1}}, {"items", {dot}}}},
          {"neighbours", {item}},
          {"known_truth", {{{"what", "<purity>"}, {"found", 0.5}, {"chance", 0.1}}}}};
}

nn::OrderedJson users_json() {
  return {{"recommender", "<p2rec>-1"},
          {"users",
           {{{"user", "<12>"},
             {"history", 1000},
             {"latest", {evil_item("7")}},
             {"target", evil_item("8")},
             {"places", {{{"recommender", "<random>-1"}, {"place", 1001}}}},
             {"top", {evil_item("7"), evil_item("8")}}}}}};
}

// The files of a whole run, so small that every number is known.
class Folder {
 public:
  Folder() {
    write("config.toml", "# p2rec " P2REC_VERSION "\n# a compiler\n\nlr = 0.003\n");
    const ResultsFile results(path());
    results.set_data({4, 3, 12000, {0, 0, 1, 3}, {1234, 0, 5}});
    results.set_stage({"pretrain", 100, 512, 50000});
    results.set_stage({"train", 300, 2048, 0});
    results.set_section("groups", groups_json());
    const FinetuneLosses losses{0.04, 0.01, 0.0051};
    results.set_section("reconstruct",
                        describe_reconstruction(losses, {0.0102, 0.00001, 0.002}, prompt_json()));
    results.set_section("augment", embeddings_json());
    results.set_section("evaluate", users_json());
    results.set_results("evaluate", summarise(small_results()));
    write_log();
    Manifest manifest(path());
    for (const std::string& stage : kStages) manifest.enter(stage, "");
  }
  const nn::Path& path() const { return folder_.path(); }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path() / name, std::ios::binary) << content;
  }
  void remove(const std::string& name) const { std::filesystem::remove(path() / name); }
  std::string page(const ReportPlan& plan = small_plan()) const {
    return report_page(read_report_data(path(), plan));
  }

 private:
  void write_log() const {
    LogFile log(path() / "log.jsonl");
    for (int64_t step = 0; step < 1000; ++step)
      log.append("pretrain", step, {{"loss", 5.0 - 0.001 * static_cast<double>(step)}});
    log.append("pretrain", 999, {{"epoch", 1}, {"validation_ndcg@10", 0.25}});
    log.append("reconstruct/llm", 0, {{"loss", 4.5}});
    log.append("reconstruct", 0, {{"loss", NAN}});  // null in the file
    log.append("reconstruct", 1, {{"loss", 0.03}});
    log.append("reconstruct", 1, {{"epoch", 1}, {"heldout_loss", 0.0051}});
    for (const char* task : {"train/random-1", "train/random-2", "train/p2rec-1", "train/p2rec-2"}) {
      log.append(task, 0, {{"epoch", 1}, {"validation_ndcg@10", 0.1}});
      log.append(task, 1, {{"epoch", 2}, {"validation_ndcg@10", 0.2}});
    }
  }

  testing::TemporaryFolder folder_;
};

// Checks the parts of XML that matter here: tags are closed in order, attributes
// are quoted, and & and < are only markup.
class Checker {
 public:
  explicit Checker(std::string_view page) : rest_(page) {}

  // The fault of the page, or empty.
  std::string fault() {
    if (!take("<!DOCTYPE html>\n")) return "no doctype";
    while (!rest_.empty()) {
      const std::string_view here = rest_;
      const bool good = take("</") ? end_tag() : take("<") ? start_tag() : character();
      if (!good) return "wrong: " + std::string(here.substr(0, 80));
    }
    return open_.empty() ? "" : "not closed: " + open_.back();
  }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string name() {
    size_t end = 0;
    while (end < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[end])) || rest_[end] == '-'))
      ++end;
    const std::string found(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return found;
  }
  bool character() {
    if (rest_[0] == '&') {
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#160;"}) {
        if (take(entity)) return true;
      }
      return false;
    }
    const bool printable = static_cast<unsigned char>(rest_[0]) >= 0x20 || rest_[0] == '\n';
    rest_.remove_prefix(1);
    return printable;
  }
  bool start_tag() {
    const std::string tag = name();
    if (tag.empty()) return false;
    while (take(" ")) {
      if (name().empty() || !take("=\"")) return false;
      while (!rest_.empty() && rest_[0] != '"') {
        if (rest_[0] == '<' || !character()) return false;
      }
      if (!take("\"")) return false;
    }
    if (take("/>")) return true;
    open_.push_back(tag);
    return take(">");
  }
  bool end_tag() {
    if (open_.empty() || name() != open_.back()) return false;
    open_.pop_back();
    return take(">");
  }

  std::string_view rest_;
  std::vector<std::string> open_;
};

std::string fault_of(const std::string& page) { return Checker(page).fault(); }

// All values of an attribute.
std::vector<std::string> values_of(const std::string& page, const std::string& attribute) {
  const std::regex pattern(" " + attribute + "=\"([^\"]*)\"");
  std::vector<std::string> values;
  for (std::sregex_iterator it(page.begin(), page.end(), pattern), end; it != end; ++it)
    values.push_back((*it)[1]);
  return values;
}

}  // namespace

TEST_CASE("the page holds the run's numbers") {
  const std::string page = Folder().page();
  for (const char* part : {"12,000 interactions (3000.0 per user)",
                           "</small></th><td class=\"value\">0.003</td><td class=\"value\">0.001</td>",
                           "0.3750 ± 0.1768",
                           "0.6250 ± 0.1768",
                           "<strong>+0.2500 [",
                           "<td>12</td>",  // results
                           "HR@10</th><td>0.3750 ± 0.1768</td><td class=\"method\">0.6250 ± 0.1768</td></tr>",
                           "Made up &lt;here&gt;.",
                           "no knowledge",
                           "ΔNDCG@10 vs random",
                           "50.0\u00A0%",
                           "0.00510",
                           "1.0e-05",
                           "from 0.04000",  // reconstruction
                           "1 item, 25.0\u00A0% of",
                           "2 items, 75.0\u00A0% of",
                           ">9,000<",  // groups
                           "1 min 40 s",
                           "6 min 40 s in total",
                           "25.0\u00A0%",
                           "50,000",
                           "2.00\u00A0GiB",  // costs
                           "p2rec " P2REC_VERSION}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "inf,"));
  // One column per arm; with one per metric the table would be too wide for the page.
  CHECK(contains(page,
                 "<th scope=\"col\">Metric</th><th scope=\"col\">random</th>"
                 "<th scope=\"col\" class=\"method\">p2rec</th></tr>"));
  CHECK(page.size() < 100'000);
}

TEST_CASE("strings of the user's files are escaped, and an item without a title has its id") {
  const std::string page = Folder().page();
  CHECK_FALSE(contains(page, "<script"));
  CHECK(contains(page, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quotes&#39;\uFFFD"));
  CHECK(contains(page, "my &lt;films&gt;"));
  CHECK(contains(page, "<bdi>item 8</bdi>"));
}

TEST_CASE("the page is well-formed, needs no other file, and its references exist") {
  const std::string page = Folder().page();
  CHECK(fault_of(page) == "");
  for (const char* part : {"http:", "https:", " src=", "url(", "@import", "<link", "<iframe"}) {
    CAPTURE(part);
    CHECK_FALSE(contains(page, part));
  }
  const std::vector<std::string> ids = values_of(page, "id");
  const std::set<std::string> known(ids.begin(), ids.end());
  CHECK(known.size() == ids.size());
  for (const std::string& target : values_of(page, "href")) {
    CAPTURE(target);
    if (target.starts_with("./")) continue;  // a file in the page's folder
    CHECK(known.contains(target.substr(1)));
  }
  for (const std::string& names : values_of(page, "aria-labelledby")) {
    std::istringstream words(names);
    for (std::string id; words >> id;) CHECK(known.contains(id));
  }
  // The check itself finds faults.
  const std::string begin = "<!DOCTYPE html>\n";
  CHECK(fault_of(begin + "<p><b>x</p></b>") != "");
  CHECK(fault_of(begin + "<p>a & b</p>") != "");
  CHECK(fault_of(begin + "<p class=x>a</p>") != "");
  CHECK(fault_of(begin + "<p>") != "");
  CHECK(fault_of(begin + "<p>a < b</p>") != "");
  CHECK(fault_of(begin + "<p>\x01</p>") != "");
}

TEST_CASE("the first screen: the verdict, the difference and its figure come first") {
  const std::string page = Folder().page(), first = page.substr(0, page.find("<nav"));
  for (const char* part : {"class=\"verdict\"", "<strong>+0.2500 [", "ΔNDCG@10 vs random", "2 seeds",
                           "id=\"difference-NDCG@10-t\"", "the &amp; method"}) {
    CAPTURE(part);
    CHECK(contains(first, part));
  }
  // In the table it is the first number, which a narrow screen shows.
  CHECK(contains(page, "<th scope=\"col\">Start</th><th scope=\"col\">ΔNDCG@10 vs random</th>"));
}

TEST_CASE("the first screen: it says if there can be no verdict") {
  const Folder folder;
  Results results = small_results();
  results.rows[2].doubt = "ended at <its> cap";
  ResultsFile(folder.path()).set_results("evaluate", summarise(results));
  const std::string page = folder.page(), first = page.substr(0, page.find("<nav"));
  CHECK(fault_of(page) == "");
  CHECK(contains(first, "No verdict."));
  CHECK(contains(first, "<li>p2rec, seed 1: ended at &lt;its&gt; cap</li>"));
  CHECK_FALSE(contains(page.substr(first.size()), "its&gt; cap"));  // once is enough
}

TEST_CASE("the method made visible: prompt, map, neighbours and users, for any titles") {
  const std::string page = Folder().page();
  const std::string title = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quotes&#39;\uFFFD";
  for (const std::string& part :
       {"<pre>User history: " + title + "\nPreference:&lt;i7&gt;</pre>",  // the lines of a prompt stay
        std::string("user &lt;u&gt;"), std::string("1,234 items, 5,678 tokens"), std::string("0.4321"),
        "<title>" + title + " (group 3)</title>", std::string("first component, 50.0\u00A0% of the variance"),
        "<h4><bdi>" + title + "</bdi>, group 3</h4>", std::string("&lt;purity&gt;"),
        std::string("<code>&lt;p2rec&gt;-1</code>"), std::string("<h3>User &lt;12&gt;</h3>"),
        std::string("1,001\u00A0by\u00A0&lt;random&gt;-1"), "<strong><bdi>" + title + "</bdi></strong>",
        "<li class=\"marked\"><div><bdi>" + title + "</bdi> <span class=\"count\">target</span>"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
}

TEST_CASE("histograms of the data: the bins double, and begin with the first one that is not empty") {
  const std::string page = Folder().page();
  for (const char* part : {">2–3</text>", ">4–7</text>", ">1,234</text>", ">0</text>"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  const size_t lengths = page.find("id=\"lengths-t\"");
  CHECK_FALSE(contains(page.substr(lengths, page.find("</svg>", lengths) - lengths), ">1</text>\n<rect"));
}

TEST_CASE("the command to copy, and links to the existing files of the run") {
  const Folder folder;
  std::filesystem::create_directory(folder.path() / "adapter");
  for (const char* name : {"recommender-\"<.safetensors", "adapter/weights", "somebody's"})
    folder.write(name, "");
  const std::string page = folder.page();
  CHECK(fault_of(page) == "");
  CHECK(contains(
      page, "<pre class=\"command\">p2rec run --config &quot;my &lt;out&gt;&quot;/config.toml --out again<"));
  CHECK(contains(page, "<a href=\"./adapter/weights\">adapter/weights</a>"));
  CHECK(contains(page,
                 "<a href=\"./recommender-&quot;&lt;.safetensors\">recommender-&quot;&lt;.safetensors</a>"));
  for (const char* name : {"config.toml", "manifest.json", "results.json", "log.jsonl"})
    CHECK(contains(page, std::string("<a href=\"./") + name + "\">"));
  CHECK_FALSE(contains(page, "somebody"));
}

TEST_CASE("the same files give the same bytes") {
  const Folder one, two;
  write_report(one.path(), small_plan());
  write_report(two.path(), small_plan());
  const std::string page = nn::read_file(one.path() / "report.html", "report");
  CHECK((page == nn::read_file(two.path() / "report.html", "report")));
  write_report(one.path(), small_plan());
  CHECK((page == nn::read_file(one.path() / "report.html", "report")));
}

TEST_CASE("stages that have not been run are named") {
  const Folder folder;
  Manifest manifest(folder.path());
  for (const char* stage : {"evaluate", "train", "augment", "reconstruct"}) manifest.remove(stage);
  std::string page = folder.page();
  CHECK(fault_of(page) == "");
  // The numbers in results.json are those of an earlier run.
  CHECK_FALSE(contains(page, "0.6250"));
  CHECK_FALSE(contains(page, "class=\"verdict\""));
  CHECK(contains(page, "the stage <code>reconstruct</code> is not finished."));
  CHECK(contains(page, "this run has not been evaluated"));
  CHECK(contains(page, "is not finished: reconstruct, augment, train, evaluate are open"));
  CHECK(contains(page, "p2rec run --config out/config.toml --resume"));
  CHECK(contains(page, "<small>not finished</small>"));
  CHECK(contains(page, "9,000"));  // the groups are there

  for (const char* file : {"manifest.json", "results.json", "log.jsonl"}) folder.remove(file);
  page = folder.page();
  CHECK(fault_of(page) == "");
  for (const char* part :
       {"the stage <code>groups</code> is not finished.", "this run has not been evaluated",
        "<code>log.jsonl</code> has no losses", "<code>results.json</code> has no stage"})
    CHECK(contains(page, part));
}

TEST_CASE("a stage that is done but has written nothing is also named") {
  const Folder folder;
  folder.remove("results.json");
  folder.remove("log.jsonl");
  const std::string page = folder.page();
  CHECK(fault_of(page) == "");
  for (const char* part : {"<code>groups</code> is done, but <code>results.json</code>",
                           "<code>reconstruct</code> is done, but", "<code>log.jsonl</code> has no losses"})
    CHECK(contains(page, part));
}

TEST_CASE("one seed, arms without the baseline, and one measure without a baseline") {
  const Folder folder;
  const ResultsFile file(folder.path());
  file.set_results("evaluate",
                   summarise(results_of({kRandom, kOurs}, {row("random", 1, 1), row("p2rec", 1, 2)})));
  std::string page = folder.page();
  CHECK(fault_of(page) == "");
  CHECK(contains(page, "0.5000<"));
  CHECK(contains(page, "one seed shows no spread"));
  CHECK_FALSE(contains(page, " ± 0.0000"));
  file.set_results("evaluate", summarise(results_of({{"teacher"}}, {row("teacher", 1, 1)})));
  page = folder.page();
  CHECK(fault_of(page) == "");
  CHECK(contains(page, "0.2500<"));
  CHECK_FALSE(contains(page, "class=\"verdict\""));
  Results plain;
  plain.measures = plain.headline = {"exact match"};
  plain.arms = {{"tuned", "", true}, {"untuned"}};
  plain.rows = {{"tuned", 1, {}, {{1, 0}}}, {"untuned", 1, {}, {{0, 0}}}};
  file.set_results("evaluate", summarise(plain));
  page = folder.page();
  CHECK(fault_of(page) == "");
  CHECK(contains(page, "exact match: mean ± standard deviation"));
  CHECK(contains(page, "<th scope=\"col\">Arm</th>"));
  CHECK_FALSE(contains(page, "class=\"verdict\""));
  CHECK_FALSE(contains(page, " vs "));
}

TEST_CASE("files that are missing or were not written by the program") {
  const auto message_with = [](const std::string& file, const std::string& content) {
    const Folder folder;
    folder.write(file, content);
    const std::string message = message_of([&] { folder.page(); });
    CAPTURE(message);
    CAPTURE(content);
    CHECK(contains(message, (folder.path() / file).string()));
  };
  for (const char* content :
       {R"({"sections": {"groups": [{"group": "x"}]}})", R"({"sections": {"groups": 7}})",
        R"({"sections": {"groups": [{"group": 0, "items": 1, "interactions": 1, "top": [{"item": "a"}]}]}})",
        R"({"sections": {"reconstruct": {"heldout_loss": 1}}})",
        R"({"sections": {"augment": {"map": {"items": [], "teacher": [1], "enhanced": [1, 2]}}}})",
        R"({"sections": {"evaluate": {"recommender": "a-1", "users": [7]}}})",
        R"({"data": {"users": 1, "items": 1, "interactions": 1, "lengths": [1.5], "popularity": []}})"})
    message_with("results.json", content);
  for (const char* content : {"garbage\n", "{}\n",
                              R"({"task": "pretrain", "step": 1, "loss": "x"})"
                              "\n",
                              R"({"task": "pretrain", "step": 1, "epoch": [], "validation_ndcg@10": 1})"
                              "\n"})
    message_with("log.jsonl", content);
  message_with("manifest.json", "garbage");

  const Folder folder;
  folder.write("log.jsonl", R"({"task": "pretrain", "step": 0, "loss": 5}
{"task": "pretrain", "st)");  // a line that was being written
  CHECK(fault_of(folder.page()) == "");
  folder.remove("config.toml");
  CHECK(contains(message_of([&] { folder.page(); }), "config.toml"));
  CHECK(
      contains(message_of([&] { write_report(folder.path() / "nowhere", {}); }), "nowhere is not a folder"));
}

TEST_CASE("splits are shown with their meaning") {
  const Folder folder;
  Results results = small_results();
  results.splits = {{"rare", "of the rarer half", {0, 3}}, {"<odd>", "", {1}}};
  ResultsFile(folder.path()).set_results("evaluate", summarise(results));
  const std::string page = folder.page();
  CHECK(fault_of(page) == "");
  for (const char* part : {"Splits of the users", "2 users: of the rarer half", "&lt;odd&gt;"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  // User 1 is a hit of p2rec with both seeds, and of random with the second.
  CHECK(contains(page, "<td>1.0000 ± 0.0000<small>+0.5000 ["));
}

TEST_CASE("a section is shown if its stage belongs to the run") {
  const Folder folder;
  ReportPlan plan = small_plan();
  plan.stages = {"train", "evaluate"};
  Manifest manifest(folder.path());
  for (const char* stage : {"pretrain", "groups", "reconstruct", "augment"}) manifest.remove(stage);
  const std::string page = folder.page(plan);
  CHECK(fault_of(page) == "");
  CHECK(contains(page, "id=\"results\""));
  CHECK(contains(page, "<h3><code>train</code></h3>"));
  for (const char* part :
       {"id=\"reconstruction\"", "id=\"groups\"", "is not finished", "#groups", "<code>pretrain</code>"})
    CHECK_FALSE(contains(page, part));
}

TEST_CASE("curves: of every task that logs losses, with levels, and the baseline's in the background") {
  const std::string page = Folder().page();
  for (const char* part : {"loss-pretrain-pretrain", "validation-pretrain-pretrain", "loss-reconstruct-llm",
                           "loss-reconstruct-reconstruct", "validation-train-random",
                           "validation-train-p2rec", ">ridge</text>", "in the background"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  const size_t p2rec = page.find("id=\"validation-train-p2rec-t\""), end = page.find("</svg>", p2rec);
  REQUIRE(end != std::string::npos);
  const std::string plot = page.substr(p2rec, end - p2rec);
  CHECK(contains(plot, "polyline class=\"background\""));
  CHECK(contains(plot, "polyline class=\"main\""));
}

TEST_CASE("numbers in the report") {
  CHECK(metric_text(0.14228) == "0.1423");
  CHECK(metric_text(INFINITY) == "–");
  CHECK(difference_text(0.01) == "+0.0100");
  CHECK(difference_text(-0.01) == "−0.0100");
  CHECK(loss_text(4.2512) == "4.251");
  CHECK(loss_text(0.00374) == "0.00374");
  CHECK(loss_text(5.47e-6) == "5.5e-06");
  CHECK(loss_text(0) == "0.00000");
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(-1234567) == "−1,234,567");
  CHECK(rate_text(24834.7) == "24,800");
  CHECK(rate_text(7.2) == "7");
  CHECK(rate_text(NAN) == "–");
  CHECK(percent_text(0.1234) == "12.3\u00A0%");
  CHECK(memory_text(404.4) == "404\u00A0MiB");
  CHECK(memory_text(2725) == "2.66\u00A0GiB");
  CHECK(seconds_text(1798.5) == "29 min 59 s");
  CHECK(seconds_text(-1) == "–");
  CHECK(seconds_text(1e300) == "–");
  CHECK(tick_text(0.15, 0.05) == "0.15");
  CHECK(tick_text(-1e-12, 0.05) == "0");
  CHECK(tick_text(2000, 500) == "2,000");
  CHECK(shortened("Amélie", 6) == "Amélie");
  CHECK(shortened("Amélie", 4) == "Amé…");
  CHECK(shortened("", 4) == "");
}

TEST_CASE("no number of an axis is outside the drawing") {
  for (const double steps : {7.0, 300.0, 1082.0, 1500.0, 41000.0, 1e6, 3e9}) {
    const std::vector<Curve> curves = {{"", CurveStyle::Main, {{1, 1}, {steps, 0.5}}, false}};
    const std::string svg =
        curve_plot({{"a", "A", "B"}, "step", "loss", curves, {}, frame_of(curves, {}, true)});
    const std::regex number(
        R"re(<text class="tick" x="([0-9.]+)" y="[0-9.]+" text-anchor="(\w+)">([^<]*)<)re");
    int numbers = 0;
    for (std::sregex_iterator it(svg.begin(), svg.end(), number), end; it != end; ++it, ++numbers) {
      CAPTURE(it->str());
      const double x = std::stod((*it)[1]), width = 7.0 * static_cast<double>((*it)[3].length());
      const double right = x + ((*it)[2] == "middle" ? width / 2 : (*it)[2] == "start" ? width : 0);
      CHECK(right <= 400);
    }
    CHECK(numbers >= 6);
  }
}

TEST_CASE("plots leave out values that cannot be drawn, and need no data") {
  CHECK(thinned({{1, 2}, {3, 4}}, 2).size() == 2);
  CHECK(thinned({{1, 2}, {3, 4}, {5, 9}, {7, 1}}, 2) == Points{{2, 3}, {6, 5}});
  const auto drawn = [](const std::vector<Curve>& curves, const std::vector<Level>& levels) {
    CurvePlot plot{{"a", "A", "B"}, "x", "y", curves, levels, frame_of(curves, levels, true)};
    return curve_plot(plot);
  };
  for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY), 1e300, -1e300}) {
    const std::string svgs =
        drawn({{"c", CurveStyle::Main, {{1, bad}, {2, 3}, {bad, 3}}, true}}, {{"l", bad}}) +
        spread_plot({{"b", "A", "B"}, "x", {{"r", bad, bad, bad, "", {{bad, "d"}}}}, 0}) +
        bar_plot({{"c", "A", "B"}, {{"b", bad, "t"}, {"b", 1, "t"}}}) +
        scatter_plot({{"d", "A", "B"}, "x", "y", {{bad, 1, 0, "t"}, {2, 3, -1, "t"}, {1, 2, 9, "t"}}});
    for (const char* part : {"nan", "inf", "e+"}) CHECK_FALSE(contains(svgs, part));
  }
  for (const std::string& svg : {drawn({}, {}), drawn({{"", CurveStyle::Main, {}, false}}, {}),
                                 drawn({{"c", CurveStyle::Main, {{1, 0}}, true}}, {}),
                                 drawn({{"c", CurveStyle::Main, {{1, 1e-30}, {2, 2e-30}}, true}}, {}),
                                 spread_plot({{"b", "A", "B"}, "x", {}, 0}), bar_plot({{"c", "A", "B"}, {}}),
                                 scatter_plot({{"d", "A", "B"}, "x", "y", {}}),
                                 scatter_plot({{"d", "A", "B"}, "x", "y", {{1, 1, 0, "one"}}})})
    CHECK(fault_of("<!DOCTYPE html>\n" + svg) == "");
}
