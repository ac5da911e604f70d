#include "p2rec/run/options.h"

#include <map>
#include <set>

#include "p2rec/run/toml.h"
#include "tests/testing.h"

using ag::InputError;
using doctest::Contains;
using p2rec::Options;
using p2rec::Stage;

namespace {

constexpr Stage kStages[] = {Stage::Pretrain, Stage::Groups, Stage::Reconstruct,
                             Stage::Augment,  Stage::Train,  Stage::Evaluate};

// Another value than the default, as text, for every option.
const std::map<std::string, std::string> kOther = {
    {"data", "a \"b\" #c,\\d'é"},
    {"llm", "x/y.gguf"},
    {"out", "some where"},
    {"from", "else/where"},
    {"seeds", "7,9007199254740991"},
    {"device", "cuda"},
    {"threads", "3"},
    {"memory-limit", "1.5"},
    {"save-every", "0"},
    {"resume", "true"},
    {"overwrite", "true"},
    {"quiet", "true"},
    {"model", "gru4rec"},
    {"variant", "recbole"},
    {"gru-hidden", "32"},
    {"mask-ratio", "0.15"},
    {"negatives", "256"},
    {"share-negatives", "true"},
    {"gbce-t", "0.5"},
    {"adam-beta2", "0.98"},
    {"lazy-adam", "true"},
    {"windows", "last"},
    {"steps-per-epoch", "100"},
    {"use", "concat"},
    {"own-output", "true"},
    {"max-length", "17"},
    {"hidden", "48"},
    {"inner", "99"},
    {"blocks", "3"},
    {"heads", "4"},
    {"dropout", "0.30000000000000004"},
    {"loss", "bce"},
    {"lr", "1e-05"},
    {"batch", "5"},
    {"max-epochs", "6"},
    {"patience", "0"},
    {"starts", "groups,random"},
    {"start-std", "3"},
    {"groups", "2"},
    {"normalize", "false"},
    {"items-as", "ids+titles"},
    {"history", "8"},
    {"lora-rank", "9"},
    {"lora-alpha", "0.1"},
    {"lora-dropout", "0.5"},
    {"sft-lr", "0.01"},
    {"sft-item-lr", "0.02"},
    {"sft-batch", "4"},
    {"sft-epochs", "2"},
    {"tiny-steps", "11"},
    {"popularity", "all"},
    {"ranking", "sampled"},
    {"negatives-ranked", "99"},
    {"ranking-seed", "0"},
    {"filter-history", "false"},
    {"cutoffs", "10,1"},
    {"evaluate-users", "10000"},
};

bool of_the_call(const std::string& name) { return name == "resume" || name == "overwrite"; }

// What reading a configuration file of this text throws; "" where nothing is wrong.
std::string config_problem(const std::string& text) {
  const testing::TemporaryFolder folder;
  nn::write_atomically(folder / "my.toml", text);
  Options options;
  try {
    p2rec::read_config(options, folder / "my.toml");
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

void check_problem(const std::string& name, const std::string& text, const std::string& expected) {
  Options options;
  CAPTURE(name);
  CHECK_THROWS_WITH_AS(p2rec::set_option(options, name, text), Contains(expected.c_str()), InputError);
  CHECK_THROWS_WITH_AS(p2rec::set_option(options, name, text), Contains(("--" + name).c_str()), InputError);
}

}  // namespace

TEST_CASE("every option: another value is set, and comes back out of config.toml exactly") {
  Options options;
  for (const std::string& name : p2rec::option_names()) {
    CAPTURE(name);
    const auto other = kOther.find(name);
    REQUIRE(other != kOther.end());
    CHECK(p2rec::option_text(options, name) != other->second);
    p2rec::set_option(options, name, other->second);
    CHECK(p2rec::option_text(options, name) == other->second);
  }
  const testing::TemporaryFolder folder;
  const std::string toml = p2rec::to_toml(options);
  nn::write_atomically(folder / "config.toml", toml);
  Options read;
  p2rec::read_config(read, folder / "config.toml");
  for (const std::string& name : p2rec::option_names()) {
    CAPTURE(name);
    // How the call treated the folder does not come back: reading a run's file must not overwrite it.
    if (of_the_call(name)) {
      CHECK(toml.find("\n" + name + " =") == std::string::npos);
    } else {
      CHECK(toml.find("\n" + name + " = ") != std::string::npos);
      CHECK(p2rec::option_text(read, name) == p2rec::option_text(options, name));
    }
  }
  CHECK(p2rec::to_toml(read) == toml);
}

TEST_CASE("config.toml of the defaults is read again, and says versions and threads") {
  const std::string toml = p2rec::to_toml(Options{});
  CHECK(config_problem(toml) == "");
  for (const char* part : {"# p2rec 0.", "# matrix products: ", "# threads in force: ", "# compiler: "}) {
    CHECK(toml.find(part) != std::string::npos);
  }
}

TEST_CASE("every option reaches the help") {
  std::set<std::string> shown;
  for (const p2rec::OptionHelp& help : p2rec::option_help()) {
    shown.insert(help.name);
    CAPTURE(help.name);
    CHECK_FALSE(help.text.empty());
    CHECK_FALSE(help.group.empty());
    if (help.value.empty() || p2rec::option_text(Options{}, help.name).empty()) continue;
    if (help.name == "starts") {
      for (const std::string& start : Options{}.starts) CHECK(help.text.find(start) != std::string::npos);
      continue;
    }
    CHECK(help.text.find("default " + p2rec::option_text(Options{}, help.name)) != std::string::npos);
  }
  const auto names = p2rec::option_names();
  CHECK(shown == std::set<std::string>(names.begin(), names.end()));
  CHECK(shown.size() == kOther.size());
}

TEST_CASE("an option changes the fingerprints of its stage and all later ones, and no earlier one") {
  // The first stage that depends on the option; those that are not here change no result.
  std::map<std::string, Stage> first = {{"model", Stage::Train},         {"gru-hidden", Stage::Train},
                                        {"mask-ratio", Stage::Train},    {"use", Stage::Train},
                                        {"popularity", Stage::Train},    {"starts", Stage::Train},
                                        {"start-std", Stage::Train},     {"groups", Stage::Groups},
                                        {"normalize", Stage::Groups},    {"items-as", Stage::Reconstruct},
                                        {"history", Stage::Reconstruct}, {"tiny-steps", Stage::Reconstruct}};
  for (const char* name :
       {"lora-rank", "lora-alpha", "lora-dropout", "sft-lr", "sft-item-lr", "sft-batch", "sft-epochs"})
    first[name] = Stage::Reconstruct;
  for (const char* name : {"seeds",           "max-length",    "hidden",    "inner",      "blocks",
                           "heads",           "dropout",       "loss",      "lr",         "batch",
                           "max-epochs",      "patience",      "variant",   "negatives",  "gbce-t",
                           "share-negatives", "adam-beta2",    "lazy-adam", "own-output", "windows",
                           "steps-per-epoch", "evaluate-users"})
    first[name] = Stage::Pretrain;
  for (const char* name : {"ranking", "negatives-ranked", "ranking-seed", "filter-history", "cutoffs"})
    first[name] = Stage::Evaluate;
  for (const auto& [name, value] : kOther) {
    Options options;
    p2rec::set_option(options, name, value);
    for (const Stage stage : kStages) {
      CAPTURE(name);
      CAPTURE(p2rec::name_of(stage));
      const bool differs = p2rec::fingerprint(options, stage) != p2rec::fingerprint(Options{}, stage);
      CHECK(differs == (first.contains(name) && stage >= first.at(name)));
    }
  }
}

TEST_CASE("seeds after the first one matter to the final training only") {
  Options options;
  options.seeds = {1, 5};
  CHECK(p2rec::fingerprint(options, Stage::Augment) == p2rec::fingerprint(Options{}, Stage::Augment));
  CHECK(p2rec::fingerprint(options, Stage::Augment).find("seed=1\n") != std::string::npos);
  CHECK(p2rec::fingerprint(options, Stage::Train).find("seeds=1,5\n") != std::string::npos);
}

TEST_CASE("the teacher's stages do not ask for another model's variant") {
  Options options;
  options.model = "bert4rec";
  options.variant = "plain";
  CHECK(p2rec::fingerprint(options, Stage::Augment) == p2rec::fingerprint(Options{}, Stage::Augment));
  CHECK(p2rec::fingerprint(options, Stage::Train).find("variant=plain\n") != std::string::npos);
  options = {};
  options.variant = "original";  // of a SASRec, and so of the teacher as well
  CHECK(p2rec::fingerprint(options, Stage::Augment).find("variant=original\n") != std::string::npos);
}

TEST_CASE("wrong values: the option, what was found, what was expected") {
  check_problem("groups", "1", "found '1'; expected a whole number, at least 2; hint: p2rec run --help");
  check_problem("groups", "abc", "found 'abc'; expected a whole number");
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
  check_problem("seeds", "0", "found '0'; expected a whole number, at least 1");
  check_problem("seeds", "1,-2", "found '-2'");
  check_problem("seeds", "1,,2", "found nothing");
  check_problem("seeds", "", "found nothing");
  check_problem(
      "starts", "random,fantasy",
      "found 'fantasy'; expected one of random, p2rec, p2rec_shuffled, llm_untuned, teacher, groups");
  check_problem("items-as", "words", "expected one of tokens, ids, titles, ids+titles");
  check_problem("loss", "mse", "expected one of ce, bce, gbce, sampled_softmax");
  check_problem("model", "gru", "expected one of sasrec, gru4rec, bert4rec");
  check_problem("mask-ratio", "1", "expected a number, above 0 and below 1");
  check_problem("gbce-t", "1.5", "expected a number, 0 to 1");
  check_problem("quiet", "maybe", "expected true or false");
  check_problem("threads", "-1", "found '-1'");
  check_problem("out", "", "found nothing");
  check_problem("gruops", "3", "there is no such option; did you mean --groups?");
}

TEST_CASE("options that do not fit together") {
  const auto check = [](const char* name, const char* text, const char* expected) {
    Options options;
    p2rec::set_option(options, name, text);
    CHECK_THROWS_WITH_AS(p2rec::check_options(options), Contains(expected), InputError);
  };
  check("heads", "3", "--heads: found 3; expected a divisor of --hidden, 64");
  check("seeds", "2,1,2", "--seeds: found '2,1,2'; expected each value once");
  check("starts", "p2rec,p2rec", "--starts: found 'p2rec,p2rec'");
  check("cutoffs", "10,5,10", "--cutoffs: found '10,5,10'; expected each value once");
  check("cutoffs", "5,20", "--cutoffs: found '5,20'; expected 10 among them");
  Options both;
  both.resume = both.overwrite = true;
  CHECK_THROWS_WITH_AS(p2rec::check_options(both), Contains("found together with --overwrite"), InputError);
  CHECK_NOTHROW(p2rec::check_options(Options{}));
}

TEST_CASE("options of the recommender that mean nothing together") {
  const auto check = [](const std::vector<std::pair<std::string, std::string>>& given,
                        const std::string& expected) {
    Options options;
    for (const auto& [name, text] : given) p2rec::set_option(options, name, text);
    CAPTURE(expected);
    if (expected.empty()) {
      CHECK_NOTHROW(p2rec::check_options(options));
    } else {
      CHECK_THROWS_WITH_AS(p2rec::check_options(options), Contains(expected.c_str()), InputError);
    }
  };
  check({{"variant", "plain"}},
        "--variant: found 'plain'; expected one of default, prenorm, original, recbole, s3rec for");
  check({{"model", "gru4rec"}, {"variant", "prenorm"}},
        "expected one of default for --model gru4rec");
  check({{"model", "bert4rec"}, {"variant", "original"}}, "expected one of default, recbole, plain for");
  check({{"model", "bert4rec"}, {"max-length", "1"}},
        "--max-length: found 1; expected at least 2 for bert4rec");
  check({{"gru-hidden", "32"}}, "--gru-hidden: found 32, which means nothing without --model gru4rec");
  check({{"mask-ratio", "0.5"}}, "--mask-ratio: found 0.5, which means nothing without --model bert4rec");
  check({{"negatives", "2"}}, "--negatives: found 2, which means nothing without a loss that samples");
  check({{"share-negatives", "true"}},
        "--share-negatives: found true, which means nothing without a loss that");
  check({{"gbce-t", "0.5"}, {"loss", "bce"}}, "--gbce-t: found 0.5, which means nothing without --loss gbce");
  check({{"use", "frozen"}, {"start-std", "1"}},
        "--start-std: found 1, which means nothing without --use start");
  check({{"lazy-adam", "true"}}, "--lazy-adam: found true, which means nothing without a loss that samples");
  check({{"lazy-adam", "true"}, {"loss", "bce"}, {"model", "bert4rec"}}, "without --model sasrec or gru4rec");
  check({{"lazy-adam", "true"}, {"loss", "bce"}, {"use", "frozen"}},
        "without a trainable item table: --use start");
  check({{"lazy-adam", "true"}, {"loss", "bce"}, {"own-output", "true"}},
        "which means nothing without one item table");
  check({{"own-output", "true"}, {"model", "bert4rec"}},
        "--own-output: found true, which means nothing without");
  check({{"use", "concat"}, {"hidden", "1"}, {"heads", "1"}},
        "--hidden: found 1; expected at least 2 for --use concat");
  check({{"model", "gru4rec"},
         {"gru-hidden", "32"},
         {"loss", "bce"},
         {"negatives", "4"},
         {"lazy-adam", "true"}},
        "");
  check({{"model", "bert4rec"}, {"variant", "plain"}, {"mask-ratio", "0.3"}, {"use", "concat"}}, "");
  check({{"variant", "original"}, {"loss", "gbce"}, {"gbce-t", "0.5"}, {"negatives", "256"}}, "");
}

TEST_CASE("configuration files: errors name the file, the line and the option") {
  CHECK(config_problem(
            "groups = 7 # seven\n\nseeds = [ 4,\n  5, # five\n]\ndata = 'a\\b#c'\nlr=1_0.5e-3\n") == "");
  const auto check = [](const std::string& text, const std::string& expected) {
    const std::string problem = config_problem(text);
    CAPTURE(problem);
    CHECK(problem.find("my.toml:") != std::string::npos);
    CHECK(problem.find(expected) != std::string::npos);
  };
  check("\nlr = 1e-3\ngruops = 3", ":3: gruops: there is no such option; did you mean groups?");
  check("groups = 1", ":1: groups: found '1'; expected a whole number, at least 2");
  check("groups = [1, 2]", ":1: groups: found a list of 2; expected one value");
  check("seeds = []", "found an empty list");
  check("seeds = [1, 2", "found the end of the file; expected ',' or ']'");
  check("groups = 3\ngroups = 4", ":2: groups: found a second time");
  check("groups 3", "found '3'; expected '=' after the name");
  check("groups = 3 4", "found '4'; expected the end of the line");
  check("groups =", "found the end of the file; expected a value");
  check("data = synthetic", "found 'synthetic'; expected a value");
  check("data = \"abc\nlr = 3", ":1: found the end of the line; expected the closing \"");
  check("data = \"a\\q\"", "expected an escape that TOML knows");
  check("data = \"\\uD800\"", "expected the number of a character");
  check("[section]\ngroups = 3", ":1: found '[section]'; expected the name of an option");
  check("overwrite = true", "expected it on the command line");
  check(std::string("\x7f"
                    "ELF\0\1\2",
                    7),
        ":1: found '?ELF");
  Options options;
  CHECK_THROWS_WITH_AS(p2rec::read_config(options, "no/such.toml"),
                       Contains("no/such.toml: there is no such configuration file"), InputError);
}

TEST_CASE("TOML strings come back as they were, whatever bytes they hold") {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const auto entries =
      p2rec::parse_toml("x = " + p2rec::toml_string(all) + "\ny = \"\\u00e9\\u20ac\\U0001F600\"", "f");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].values.at(0) == all);
  CHECK(entries[1].values.at(0) == "é€😀");
}

TEST_CASE("the nearest name") {
  CHECK(p2rec::did_you_mean("sft_lr", p2rec::option_names()) == "; did you mean sft-lr?");
  CHECK(p2rec::did_you_mean("startstd", p2rec::option_names(), "--") == "; did you mean --start-std?");
  CHECK(p2rec::did_you_mean("quux", p2rec::option_names()) == "");
}
