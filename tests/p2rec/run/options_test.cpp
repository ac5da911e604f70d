#include "p2rec/run/options.h"

#include <algorithm>
#include <map>
#include <set>

#include "models/recommenders/registry.h"
#include "p2rec/methods/settings.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"
#include "tests/testing.h"

using ag::InputError;
using doctest::Contains;
using p2rec::GivenOptions;
using p2rec::Settings;
using testing::contains;
using testing::message_of;
using testing::Options;

namespace {

std::unique_ptr<Settings> settings(const Options& options = {}) {
  return p2rec::settings_of({}, testing::given(options));
}

// Another value than the option has, as a string. Paths contain characters that TOML must escape.
struct OtherValue {
  const nn::Option& option;
  static std::string text(double x) { return p2rec::to_text(&x); }
  std::string operator()(bool* v) const { return *v ? "false" : "true"; }
  std::string operator()(double* v) const {
    for (const double x : {0.30000000000000004, 0.6, 1e-05, 3.0}) {
      if (option.range.holds(x) && x != *v) return text(x);
    }
    return "no other value";
  }
  template <class Integer>
  std::string operator()(Integer* v) const {
    return std::to_string(*v + (option.range.holds(double(*v) + 3) ? 3 : -1));
  }
  std::string operator()(std::string* v) const {
    for (const std::string& choice : option.choices) {
      if (choice != *v) return choice;
    }
    return "a \"b\" #c,\\d'é";
  }
  std::string operator()(std::vector<int>*) const { return "10,1"; }
  std::string operator()(std::vector<uint64_t>*) const { return "7,9007199254740991"; }
  std::string operator()(std::vector<std::string>* v) const { return v->back() + "," + v->front(); }
};

std::map<std::string, std::string> texts(const p2rec::Sections& sections) {
  std::map<std::string, std::string> all;
  for (const p2rec::Section& section : sections) {
    section.visit([&](const nn::Option& o, nn::Field field) { all[o.name] = p2rec::to_text(field); });
  }
  return all;
}

// The methods, each with each recommender that it can train; some train none.
std::vector<Options> methods_and_models() {
  std::vector<Options> all;
  for (const std::string& method : p2rec::method_names()) {
    const auto names = p2rec::option_names(settings({{"method", method}})->sections());
    if (std::ranges::count(names, "model") == 0) all.push_back({{"method", method}});
    for (const std::string& model : models::recommender_names()) {
      if (std::ranges::count(names, "model")) all.push_back({{"method", method}, {"model", model}});
    }
  }
  return all;
}

bool of_the_call(const std::string& name) { return name == "resume" || name == "overwrite"; }

// The message of the error of reading a configuration file with this text, or "no error".
std::string config_problem(const std::string& text) {
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "my.toml", text);
  return message_of([&] { p2rec::settings_of(p2rec::read_config(folder / "my.toml")); });
}

void check_problem(const std::string& name, const std::string& text, const std::string& expected) {
  CAPTURE(name);
  CHECK_THROWS_WITH_AS(settings({{name, text}}), Contains(expected.c_str()), InputError);
  CHECK_THROWS_WITH_AS(settings({{name, text}}), Contains(("--" + name).c_str()), InputError);
}

}  // namespace

