// The program with possible mistakes of a user: the exit code, and the message, which is one line and names
// the option or the file. No test here needs a run of the method.
#include <sstream>

#include "models/formats/gguf_writer.h"
#include "models/formats/language_model.h"
#include "models/formats/tiny_file.h"
#include "models/llama/generation.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/methods/registry.h"
#include "p2rec/methods/settings.h"
#include "tests/folders.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"
#include "tests/paths.h"
#include "tests/testing.h"

using testing::contains;
using testing::Shell;
using Result = testing::ProgramResult;

namespace {

std::string slurp(const nn::Path& path) { return nn::read_file(path, "output"); }

// Checks exit code 2, no standard output, and one line on standard error with all these parts.
void check_mistake(const Shell& shell, const std::string& arguments, const std::vector<std::string>& parts) {
  const Result result = shell(arguments);
  CAPTURE(arguments);
  CAPTURE(result.err);
  CHECK(result.code == 2);
  CHECK(result.out == "");
  CHECK(result.err.starts_with("p2rec: error: "));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(contains(result.err, part));
  }
}

std::string fixture_path(const std::string& name) { return fixtures() + "/" + name; }

void write_byte_model(const nn::Path& path) {
  models::LlamaConfig config;
  config.vocabulary = models::ByteTokenizer().vocabulary();
  config.hidden = config.intermediate = 8;
  config.layers = 1;
  config.heads = config.kv_heads = 2;
  config.context = 16;
  models::Llama model(config);
  models::initialise(model, 0.5, 1);
  models::write_tiny_llm(path, model);
}

}  // namespace

TEST_CASE("--version, --help, and no command") {
  const Shell shell;
  Result result = shell("--version");
  CHECK(result.code == 0);
  CHECK(result.out == "p2rec " P2REC_VERSION "\n");
  result = shell("");
  CHECK(result.code == 2);
  CHECK(contains(result.err, "Usage: p2rec"));
  CHECK(shell("--help").code == 0);
  CHECK(shell("--help").out == result.err);
  CHECK(shell("llm").code == 2);
}

TEST_CASE("help is also a command") {
  const Shell shell;
  CHECK(shell("help").out == shell("--help").out);
  CHECK(shell("help train").out == shell("train --help").out);
  CHECK(shell("help train --model gru4rec").out == shell("train --model gru4rec --help").out);
  CHECK(shell("help llm merge").out == shell("llm merge --help").out);
  CHECK(shell("help train").code == 0);
  check_mistake(shell, "help trian", {"'trian': there is no such command; did you mean train?"});
  check_mistake(shell, "trian --help", {"'trian': there is no such command; did you mean train?"});
  CHECK(shell("train --anything 3 --help").code == 0);
}

