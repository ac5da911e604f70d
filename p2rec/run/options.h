// Every option of the program, in one place: its name, its default, its meaning, and the stages it changes.
//
// for_each_option is the one table. The command line and its help, the configuration file and the
// fingerprints are all made from it: an option is added by a field of Options and a line of the table.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "models/recommenders/registry.h"
#include "nn/io/files.h"

namespace p2rec {

// The stages of the method in their order; each works on what the ones before it left in the output folder.
enum class Stage : uint8_t { Pretrain, Groups, Reconstruct, Augment, Train, Evaluate };
const char* name_of(Stage stage);  // "pretrain": as the command is called

struct Options {
  // input and output
  std::string data = "synthetic";  // a file or folder of interactions, or "synthetic"
  std::string llm = "tiny";        // a GGUF file, a Hugging Face folder, or "tiny"
  std::string out;                 // folder of the artefacts
  std::string from;                // folder whose embeddings are trained from; empty: out
  std::vector<uint64_t> seeds = {1, 2, 3};
  std::string device = "cpu";  // cpu, cuda: where models are trained and run
  int threads = 0;             // 0: all cores
  double memory_limit = 0;     // GiB; 0: what the machine has
  double save_every = 30;      // seconds
  bool resume = false, overwrite = false, quiet = false;

  // the recommender that is trained in the end, and the teacher, which is a SASRec of the same sizes (models/recommenders/recommender.h)
  std::string model = "sasrec", variant = "default";
  int64_t max_length = 50, hidden = 64, inner = 64, blocks = 2, heads = 2;
  int64_t gru_hidden = 128;
  double dropout = 0.2, mask_ratio = 0.2;
  std::string loss = "ce";  // ce, bce, gbce, sampled_softmax
  int64_t negatives = 1;
  double gbce_t = 0.75;
  double lr = 1e-3, adam_beta2 = 0.999;
  bool share_negatives = false, lazy_adam = false, own_output = false;
  int64_t batch = 128;          // windows
  std::string windows = "all";  // all, last
  int64_t max_epochs = 200;
  int64_t steps_per_epoch = 0;  // 0: every window once
  int64_t patience = 10;        // epochs without a better validation NDCG@10; 0: no early stopping
  std::vector<std::string> starts = {"random", "p2rec", "p2rec_shuffled", "llm_untuned", "teacher", "groups"};
  double start_std = 0.02;           // of every start's item table
  std::string use = "start";         // start, frozen, concat (models/recommenders/item_embedding.h)
  std::string popularity = "train";  // what --model popularity counts

  // groups
  int64_t groups = 20;    // K
  bool normalize = true;  // k-means on rows of unit length

  // reconstruction
  std::string items_as = "tokens";  // tokens, ids, titles, ids+titles
  int64_t history = 50;             // items of a prompt
  int64_t lora_rank = 8;
  double lora_alpha = 16, lora_dropout = 0;
  double sft_lr = 5e-4, sft_item_lr = 5e-3;  // LoRA and head; new item tokens
  int64_t sft_batch = 16;                    // users
  int64_t sft_epochs = 6;
  int64_t tiny_steps = 300;  // pre-training steps of --llm tiny