TEST_CASE("every option of every method and model: another value is set, and read back from config.toml") {
  for (const Options& chosen : methods_and_models()) {
    CAPTURE(chosen.at("method"));
    const auto before = settings(chosen);
    GivenOptions others;
    for (const p2rec::Section& section : before->sections()) {
      section.visit([&](const nn::Option& o, nn::Field field) {
        if (o.name == "method" || o.name == "model") return;
        const std::string other = std::visit(OtherValue{o}, field);
        const bool list = field.index() > 5;
        others[o.name] = {list ? p2rec::split_at_commas(other) : std::vector{other}, "--" + o.name};
      });
    }
    // Set without the checks of all options together, because not all these values fit each other.
    p2rec::set_options(before->sections(), others);
    const auto set = texts(before->sections());
    for (const auto& [name, given] : others) {
      const auto& shown = name;
      CAPTURE(shown);
      std::string expected;
      for (const std::string& value : given.values) expected += (expected.empty() ? "" : ",") + value;
      CHECK(set.at(name) == expected);
    }
    const testing::TemporaryFolder folder;
    const std::string toml = p2rec::to_toml(before->sections());
    nn::write_atomically(folder / "config.toml", toml);
    const auto after = settings(chosen);
    p2rec::set_options(after->sections(), p2rec::read_config(folder / "config.toml"));
    for (const auto& [name, text] : texts(after->sections())) {
      const auto& shown = name;
      CAPTURE(shown);
      // --resume and --overwrite are not written: reading a run's config.toml must not overwrite the run.
      if (of_the_call(name)) {
        CHECK(toml.find("\n" + name + " =") == std::string::npos);
      } else {
        CHECK(text == set.at(name));
      }
    }
    CHECK(p2rec::to_toml(after->sections()) == toml);
  }
}

TEST_CASE("config.toml of the defaults is read again, and says versions and threads") {
  const std::string toml = p2rec::to_toml(settings()->sections());
  CHECK(config_problem(toml) == "no error");
  for (const char* part : {"# p2rec 0.", "# matrix products: ", "# threads: ", "# compiler: "})
    CHECK(contains(toml, part));
}

TEST_CASE("every option has a unique name, and is in the help with its default") {
  const auto defaults = settings();
  std::set<std::string> shown;
  for (const p2rec::OptionHelp& help : p2rec::option_help(defaults->sections())) {
    CAPTURE(help.name);
    CHECK(shown.insert(help.name).second);
    CHECK_FALSE(help.text.empty());
    CHECK_FALSE(help.heading.empty());
    const std::string value = texts(defaults->sections()).at(help.name);
    if (help.value.empty() || value.empty()) continue;
    CHECK(contains(help.text, "default " + value));
  }
}

TEST_CASE("the teacher has the recommender's values unless its own are given") {
  auto all = texts(settings({{"hidden", "32"}, {"lr", "0.01"}, {"variant", "original"}})->sections());
  CHECK(all.at("teacher.hidden") == "32");
  CHECK(all.at("teacher.lr") == "0.01");
  CHECK(all.at("teacher.variant") == "original");
  all = texts(settings({{"hidden", "32"}, {"teacher.hidden", "16"}})->sections());
  CHECK(all.at("hidden") == "32");
  CHECK(all.at("teacher.hidden") == "16");
  // The teacher is always a SASRec. It takes the values that it has in common with another model.
  all = texts(settings({{"model", "gru4rec"}, {"hidden", "32"}, {"dropout", "0.4"}})->sections());
  CHECK(all.at("teacher.hidden") == "32");
  CHECK(all.at("teacher.dropout") == "0.4");
  CHECK(all.at("teacher.variant") == "prenorm");
  CHECK_FALSE(all.contains("inner"));
}

TEST_CASE("the options are those of the method and of the model") {
  CHECK(contains(message_of([] {
                   settings({{"mask-ratio", "0.5"}});
                 }),
                 "--mask-ratio: there is no such option here"));
  CHECK_NOTHROW(settings({{"model", "bert4rec"}, {"mask-ratio", "0.5"}}));
  CHECK(contains(message_of([] { settings({{"model", "gru4rec"}, {"inner", "8"}}); }), "--inner"));
  CHECK(contains(message_of([] {
                   settings({{"model", "gru"}});
                 }),
                 "--model: found 'gru'; expected one of sasrec"));
  CHECK(contains(message_of([] {
                   settings({{"method", "magic"}});
                 }),
                 "--method: found 'magic'; expected one of p2rec"));
  // Options in the file that the chosen model does not have are ignored,
  // but only if the file's model has them.
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "my.toml", "inner = 8\nhidden = 16\n");
  const auto other =
      p2rec::settings_of(p2rec::read_config(folder / "my.toml"), testing::given({{"model", "gru4rec"}}));
  CHECK(texts(other->sections()).at("hidden") == "16");
  CHECK(contains(config_problem("model = \"gru4rec\"\ninner = 8\n"),
                 "my.toml:2: inner: there is no such option"));
}