TEST_CASE("methods: each with its paper, stages, cost, what is faithful and what is ours, in 80 columns") {
  const Shell shell;
  const Result result = shell("methods");
  CHECK(result.code == 0);
  for (const p2rec::Method& method : p2rec::methods())
    CHECK(contains(result.out, method.name + std::string(" (") + method.paper + ")\n"));
  CHECK(contains(result.out, "  stages    tiny_llm, teach, answer\n"));
  CHECK(contains(result.out, "  needs     interactions and a language model\n"));
  CHECK(contains(result.out, "  faithful  from the base in each round"));
  CHECK(contains(result.out, "  ours      shorter prompts, LoRA"));
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("the help of every command fits 80 columns; that of a stage explains every option") {
  const Shell shell;
  for (const char* command :
       {"",         "run",          "pretrain",   "groups",    "reconstruct",  "augment",   "train",
        "evaluate", "recommend",    "results",    "report",    "stats",        "compare",   "convert",
        "llm",      "llm tokenize", "llm logits", "llm embed", "llm generate", "llm merge", "methods",
        "teach",    "answer",       "invent",     "annotate"}) {
    CAPTURE(command);
    const Result result = shell(std::string(command) + " --help");
    CHECK(result.code == 0);
    CHECK(result.err == "");
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  }
  for (const char* command :
       {"run", "pretrain", "groups", "tiny_llm", "reconstruct", "augment", "train", "evaluate"}) {
    const std::string help = shell(std::string(command) + " --help").out;
    for (const p2rec::OptionHelp& option : p2rec::option_help(p2rec::settings_of({})->sections()))
      CHECK(contains(help, "\n  --" + option.name));
  }
}

TEST_CASE("wrong options") {
  const Shell shell;
  check_mistake(shell, "walk", {"'walk'", "no such command", "hint: p2rec --help"});
  check_mistake(shell, "evalute", {"did you mean evaluate?"});
  check_mistake(shell, "llm tokenise", {"did you mean tokenize?", "hint: p2rec llm --help"});
  check_mistake(shell, "run --out o --gruops 3",
                {"--gruops", "did you mean --groups?", "hint: p2rec run --help"});
  // The nearest option by meaning; the hint names the command.
  check_mistake(shell, "train --out o --epochs 3", {"did you mean --max-epochs?; hint: p2rec train --help"});
  check_mistake(shell, "run --out o --clusters 3", {"there is no such option; did you mean --groups?"});
  check_mistake(shell, "stats --input d.csv", {"there is no such option; did you mean --data?"});
  check_mistake(shell, "recommend --out o --history 1,2", {"did you mean --items?"});
  check_mistake(shell, "eval --out o", {"did you mean evaluate?"});
  check_mistake(shell, "version", {"'version': there is no such command; hint: p2rec --help"});
  check_mistake(shell, "train --out o --lr 0", {"--lr: found '0'", "hint: p2rec train --help"});
  check_mistake(shell, "evaluate --out o --heads 3", {"heads: found 3", "hint: p2rec evaluate --help"});
  check_mistake(shell, "groups --out o --mask-ratio 0.1", {"--mask-ratio", "hint: p2rec groups --help"});
  check_mistake(shell, "llm tokenize --text a --llm tiny --threads many",
                {"hint: p2rec llm tokenize --help"});
  check_mistake(shell, "run --out o --gruops=3", {"--gruops: ", "did you mean --groups?"});
  check_mistake(shell, "run", {"--out: not given; expected a folder"});
  check_mistake(shell, "run --out", {"--out: found no value; expected one; hint: p2rec run --help"});
  check_mistake(shell, "run --out o --groups=", {"--groups: found no value"});
  check_mistake(shell, "run --out --quiet", {"--out: found '--quiet'; expected a value, not another option"});
  check_mistake(shell, "recommend --out o --top 1 --top 2",
                {"--top: found more than once; expected it once; hint: p2rec recommend --help"});
  check_mistake(shell, "run --out o --groups 1", {"--groups: found '1'; expected an integer, at least 2"});
  check_mistake(shell, "run --out o --groups -3", {"--groups: found '-3'"});
  check_mistake(shell, "run --out o --groups many", {"--groups: found 'many'"});
  check_mistake(shell, "run --out o --groups 3 --groups 4", {"--groups: found more than once"});
  check_mistake(shell, "run --out o --seeds 1 2", {"'2': unexpected argument; lists are comma-separated"});
  check_mistake(shell, "run --out o --seeds 1,1", {"--seeds: found '1,1'; expected each value once"});
  check_mistake(shell, "run --out o --heads 3", {"heads: found 3; expected a divisor of hidden"});
  check_mistake(shell, "run --out o --starts random,best",
                {"--starts: found 'best'; expected one of random"});
  check_mistake(shell, "run --out o --resume --overwrite", {"resume: found together with overwrite"});
  check_mistake(shell, "run --out o --lr 0", {"--lr: found '0'"});
  check_mistake(shell, "run --out o --data ''", {"--data: found nothing"});
  check_mistake(shell, "run --out o extra", {"'extra'"});
  check_mistake(shell, "extra run --out o", {"'extra'", "no such command"});
  check_mistake(shell, "run --out o -- extra", {"'extra'"});
  check_mistake(shell, "recommend --user 1", {"--out: not given"});
  check_mistake(shell, "recommend --out o", {"--user, --users, --item, --items: found none; expected one"});
  check_mistake(shell, "recommend --out o --user 1 --items 2", {"found --user and --items"});
  check_mistake(shell, "recommend --out o --users all --item 2", {"found --users and --item"});
  check_mistake(shell, "recommend --out o --users no.txt",
                {"--users: there is no file 'no.txt'", "one id per line, or all; hint: --user ID"});
  check_mistake(shell, "recommend --out o --user 1 --format xml",
                {"--format: found 'xml'; expected table, tsv or json; hint: p2rec recommend --help"});
  check_mistake(shell, "compare", {"compare: found 0 runs; expected two or more", "p2rec compare --help"});
  check_mistake(shell, "compare o", {"compare: found 1 run; expected two or more"});
  check_mistake(shell, "compare o o", {"compare: found 1 run; expected two or more different ones"});
  check_mistake(shell, "compare o p",
                {"error: o is not a folder; expected the folder of a run; hint: p2rec run makes one"});
  check_mistake(shell, "compare o p --baselin o/random",
                {"--baselin: there is no such option; did you mean --baseline?"});
  check_mistake(shell, "recommend --out o --user 1 --top 0", {"--top: found 0"});
  check_mistake(shell, "recommend --out o --user 1 --top x",
                {"--top: found 'x'; expected an integer; hint: p2rec recommend --help"});
  check_mistake(shell, "recommend --out o --user 1 --top 1.5", {"--top: found '1.5'"});
  check_mistake(shell, "recommend --out o --user 1 --top 99999999999999999999", {"--top: found '9999"});
  check_mistake(shell, "recommend --out o --user 1 --seed -1",
                {"--seed: found '-1'; expected an integer, at least 0"});
  check_mistake(shell, "recommend --out o --user 1",
                {"error: o is not a folder; expected the folder of a run; hint: p2rec run makes one"});
  check_mistake(shell, "report", {"--out: not given"});
  check_mistake(shell, "results", {"--out: not given; expected the folder of a run"});
  check_mistake(shell, "results --out o",
                {"error: o is not a folder; expected the folder of a run; hint: p2rec run makes one"});
  check_mistake(shell, "llm merge --out o", {"--llm: not given"});
  check_mistake(shell, "llm merge --llm model.gguf", {"--out: not given; expected a folder to write"});
  check_mistake(shell, "report --out o",
                {"error: o is not a folder; expected the folder of a run; hint: p2rec run makes one"});
  CHECK_FALSE(shell.has("o"));
}

TEST_CASE("a device that does not exist") {
  if (ag::is_available(ag::Device::CUDA)) return;
  const Shell shell;
  check_mistake(shell, "run --device cuda --out new",
                {"--device: found cuda, but no CUDA device can be used", "the CUDA Toolkit"});
  CHECK_FALSE(shell.has("new"));
  check_mistake(shell, "run --device gpu --out new", {"--device: found 'gpu'; expected one of cpu, cuda"});
}

TEST_CASE("a command that is refused before it writes makes no folder") {
  const Shell shell;
  std::filesystem::create_directory(shell / "mine");
  for (const std::string mistake :
       {"--data nothing", "--llm nothing", "--groups 10000", "--memory-limit 0.001"}) {
    for (const std::string out : {"o", "o/", "o/p/q", "mine", "mine/o"})
      check_mistake(shell, "run --quiet --out " + out + " " + mistake, {});
  }
  CHECK_FALSE(shell.has("o"));
  CHECK(shell.has("mine"));
  CHECK_FALSE(shell.has("mine/o"));
}

TEST_CASE("a folder whose path, or a parent's path, is a file") {
  const Shell shell;
  shell.write("taken", "important");
  for (const std::string command : {"run", "train --starts random", "evaluate"}) {
    check_mistake(shell, command + " --quiet --out taken",
                  {"taken: the folder cannot be made: taken is not a folder"});
    check_mistake(shell, command + " --quiet --out taken/a/b",
                  {"taken/a/b: the folder cannot be made: taken is not a folder"});
  }
  check_mistake(shell, "recommend --user 1 --out taken", {"error: taken is not a folder"});
  check_mistake(shell, "report --out taken", {"error: taken is not a folder"});
  CHECK(slurp(shell / "taken") == "important");
}

TEST_CASE("recommend: missing parts of a run") {
  const Shell shell;
  testing::write_data(testing::small_data(), shell.path());
  testing::Options o = testing::small_options();
  o["starts"] = "random,groups";
  std::filesystem::create_directory(shell / "out");
  shell.write("out/config.toml", testing::to_toml(o));
  const std::string recommend = "recommend --out out ";
  check_mistake(shell, recommend + "--user nobody", {"users: there is no user 'nobody'"});
  check_mistake(shell, recommend + "--items 1,nothing", {"items: there is no item 'nothing'"});
  check_mistake(shell, recommend + "--items ''", {"items"});
  check_mistake(shell, recommend + "--user 1 --start p2rec",
                {"start: found 'p2rec'; expected one that this run has trained: random, groups"});
  check_mistake(shell, recommend + "--user 1 --seed 3",
                {"seed: found '3'; expected one that this run has trained: 1, 2"});
  check_mistake(shell, recommend + "--user 1 --start groups --seed 2",
                {"out/recommender-groups-2.safetensors: this recommender has not been trained yet; hint: "
                 "p2rec run --config out/config.toml --resume"});
  std::filesystem::remove(shell / "out/config.toml");
  check_mistake(shell, recommend + "--user 1", {"out/config.toml: there is no such configuration file"});
}

TEST_CASE("curves: the validation of each trained recommender, as the log has it") {
  const Shell shell;
  std::filesystem::create_directory(shell / "out");
  shell.write("out/config.toml", testing::to_toml(testing::small_options()));
  const std::string head = "start\tseed\tepoch\tvalidation_ndcg@10\n";
  const Result none = shell("curves --out out");
  CHECK(none.code == 0);
  CHECK(none.out == head);
  shell.write("out/log.jsonl",
              "{\"task\": \"pretrain\", \"step\": 7, \"epoch\": 1, \"validation_ndcg@10\": 0.5}\n"
              "{\"task\": \"train/random-1\", \"step\": 6, \"loss\": 3.5}\n"
              "{\"task\": \"train/random-1\", \"step\": 7, \"epoch\": 1, \"validation_ndcg@10\": 0.0875}\n"
              "{\"task\": \"train/random-1\", \"step\": 15, \"epoch\": 2, \"validation_ndcg@10\": 0.09}\n"
              "{\"task\": \"train/p2rec_shuffled-12\", \"step\": 7, \"epoch\": 1, "
              "\"validation_ndcg@10\": 1.25e-05}\n");
  CHECK(shell("curves --out out").out ==
        head + "random\t1\t1\t0.0875\nrandom\t1\t2\t0.09\np2rec_shuffled\t12\t1\t1.25e-05\n");
  shell.write("out/log.jsonl", "{\"task\": \"train/random-1\", \"step\": 7, \"validation_ndcg@10\": 0.5}\n");
  check_mistake(shell, "curves --out out", {"out/log.jsonl: found the line {\"task\": \"train/random-1\""});
  check_mistake(shell, "curves", {"--out: not given; expected the folder of a run"});
  check_mistake(shell, "curves --out nothing", {"nothing"});
}

TEST_CASE("configuration files") {
  const Shell shell;
  check_mistake(shell, "run --out o --config no.toml", {"no.toml: there is no such configuration file"});
  check_mistake(shell, "run --out o --config .", {".: expected a configuration file but this is a folder"});
  shell.write("my.toml", "groups = 30\nsed = [1]\n");
  check_mistake(shell, "run --out o --config my.toml",
                {"my.toml:2: sed: there is no such option here; did you mean seeds?"});
  shell.write("my.toml", "groups = 1\n");
  check_mistake(shell, "run --out o --config my.toml", {"my.toml:1: groups: found '1'"});
  shell.write("my.toml", std::string("\0\1\2garbage\xff", 11));
  check_mistake(shell, "run --out o --config my.toml", {"my.toml:1: "});
  // In the form of Windows' editors.
  shell.write("my.toml", "\xEF\xBB\xBFgroups = 30\r\nsed = [1]\r\n");
  check_mistake(shell, "run --out o --config my.toml", {"my.toml:2: sed: there is no such option"});
  // The command line overrides the file: the file's heads are valid, the command line's are not.
  shell.write("my.toml", "heads = 4\n");
  check_mistake(shell, "run --out o --config my.toml --heads 3", {"heads: found 3"});
  // With valid heads on the command line, only the data are wrong, which the file names.
  shell.write("my.toml", "heads = 3\ndata = \"no/data\"\n");
  check_mistake(shell, "run --out o --config my.toml --heads 2", {"no/data"});
  shell.write("my.toml", "llm = \"no/llm\"\n");
  check_mistake(shell, "run --out o --quiet --config my.toml",
                {"no/llm: there is no such language model; expected a GGUF file or a Hugging Face folder"});
}

TEST_CASE("interactions that cannot be read") {
  const Shell shell;
  check_mistake(shell, "stats --data nothing.inter", {"nothing.inter"});
  shell.write("empty.inter", "");
  check_mistake(shell, "stats --data empty.inter", {"empty.inter"});
  shell.write("cut.inter", "user_id:token\titem_id:token\n1\t2\n3\n");
  check_mistake(shell, "stats --data cut.inter", {"cut.inter"});
  shell.write("binary.inter", std::string("\x7f"
                                          "ELF\0\0\1",
                                          7));
  check_mistake(shell, "stats --data binary.inter", {"binary.inter"});
}

TEST_CASE("stats") {
  const Shell shell;
  shell.write("pairs.txt", "1 2\n1 3\n2 3\n");
  Result result = shell("stats --data pairs.txt");
  CHECK(result.code == 0);
  CHECK(contains(result.out, "2"));
  CHECK(result.err == "");
  result = shell("stats --data synthetic");
  CHECK(result.code == 0);
  CHECK(contains(result.out, "600"));
}

TEST_CASE("convert writes the data that stats reports, and they are read as the same") {
  const Shell shell;
  shell.write(
      "r.csv",
      "userId,movieId,rating,timestamp\n1,2,5,30\n1,3,4,20\n1,4,2,10\n1,5,4,40\n2,3,5,15\n2,2,1,25\n");
  const Result first = shell("stats --data r.csv --min-rating 4 --k-core 1");
  CHECK(first.code == 0);
  for (const char* line : {"data          r.csv\n", "format        CSV with a header\n",
                           "filter        min-rating 4: interactions 6 -> 4, users 2 -> 2, items 4 -> 3\n",
                           "order         by time, equal times in the file's order\n",
                           "split         leave-one-out; users with targets: 1\n", "titles        none\n",
                           "counts        users 2, items 3, interactions 4\n"}) {
    CAPTURE(first.out);
    CHECK(contains(first.out, line));
  }
  const Result made = shell("convert --data r.csv --min-rating 4 --out made");
  CHECK(made.code == 0);
  CHECK(contains(made.err, "min-rating 4"));
  CHECK(made.out == "made: written as RecBole atomic files\n");
  CHECK(shell.has("made/made.inter"));
  const Result again = shell("stats --data made");
  CHECK(again.out.substr(again.out.find("counts")) == first.out.substr(first.out.find("counts")));
  check_mistake(shell, "convert --data r.csv --out made", {"made", "is there already"});
  check_mistake(shell, "convert --data r.csv", {"--out"});
  check_mistake(shell, "stats --data r.csv --split temporal --test-cut 0.1", {"validation-cut", "test-cut"});
}

TEST_CASE("a plain recommender: train in an empty folder, then evaluate with the folder's options") {
  const Shell shell;
  testing::write_data(testing::small_data(), shell.path());
  const std::string small =
      "--hidden 8 --inner 8 --max-length 8 --max-epochs 2 --seeds 1 --threads 1 --quiet ";
  Result result = shell("train --model sasrec --starts random --data data.txt --out D " + small);
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  check_mistake(shell, "results --out D", {"D: has no results", "p2rec evaluate --out D"});
  result = shell("evaluate --out D");
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  CHECK(contains(result.out, "random"));
  const std::string again = shell("results --out D").out;
  CHECK(again.starts_with(result.out));
  CHECK(contains(
      again,
      "users, rare: the target is in the half of the items with the fewest training interactions\nstart"));
  const std::string curves = shell("curves --out D").out;
  CHECK(std::count(curves.begin(), curves.end(), '\n') == 3);  // the header and two epochs
  for (const char* file : {"D/results.json", "D/ranks.tsv", "D/report.html"}) CHECK(shell.has(file));
  check_mistake(shell, "evaluate --out D --lr 0.5 --resume",
                {"the stage 'train' was run with lr=0.001, now lr=0.5"});
  CHECK(shell("evaluate --out D --ranking sampled --negatives-ranked 5 --overwrite").code == 0);
  result = shell("recommend --out D --top 3 --user " + testing::small_data().user_ids[0]);
  CHECK(result.code == 0);
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 3);

  const std::vector<std::string> users = testing::small_data().user_ids;
  shell.write("users.txt", users[3] + "\r\n\n" + users[1] + "\n");
  CHECK(shell("recommend --out D --top 2 --format tsv --users users.txt").out ==
        shell("recommend --out D --top 2 --format tsv --user " + users[3] + " --user " + users[1]).out);
  result = shell("recommend --out D --top 1 --format json --users all");
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == std::ssize(users));
  CHECK(shell("recommend --out D --item 1 --item 2").out == shell("recommend --out D --items 1,2").out);

  result = shell("train --model popularity --popularity all --data data.txt --out P --quiet");
  CHECK(result.code == 0);
  result = shell("evaluate --out P");
  CHECK(result.code == 0);
  CHECK(contains(result.out, "popularity"));
  check_mistake(shell, "compare D P", {"P: ranking: found full; expected sampled as in D"});
  CHECK(shell("evaluate --out D --ranking full --overwrite").code == 0);
  result = shell("compare D/ ./P");
  CHECK(result.code == 0);
  CHECK(contains(result.out, "60 users in all runs, of: D 60, P 60\nrun/start"));
  CHECK(contains(result.out, "\nP/popularity "));
  CHECK(contains(result.out, "no verdict: D/random, seed 1: stopped at epoch"));
  result = shell("train --model popularity --data data.txt --k-core 2 --out R");
  CHECK(result.code == 0);
  CHECK(result.err.starts_with("data          data.txt\nformat        one line per user"));
  CHECK(contains(result.err, "filter        k-core 2: interactions "));
  CHECK(contains(nn::read_file(shell / "R/config.toml", "configuration"), "\nk-core = 2\n"));
  CHECK(contains(nn::read_file(shell / "R/config.toml", "configuration"), "\nmin-rating = -inf\n"));
  CHECK(shell("evaluate --out R").code == 0);
  check_mistake(shell, "train --data data.txt --hidden 16 --out Q --quiet",
                {"the stage 'pretrain' has not been run here; hint: p2rec pretrain"});
  check_mistake(shell, "evaluate --out nothing", {"the stage 'train' has not been run here"});
}