  // evaluation (evaluation.h)
  std::string ranking = "full";    // full, sampled, sampled-popularity
  int64_t negatives_ranked = 100;  // of sampled ranking
  uint64_t ranking_seed = 1;       // likewise
  bool filter_history = true;
  std::vector<int> cutoffs = {5, 10, 20};
  int64_t evaluate_users = 0;  // 0: all
};

// What numbers an option takes; for a list, each of its elements.
struct Range {
  double low = -INFINITY, high = INFINITY;
  bool above_low = false, below_high = false;  // the ends themselves are not allowed
  bool holds(double x) const {
    return x >= low && x <= high && !(above_low && x == low) && !(below_high && x == high);
  }
};
constexpr double kLargestSize = 1e9;  // far above every sensible one, and far below what would overflow
constexpr Range kPositive{0, INFINITY, true, true};  // and finite
constexpr Range kShare{0, 1, false, true};           // [0,1)
constexpr Range kInside{0, 1, true, true};           // (0,1)
constexpr Range kAny{};
constexpr Range at_least(double low) { return {low, kLargestSize}; }
constexpr Range between(double low, double high) { return {low, high}; }

inline std::vector<std::string> texts(auto... values) { return {values...}; }
inline const std::vector<std::string> kAnyText;

// What the table says about an option.
struct OptionInfo {
  const char* name;   // on the command line after "--", and in a configuration file
  const char* group;  // its heading in the help
  const char* help;
  std::optional<Stage> stage = {};  // the first stage whose result depends on it, and with it all that follow
  Range range = kAny;               // of a number
  std::vector<std::string> choices = kAnyText;
  bool of_the_call = false;  // says how this one call treats the folder: not written to configuration files
};

// Calls visit(info, field) for every option; `options` is Options or const Options.
template <class AnyOptions, class Visitor>
void for_each_option(AnyOptions& o, Visitor&& visit) {
  static_assert(std::is_same_v<std::remove_const_t<AnyOptions>, Options>);
  using enum Stage;

  const char* group = "Input and output";
  visit({"data", group, "file or folder of interactions, or 'synthetic'"}, o.data);
  visit({"llm", group,
         "language model: a GGUF file, a Hugging Face folder, or 'tiny', which is trained on the catalogue's "
         "text"},
        o.llm);
  visit({"out", group, "folder of the artefacts"}, o.out);
  visit({"from", group,
         "train: another run's folder, whose teacher, groups and embeddings are used as they are, "
         "whatever options made them (default: --out)"},
        o.from);
  visit({"seeds", group, "seeds of the final training; all earlier stages use the first one", Pretrain,
         between(1, 0x1p53)},
        o.seeds);
  visit({"device", group, "where models are trained and run: the processor, or the first CUDA device",
         std::nullopt, kAny, texts("cpu", "cuda")},
        o.device);
  visit({"threads", group, "threads, 0 for all cores", std::nullopt, between(0, 1024)}, o.threads);
  visit({"memory-limit", group,
         "GiB that the program may take, 0 for what the machine has: more is refused before a stage begins",
         std::nullopt, at_least(0)},
        o.memory_limit);
  visit({"save-every", group, "seconds between a stage's checkpoints", std::nullopt, at_least(0)},
        o.save_every);
  visit({"resume", group, "go on with what an interrupted run left in --out", std::nullopt, kAny, kAnyText,
         true},
        o.resume);
  visit({"overwrite", group, "remove what an earlier run left in --out and begin anew", std::nullopt, kAny,
         kAnyText, true},
        o.overwrite);
  visit({"quiet", group, "show no progress"}, o.quiet);

  group = "Recommender (the teacher, and what is trained in the end)";
  visit({"model", group, "kind of recommender that is trained in the end; the teacher is a sasrec", Train,
         kAny, models::recommender_names()},
        o.model);
  visit({"variant", group,
         "published form of the model; default is prenorm for sasrec and recbole for the others; plain is "
         "bert4rec without "
         "head and biases",
         Pretrain, kAny, texts("default", "prenorm", "original", "recbole", "s3rec", "plain")},
        o.variant);
  visit({"max-length", group, "items that it looks back at", Pretrain, at_least(1)}, o.max_length);
  visit({"hidden", group, "size of an item's embedding; --heads divides it", Pretrain, at_least(1)},
        o.hidden);
  visit({"inner", group, "size of the feed-forward layer", Pretrain, at_least(1)}, o.inner);
  visit({"blocks", group, "transformer blocks", Pretrain, between(1, 1000)}, o.blocks);
  visit({"heads", group, "attention heads", Pretrain, at_least(1)}, o.heads);
  visit({"gru-hidden", group, "gru4rec: size of the recurrent state", Train, at_least(1)}, o.gru_hidden);
  visit({"dropout", group, "share of activations that are dropped in training", Pretrain, kShare}, o.dropout);
  visit({"mask-ratio", group, "bert4rec: share of a sequence's items that are masked in training", Train,
         kInside},
        o.mask_ratio);
  visit({"own-output", group,
         "compare states with an item table of its own, as gSASRec does, not with the one that is read",
         Pretrain},
        o.own_output);
  visit(
      {"loss", group,
       "ce: cross-entropy over all items; against sampled negatives: bce, gbce (gSASRec's), sampled_softmax",
       Pretrain, kAny, texts("ce", "bce", "gbce", "sampled_softmax")},
      o.loss);
  visit({"negatives", group, "negatives of each position, for a loss that samples", Pretrain, at_least(1)},
        o.negatives);
  visit(
      {"share-negatives", group,
       "draw the negatives once for all positions of a step, which costs little however many items there are",
       Pretrain},
      o.share_negatives);
  visit({"gbce-t", group, "gbce: 0 is bce, 1 is calibrated", Pretrain, between(0, 1)}, o.gbce_t);
  visit({"lr", group, "learning rate of Adam", Pretrain, kPositive}, o.lr);
  visit({"adam-beta2", group, "Adam's second decay rate", Pretrain, kShare}, o.adam_beta2);
  visit({"lazy-adam", group,
         "change only the rows of the item table that a step speaks of, for a loss that samples", Pretrain},
        o.lazy_adam);
  visit({"batch", group, "windows of a training step", Pretrain, at_least(1)}, o.batch);
  visit({"windows", group,
         "what of a user is trained on: all of the training part, in windows, or the last window alone",
         Pretrain, kAny, texts("all", "last")},
        o.windows);
  visit({"max-epochs", group, "epochs at most", Pretrain, at_least(1)}, o.max_epochs);
  visit({"steps-per-epoch", group,
         "steps after which an epoch ends and is validated; 0: when every window was seen", Pretrain,
         at_least(0)},
        o.steps_per_epoch);
  visit({"patience", group, "stop after so many epochs without a better validation NDCG@10; 0: never",
         Pretrain, at_least(0)},
        o.patience);
  visit({"starts", group, "where the item table begins, one row of the results each", Train, kAny,
         texts("random", "p2rec", "p2rec_shuffled", "llm_untuned", "teacher", "groups")},
        o.starts);
  visit({"start-std", group, "standard deviation that every start is scaled to", Train, kPositive},
        o.start_std);

  visit({"use", group,
         "what a start is: where the trainable item table begins; frozen behind a trained adapter; or that, "
         "concatenated with "
         "a trainable table",
         Train, kAny, texts("start", "frozen", "concat")},
        o.use);
  visit({"popularity", group,
         "what --model popularity counts: the training parts, or all interactions with the held-out ones, "
         "as some published figures do",
         Train, kAny, texts("train", "all")},
        o.popularity);

  group = "Item groups";
  visit({"groups", group, "number of groups, K", Groups, at_least(2)}, o.groups);
  visit({"normalize", group, "k-means on rows of unit length", Groups}, o.normalize);

  group = "Reconstruction (fine-tuning the language model)";
  visit({"items-as", group,
         "how a prompt writes an item: a new trainable token, its id's digits, its title, or both",
         Reconstruct, kAny, texts("tokens", "ids", "titles", "ids+titles")},
        o.items_as);
  visit({"history", group, "items of a prompt at most, the latest ones", Reconstruct, at_least(1)},
        o.history);
  visit({"lora-rank", group, "rank of the LoRA matrices", Reconstruct, between(1, 4096)}, o.lora_rank);
  visit({"lora-alpha", group, "LoRA's output is scaled by alpha / rank", Reconstruct, kPositive},
        o.lora_alpha);
  visit({"lora-dropout", group, "dropout on LoRA's input", Reconstruct, kShare}, o.lora_dropout);
  visit({"sft-lr", group, "learning rate of LoRA and of the head", Reconstruct, kPositive}, o.sft_lr);
  visit({"sft-item-lr", group, "learning rate of the new item tokens", Reconstruct, kPositive},
        o.sft_item_lr);
  visit({"sft-batch", group, "users of a fine-tuning step", Reconstruct, at_least(1)}, o.sft_batch);
  visit({"sft-epochs", group, "epochs of fine-tuning", Reconstruct, at_least(1)}, o.sft_epochs);
  visit({"tiny-steps", group, "pre-training steps of --llm tiny", Reconstruct, at_least(1)}, o.tiny_steps);

  group = "Evaluation";
  visit({"ranking", group,
         "what a held-out item is ranked against: all items, or some that are drawn evenly or by popularity, "
         "only to "
         "compare with published figures of that kind",
         Evaluate, kAny, texts("full", "sampled", "sampled-popularity")},
        o.ranking);
  visit({"negatives-ranked", group, "items that sampled ranking draws for each user", Evaluate, at_least(1)},
        o.negatives_ranked);
  visit({"ranking-seed", group, "of what is drawn: the same items for every recommender", Evaluate,
         between(0, 0x1p53)},
        o.ranking_seed);
  visit({"filter-history", group, "the user's earlier items do not compete", Evaluate}, o.filter_history);
  visit({"cutoffs", group, "the K of HR@K, NDCG@K and MRR@K, 10 among them", Evaluate, at_least(1)},
        o.cutoffs);
  visit({"evaluate-users", group,
         "rank only so many users, always the same, also for early stopping; 0: all of them", Pretrain,
         at_least(0)},
        o.evaluate_users);
}

// --- text to options ---------------------------------------------------------------------------------------

// All of these throw ag::InputError naming the option (and the file), what was found and what was expected.

// Sets the option from its text on the command line; the elements of a list are separated by commas.
void set_option(Options& options, const std::string& name, const std::string& text);
// Sets what a configuration file holds: TOML, `name = value` lines (toml.h).
void read_config(Options& options, const nn::Path& file);
// What one option alone cannot show: distinct seeds, heads that divide the hidden size, and so on.
void check_options(const Options& options);

// For messages: "; did you mean PREFIXgroups?" with the known name that is nearest to `name`; empty where more than half of
// the letters would have to change.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix = "");
std::vector<std::string> option_names();

// --- options to text ---------------------------------------------------------------------------------------

// An option as the command line's help shows it.
struct OptionHelp {
  std::string name, group;
  std::string value;        // what stands for its value: "NUMBER", "a|b", "a,b,..."; empty for a switch
  std::string text;         // its meaning, range and default
  bool can_be_off = false;  // a switch that is on by default: --no-NAME turns it off
};
std::vector<OptionHelp> option_help();

// An option's value as on the command line: numbers in the fewest digits that give the same number again.
std::string option_text(const Options& options, const std::string& name);

// config.toml: every option in force with its meaning, and in comments the program's version, the gemm
// backend, the threads and the compiler. read_config gives the same options again.
std::string to_toml(const Options& options);

// What the stages before Train make of the options: the teacher is a SASRec, in its default form where --variant speaks of another
// model, starts from numbers of its own, and has the first seed.
Options teacher_options(const Options& options);

// "key=value" lines of all options that this stage's result depends on. The stages before Train, which see the teacher_options,
// print their seed as seed=. Not among them: the data and the language model (their content counts, not
// their path: the caller adds hashes), device and threads, and how the output is treated.
std::string fingerprint(const Options& options, Stage stage);

}  // namespace p2rec