TEST_CASE("wrong values: the option, what was found, what was expected") {
  check_problem("groups", "1", "found '1'; expected an integer, at least 2");
  check_problem("groups", "abc", "found 'abc'; expected an integer");
  check_problem("groups", "20.5", "found '20.5'");
  check_problem("groups", "", "found nothing");
  check_problem("groups", "20x", "found '20x'");
  check_problem("groups", "99999999999999999999", "found '99999999999999999999'");
  check_problem("batch", "1000000001", "found '1000000001'");
  check_problem("lr", "0", "found '0'; expected a number, above 0");
  check_problem("lr", "-1", "found '-1'");
  check_problem("lr", "nan", "found 'nan'");
  check_problem("lr", "inf", "found 'inf'");
  check_problem("dropout", "1", "expected a number, at least 0 and below 1");
  check_problem("seeds", "0", "found '0'; expected an integer, at least 1");
  check_problem("seeds", "1,-2", "found '-2'");
  check_problem("seeds", "1,,2", "found nothing");
  check_problem("seeds", "", "found nothing");
  check_problem("seeds", "2,1,2", "found '2,1,2'; expected each value once");
  check_problem("starts", "p2rec,p2rec", "expected each value once");
  check_problem("cutoffs", "10,5,10", "expected each value once");
  check_problem(
      "starts", "random,fantasy",
      "found 'fantasy'; expected one of random, p2rec, p2rec_shuffled, llm_untuned, teacher, groups");
  check_problem("items-as", "words", "expected one of tokens, ids, titles, ids+titles");
  check_problem("loss", "mse", "expected one of ce, bce, gbce, sampled_softmax");
  check_problem("gbce-t", "1.5", "expected a number, 0 to 1");
  check_problem("quiet", "maybe", "expected true or false");
  check_problem("threads", "-1", "found '-1'");
  check_problem("out", "", "found nothing");
  check_problem("gruops", "3", "there is no such option here; did you mean --groups?");
}

TEST_CASE("options that do not fit together") {
  const auto check = [](const Options& options, const std::string& expected) {
    CAPTURE(expected);
    CHECK(contains(message_of([&] { settings(options); }), expected));
  };
  check({{"heads", "3"}}, "heads: found 3; expected a divisor of hidden, 64");
  check({{"cutoffs", "5,20"}}, "cutoffs: ");
  check({{"resume", "true"}, {"overwrite", "true"}}, "resume: found together with overwrite");
  check({{"variant", "plain"}},
        "--variant: found 'plain'; expected one of prenorm, original, recbole, s3rec");
  check({{"model", "bert4rec"}, {"variant", "original"}}, "expected one of recbole, plain");
  check({{"model", "bert4rec"}, {"max-length", "1"}}, "max_length: found 1");
  check({{"lazy-adam", "true"}, {"loss", "bce"}, {"model", "bert4rec"}}, "lazy-adam");
  check({{"lazy-adam", "true"}}, "lazy-adam");
  check({{"use", "concat"}, {"hidden", "1"}, {"heads", "1"}}, "hidden: found 1; expected at least 2");
  check({{"model", "gru4rec"},
         {"gru-hidden", "32"},
         {"loss", "bce"},
         {"negatives", "4"},
         {"lazy-adam", "true"}},
        "no error");
  check({{"model", "bert4rec"}, {"variant", "plain"}, {"mask-ratio", "0.3"}, {"use", "concat"}}, "no error");
  check({{"variant", "original"}, {"loss", "gbce"}, {"gbce-t", "0.5"}, {"negatives", "256"}}, "no error");
}