TEST_CASE("language models that cannot be read") {
  const Shell shell;
  for (const std::string command :
       {"logits --out x.safetensors", "embed --out x.safetensors", "generate", "tokenize"}) {
    const auto check = [&](const std::string& file, const std::string& content) {
      shell.write(file, content);
      check_mistake(shell, "llm " + command + " --text a --llm " + file, {file + ": "});
    };
    const std::string whole = slurp(fixture_path("llama_tied.gguf"));
    check("empty.gguf", "");
    check("text.gguf", "hello, world\n");
    check("cut.gguf", whole.substr(0, 1000));
    if (command != "tokenize") check("cut.gguf", whole.substr(0, whole.size() - 1000));
    // A small file that declares a tensor of four terabytes.
    models::GgufBytes huge;
    huge.header(1, 0).info("w", {uint64_t{1} << 40}, 0, 0).pad();
    check("huge.gguf", huge.out);
    check("empty.safetensors", "");
    check("cut.safetensors", slurp(fixture_path("llama_tiny.safetensors")).substr(0, 5000));
    check("other.safetensors", slurp(fixture_path("schedule.safetensors")));
    for (const std::string none : {"none.gguf", "none.safetensors", "none"}) {
      check_mistake(
          shell, "llm " + command + " --text a --llm " + none,
          {none + ": there is no such language model; expected a GGUF file or a Hugging Face folder"});
    }
    check_mistake(shell, "llm " + command + " --text a", {"--llm: not given"});
    check_mistake(shell, "llm " + command + " --llm tiny", {"--text: not given"});
  }
  CHECK_FALSE(shell.has("x.safetensors"));
}

TEST_CASE("llm commands: required options") {
  const Shell shell;
  write_byte_model(shell / "tiny_llm.safetensors");
  const std::string llm = " --llm tiny_llm.safetensors ";
  check_mistake(shell, "llm logits --text a" + llm, {"--out: not given"});
  check_mistake(shell, "llm embed --text a" + llm, {"--out: not given"});
  check_mistake(shell, "llm logits --out x.safetensors --text ''" + llm, {"--text: found no token"});
  check_mistake(shell, "llm embed --out x.safetensors --text ''" + llm, {"--text: found no token"});
  check_mistake(shell, "llm generate --text ''" + llm, {"--text: found no token"});
  check_mistake(shell, "llm generate --text a --tokens 16" + llm, {"--text: found 17 tokens", "at most 16"});
  check_mistake(shell, "llm generate --text a --tokens 0" + llm, {"--tokens: found 0"});
  check_mistake(shell, "llm generate --text a --llm tiny", {"--llm: found 'tiny'"});
  const std::string generate = "llm generate --tokens 2 --text a" + llm;
  check_mistake(shell, generate + "--temperature -0.5", {"--temperature: found -0.5"});
  check_mistake(shell, generate + "--temperature nan", {"--temperature: found nan"});
  check_mistake(shell, generate + "--temperature inf", {"--temperature: found inf"});
  check_mistake(shell, generate + "--temperature warm", {"--temperature: found 'warm'; expected a number"});
  check_mistake(shell, generate + "--temperature 1 --top-k -1", {"--top-k: found -1"});
  check_mistake(shell, generate + "--temperature 1 --top-k 1.5", {"--top-k: found '1.5'"});
  check_mistake(shell, generate + "--temperature 1 --top-p 0", {"--top-p: found 0"});
  check_mistake(shell, generate + "--temperature 1 --top-p 1.5", {"--top-p: found 1.5"});
  check_mistake(shell, generate + "--temperature 1 --seed -1",
                {"--seed: found '-1'; expected an integer, at least 0; hint: p2rec llm generate --help"});
  check_mistake(shell, generate + "--top-k 5", {"--top-k: found without --temperature"});
  check_mistake(shell, generate + "--top-p 0.9", {"--top-p: found without --temperature"});
  check_mistake(shell, "llm logits --out x.safetensors --text a --temperature 1" + llm,
                {"--temperature: there is no such option"});
  check_mistake(shell, "llm embed --out x.safetensors --text a --adapter nowhere" + llm,
                {"nowhere: there is no such adapter"});
  check_mistake(shell, "llm tokenize --text a --out x" + llm, {"--out: there is no such option"});
  check_mistake(shell, "llm tokenize --text a --threads -1" + llm, {"--threads: found '-1'"});
  CHECK_FALSE(shell.has("x.safetensors"));
  // If the folder does not exist, writing fails; this is not a mistake in an option.
  const Result result = shell("llm embed --out no/x.safetensors --text a" + llm);
  CHECK(result.code == 1);
  CHECK(result.err.starts_with("p2rec: error: no/x.safetensors: cannot be created"));
}