TEST_CASE("configuration files: errors name the file, the line and the option") {
  CHECK(config_problem("groups = 7 # seven\n\nseeds = [ 4,\n  5, # five\n]\ndata = 'a\\b#c'\nlr=1_0.5e-3\n"
                       "teacher.hidden = 32\n") == "no error");
  const auto check = [](const std::string& text, const std::string& expected) {
    const std::string problem = config_problem(text);
    CAPTURE(problem);
    CAPTURE(text);
    CHECK(contains(problem, "my.toml:"));
    CHECK(contains(problem, expected));
  };
  check("\nlr = 1e-3\ngruops = 3", ":3: gruops: there is no such option here; did you mean groups?");
  check("groups = 1", ":1: groups: found '1'; expected an integer, at least 2");
  check("groups = [1, 2]", ":1: groups: found a list of 2; expected one value");
  check("seeds = []", "found an empty list");
  check("groups = 1979-05-27", ":1: groups: expected a string, a number, true or false");
  check("seeds = [[1]]", ":1: seeds: expected a string, a number, true or false");
  check("[section]\ngroups = 3", ":2: section.groups: there is no such option");
  check("overwrite = true", "expected it on the command line");
  for (const char* text : {"seeds = [1, 2", "groups = 3\ngroups = 4", "groups 3", "groups = 3 4",
                           "groups =", "data = synthetic", "data = \"abc\nlr = 3", "data = \"a\\q\"",
                           "\x7f"
                           "ELF\1\2"})
    check(text, "hint: options are written as  groups = 20");
  CHECK_THROWS_WITH_AS(p2rec::read_config("no/such.toml"),
                       Contains("no/such.toml: there is no such configuration file"), InputError);
}

TEST_CASE("the nearest name") {
  const std::vector<std::string> names = p2rec::option_names(settings()->sections());
  CHECK(p2rec::did_you_mean("sft_lr", names) == "; did you mean sft-lr?");
  CHECK(p2rec::did_you_mean("startstd", names, "--") == "; did you mean --start-std?");
  // By meaning: names with the same words come first.
  CHECK(p2rec::did_you_mean("epochs", names) == "; did you mean max-epochs?");
  CHECK(p2rec::did_you_mean("batch-size", names) == "; did you mean batch?");
  CHECK(p2rec::did_you_mean("number-of-groups", names) == "; did you mean groups?");
  CHECK(p2rec::did_you_mean("seed", names) == "; did you mean seeds?");
  CHECK(p2rec::did_you_mean("teacher-epochs", names) == "; did you mean teacher.max-epochs?");
  CHECK(p2rec::did_you_mean("step-per-epochs", names) == "; did you mean steps-per-epoch?");
  CHECK(p2rec::did_you_mean("rate", {"a-b-rate", "learning-rate"}) == "; did you mean learning-rate?");
  CHECK(p2rec::did_you_mean("as", {"items-as", "a"}) == "; did you mean items-as?");
  CHECK(p2rec::did_you_mean("gruops", names) == "; did you mean groups?");
  CHECK(p2rec::did_you_mean("anything", {}) == "");
  CHECK(p2rec::did_you_mean("quux", names) == "");
  // By another program's name, even if a known name has nearly the same letters.
  CHECK(p2rec::did_you_mean("learning-rate", {"rate", "lr"}) == "; did you mean lr?");
  CHECK(p2rec::did_you_mean("dim", {"hidden", "llm"}) == "; did you mean hidden?");
  CHECK(p2rec::did_you_mean("topk", {"cutoffs", "out"}) == "; did you mean cutoffs?");
  CHECK(p2rec::did_you_mean("dim", {"llm"}) == "; did you mean llm?");
  CHECK(p2rec::did_you_mean("sft-batch", names) == "; did you mean sft-tokens?");
  // No guess if a third of the letters differ.
  CHECK(p2rec::did_you_mean("force", {"from"}) == "");
  CHECK(p2rec::did_you_mean("version", {"train", "run"}) == "");
}