TEST_CASE("llm tokenize") {
  const Shell shell;
  CHECK(shell("llm tokenize --llm tiny --text 'AB<|endoftext|>'").out == "65 66 256\n");
  CHECK(shell("llm tokenize --llm tiny --text ''").out == "\n");
  CHECK(shell("llm tokenize --llm tiny --text -", "A\n").out == "65 10\n");
  CHECK(shell("llm tokenize --llm tiny --text '[1, 2]'").out == "91 49 44 32 50 93\n");
  CHECK(shell("llm tokenize --llm tiny --text --out").out == "45 45 111 117 116\n");
  CHECK(shell("llm tokenize --llm '" + fixture_path("llama_tied.gguf") + "' --text 'the'").out == "94 68\n");
}

TEST_CASE("llm commands put the file's special tokens around a text, unless told not to") {
  const Shell shell;
  const testing::FolderCopy model(testing::family_path("llama3"));
  model.edit("tokenizer.json", [](nlohmann::json& t) {
    const nlohmann::json begin = {{"SpecialToken", {{"id", "<x>"}, {"type_id", 0}}}},
                         text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
    t["post_processor"] = {{"type", "TemplateProcessing"},
                           {"single", {begin, text}},
                           {"special_tokens", {{"<x>", {{"id", "<x>"}, {"ids", {7}}}}}}};
  });
  const std::string options = " --text the --llm '" + model.path().string() + "' ";
  const std::string bare = shell("llm tokenize --no-special-tokens" + options).out;
  CHECK(shell("llm tokenize" + options).out == "7 " + bare);
  const auto tokens = [&](const std::string& option) {
    CHECK(shell("llm logits --threads 1 --out l.safetensors" + option + options).code == 0);
    return nn::read_safetensors(shell / "l.safetensors").at("ids").numel();
  };
  CHECK(tokens("") == tokens(" --no-special-tokens") + 1);
  CHECK(shell("llm embed --threads 1 --out a.safetensors" + options).code == 0);
  CHECK(shell("llm embed --threads 1 --out b.safetensors --no-special-tokens" + options).code == 0);
  CHECK(nn::read_safetensors(shell / "a.safetensors").at("hidden").values() !=
        nn::read_safetensors(shell / "b.safetensors").at("hidden").values());
}

TEST_CASE("llm tokenize with a file of texts: a JSON string on each line") {
  const Shell shell;
  shell.write("texts", "\"A\\n\"\n\"\"\n\"\\u00e9\"");
  CHECK(shell("llm tokenize --llm tiny --text-file texts").out == "65 10\n\n195 169\n");
  check_mistake(shell, "llm tokenize --llm tiny --text-file texts --text a",
                {"--text, --text-file: found both"});
  check_mistake(shell, "llm tokenize --llm tiny --text-file none",
                {"none: there is no such file of JSON strings"});
  for (const char* line : {"A", "1", "[\"A\"]", "\"A", "", "\"\xFF\"", "\"\\ud800\""}) {
    shell.write("texts", "\"A\"\n" + std::string(line) + "\n");
    check_mistake(shell, "llm tokenize --llm tiny --text-file texts", {"texts: line 2 is not a JSON string"});
  }
}

TEST_CASE("llm logits, embed and generate agree with the library") {
  const Shell shell;
  write_byte_model(shell / "tiny_llm.safetensors");
  const models::LanguageModel llm = models::load_language_model(shell / "tiny_llm.safetensors");
  const std::vector<int32_t> ids = llm.tokenizer->encode("abc");
  const ag::NoGrad no_grad;
  const ag::Tensor h = llm.model->hidden_states(nn::pack({ids}));
  const std::string options = " --threads 1 --text abc --llm tiny_llm.safetensors ";

  CHECK(shell("llm logits --out l.safetensors" + options).code == 0);
  const nn::TensorFile logits = nn::read_safetensors(shell / "l.safetensors");
  REQUIRE(logits.tensors.size() == 2);
  CHECK(logits.at("ids").shape() == ag::Shape{3});
  for (size_t i = 0; i < 3; ++i) CHECK(logits.at("ids").ints()[i] == ids[i]);
  // The program computes in f32, this test possibly in f64.
  constexpr testing::Tolerance kF32{1e-4, 1e-5};
  testing::check_close(logits.at("logits"), llm.model->logits(h), kF32, "logits");

  CHECK(shell("llm embed --out e.safetensors" + options).code == 0);
  const nn::TensorFile embedded = nn::read_safetensors(shell / "e.safetensors");
  REQUIRE(embedded.tensors.size() == 1);
  testing::check_close(embedded.at("hidden"), h.rows(2, 3).view({8}), kF32, "hidden");

  const Result text = shell("llm generate --tokens 5" + options);
  CHECK(text.code == 0);
  const models::Generation greedy{5, llm.tokenizer->special().ends};
  CHECK(text.out == llm.tokenizer->decode(models::generate(*llm.model, ids, greedy)) + "\n");
  CHECK(shell("llm generate --tokens 5 --temperature 3 --top-k 1" + options).out == text.out);
  const std::string draw = "llm generate --tokens 8 --temperature 9 --top-k 200 --top-p 0.99 --seed ";
  const std::string drawn = shell(draw + "5" + options).out;
  CHECK(shell(draw + "5" + options).out == drawn);
  CHECK(shell(draw + "6" + options).out != drawn);
}

TEST_CASE("llm generate with a file of texts: a JSON string on each line, in the order of the file") {
  const Shell shell;
  write_byte_model(shell / "tiny_llm.safetensors");
  const models::LanguageModel llm = models::load_language_model(shell / "tiny_llm.safetensors");
  const std::vector<std::string> texts = {"a\nb", "ab", "a\nb"};
  shell.write("texts", "\"a\\nb\"\n\"ab\"\n\"a\\nb\"\n");
  const std::string options = " --threads 1 --tokens 6 --llm tiny_llm.safetensors --text-file texts ";
  models::Generation config{6, llm.tokenizer->special().ends};
  const auto expected = [&] {
    std::vector<models::Prompt> prompts;
    for (uint32_t i = 0; i < 3; ++i) prompts.push_back({llm.tokenizer->encode(texts[i]), i});
    std::vector<std::string> lines(3);
    models::generate(*llm.model, prompts, config, [&](size_t i, const std::vector<int32_t>& ids) {
      lines[i] =
          nn::Json(llm.tokenizer->decode(ids)).dump(-1, ' ', false, nn::Json::error_handler_t::replace) +
          "\n";
    });
    return lines[0] + lines[1] + lines[2];
  };
  CHECK(shell("llm generate" + options).out == expected());
  config.sampling = {.temperature = 9, .seed = 5};
  CHECK(shell("llm generate --temperature 9 --seed 5" + options).out == expected());

  shell.write("texts", "\"a\"\n\"" + std::string(20, 'a') + "\"\n");
  check_mistake(shell, "llm generate" + options, {"texts: line 2: found 26 tokens", "at most 16"});
}

TEST_CASE("llm merge writes a model that gives the same logits") {
  const Shell shell;
  const std::string model = fixture_path("families/llama3");
  const Result merged = shell("llm merge --threads 1 --llm '" + model + "' --out merged");
  CAPTURE(merged.err);
  REQUIRE(merged.code == 0);
  for (const std::string& llm : {model, std::string("merged")})
    CHECK(shell("llm logits --threads 1 --text 'the' --llm '" + llm + "' --out " + (llm == model ? "a" : "b"))
              .code == 0);
  CHECK(nn::read_safetensors(shell / "a").at("logits").values() ==
        nn::read_safetensors(shell / "b").at("logits").values());
}
