// How much memory there is, what the long computations need, and that what does not fit is refused before they begin. The
// same of the whole program: memory_limit_test.cpp.
#include "nn/system/memory.h"

#include "autograd/storage.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/run/memory_estimate.h"
#include "tests/models/recommenders/small_recommenders.h"

using doctest::Contains;

namespace {

constexpr int64_t kMiB = 1 << 20;

// A made-up machine: files below a folder.
class Machine {
 public:
  void write(const std::string& file, const std::string& content) const {
    nn::make_folder((folder_ / file).parent_path());
    nn::write_atomically(folder_ / file, content);
  }
  int64_t available() const { return nn::available_memory(folder_.path()) - ag::memory_stats().cached; }

 private:
  testing::TemporaryFolder folder_;
};

struct MemoryLimit {
  explicit MemoryLimit(int64_t bytes) { nn::set_memory_limit(bytes); }
  ~MemoryLimit() { nn::set_memory_limit(0); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

// The most that tensors held at once while `work` ran, beyond what they held before.
template <class Work>
double measured(const Work& work) {
  ag::reset_memory_peak();
  const int64_t before = ag::memory_stats().in_use;
  work();
  return static_cast<double>(ag::memory_stats().peak - before);
}

void check_estimate(int64_t estimate, double found) {
  MESSAGE("estimated ", nn::memory_text(estimate), ", ", static_cast<double>(estimate) / found,
          " times what was measured");
  CHECK(static_cast<double>(estimate) >= 0.9 * found);
  CHECK(static_cast<double>(estimate) <= 1.5 * found);
}

p2rec::Interactions some_data() {
  return p2rec::make_synthetic({.users = 300, .items = 120, .groups = 4, .mean_length = 16, .seed = 5})
      .interactions;
}

models::AnyRecommenderConfig sized(const std::string& model, double hidden, double blocks) {
  return testing::recommender_with(
      model, {{"hidden", hidden}, {"inner", hidden}, {"gru-hidden", 2 * hidden}, {"blocks", blocks}});
}

}  // namespace

TEST_CASE("the machine's memory") {
  const Machine machine;
  machine.write("proc/meminfo", "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:     512 kB\n");
  CHECK(machine.available() == 512 * 1024);
}

TEST_CASE("control groups, version 2: the least of the group and those above, cached files not counted") {
  const Machine machine;
  machine.write("proc/meminfo", "MemAvailable: 1000000 kB\n");
  machine.write("proc/self/cgroup", "0::/a/b\n");
  machine.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  machine.write("sys/fs/cgroup/a/b/memory.current", "1000\n");
  CHECK(machine.available() == int64_t{1000000} * 1024);
  machine.write("sys/fs/cgroup/a/memory.max", "500000\n");
  machine.write("sys/fs/cgroup/a/memory.current", "100000\n");
  CHECK(machine.available() == 400000);
  machine.write("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 20000\nactive_file 3000\n");
  CHECK(machine.available() == 423000);
  machine.write("sys/fs/cgroup/a/b/memory.max", "2000\n");
  CHECK(machine.available() == 1000);
  machine.write("sys/fs/cgroup/a/b/memory.current", "3000\n");
  CHECK(machine.available() == 0);
}

TEST_CASE("control groups, version 1, seen from a container that does not see its own path") {
  const Machine machine;
  machine.write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/123\n0::/\n");
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
  machine.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
  machine.write("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file 1000\n");
  CHECK(machine.available() == 5000);
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(machine.available() > int64_t{1} << 60);
  // The statistics are behind: more files are cached than memory is used.
  machine.write("sys/fs/cgroup/memory/memory.stat", "total_inactive_file 9000\ntotal_active_file 1000\n");
  CHECK(machine.available() > int64_t{1} << 60);
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
  CHECK(machine.available() == 9000);
}

TEST_CASE("what the system does not tell sets no limit; what it tells wrongly does neither") {
  const Machine machine;
  CHECK(machine.available() > int64_t{1} << 60);
  machine.write("proc/meminfo", "MemAvailable: many kB\n");
  machine.write("proc/self/cgroup", ":\n\n0:\n0::\n");
  CHECK(machine.available() > int64_t{1} << 60);
}

TEST_CASE("here: something is available, and the limit counts what is used already") {
  CHECK(nn::available_memory() > kMiB);
  const MemoryLimit limit(1);
  CHECK(nn::available_memory() == ag::memory_stats().cached);
  CHECK_THROWS_WITH_AS(nn::need_memory(int64_t{1} << 40, "the model", "a smaller one"),
                       Contains("the model needs about 1024.0 GiB of memory, but "), ag::InputError);
}

TEST_CASE("memory in words") {
  CHECK(nn::memory_text(0) == "0.0 MiB");
  CHECK(nn::memory_text(35 * kMiB) == "35 MiB");
  CHECK(nn::memory_text(5222680986) == "4.9 GiB");
}

TEST_CASE("the most tokens of a batch") {
  CHECK(p2rec::most_tokens_of_a_batch({3, 3, 3, 3}, 2, 5, 1, 1) == 6);
  CHECK(p2rec::most_tokens_of_a_batch({1, 2, 4}, 8, 5, 1, 1) == 7);
  CHECK(p2rec::most_tokens_of_a_batch({1, 9, 4}, 1, 5, 1, 1) == 9);
}

TEST_CASE("fine-tuning takes what was estimated") {
  const p2rec::Interactions data = some_data();
  const models::ByteTokenizer tokenizer;
  struct Size {
    int64_t hidden, intermediate, layers, batch;
    double dropout;
    p2rec::ItemsAs items_as;
  };
  for (const Size& size :
       {Size{32, 96, 2, 4, 0, p2rec::ItemsAs::Tokens}, Size{96, 256, 4, 16, 0, p2rec::ItemsAs::Tokens},
        Size{64, 128, 6, 8, 0.1, p2rec::ItemsAs::Ids}}) {
    CAPTURE(size.hidden);
    models::LlamaConfig config;
    config.vocabulary = tokenizer.vocabulary();
    config.hidden = size.hidden;
    config.intermediate = size.intermediate;
    config.layers = size.layers;
    config.heads = 4;
    config.kv_heads = 2;
    models::Llama model(config);
    models::initialise(model, 0.05, 1);
    model.requires_grad(false);
    p2rec::ReconstructionConfig sft;
    sft.finetune.batch = size.batch;
    sft.finetune.epochs = 1;
    sft.finetune.lora.dropout = size.dropout;
    const p2rec::Prompts prompts(data, tokenizer, {size.items_as, 20});
    p2rec::ItemGroups groups;
    groups.groups = 4;
    for (int64_t i = 0; i < data.items(); ++i) groups.group_of.push_back(static_cast<int32_t>(i % 4));
    const ag::Tensor preferences = p2rec::user_preferences(data, groups);
    std::vector<int64_t> lengths;
    for (int64_t u = 0; u < data.users(); ++u) {
      const p2rec::Sequence items = p2rec::training_part(data, u);
      if (!items.empty() && !p2rec::held_out(data.user_ids[static_cast<size_t>(u)]))
        lengths.push_back(static_cast<int64_t>(prompts.of(items).size()));
    }
    const int64_t estimate = p2rec::check_fine_tuning_memory(
        config, sft, prompts.has_item_tokens() ? data.items() : 0, 4, lengths, 2'000'000);
    check_estimate(estimate, measured([&] { p2rec::reconstruct(model, prompts, data, preferences, sft); }));
  }
}

TEST_CASE("training a recommender takes what was estimated") {
  const p2rec::Interactions data = some_data();
  struct Size {
    std::string model;
    int64_t hidden, blocks, batch, max_length;
    double dropout;
    models::LossConfig loss;
    bool lazy_adam = false;
  };
  using enum models::RecommenderLoss;
  for (const Size& size :
       {Size{"sasrec", 16, 1, 128, 12, 0, {}}, Size{"sasrec", 64, 2, 64, 12, 0.2, {}},
        Size{"sasrec", 48, 3, 256, 20, 0.2, {BCE, 1}}, Size{"sasrec", 32, 1, 128, 20, 0.2, {GBCE, 32}},
        Size{"sasrec", 32, 2, 64, 12, 0.2, {SampledSoftmax, 16}, true},
        Size{"gru4rec", 32, 0, 128, 20, 0.3, {}}, Size{"gru4rec", 64, 0, 64, 12, 0, {BCE, 1}},
        Size{"bert4rec", 32, 2, 128, 12, 0.2, {}}}) {
    CAPTURE(size.model);
    CAPTURE(size.hidden);
    CAPTURE(static_cast<int>(size.loss.kind));
    p2rec::RecommenderConfig config;
    config.model = sized(size.model, static_cast<double>(size.hidden), static_cast<double>(size.blocks));
    config.model->items = data.items();
    config.model->max_length = size.max_length;
    config.model->dropout = size.dropout;
    config.loss = size.loss;
    config.lazy_adam = size.lazy_adam;
    config.batch = size.batch;
    config.max_epochs = 2;
    const int64_t estimate = p2rec::recommender_memory(config, p2rec::recommender_batches(data, config));
    check_estimate(estimate, measured([&] { p2rec::pretrain_teacher(data, config); }));
  }
}

TEST_CASE("a batch that does not fit is refused with one that does") {
  const p2rec::Interactions data = some_data();
  p2rec::RecommenderConfig config;
  config.batch = 512;
  config.model = sized("sasrec", 256, 4);
  const MemoryLimit limit(1);  // resident is more: the tensors' cache is all that is left
  CHECK_THROWS_WITH_AS(p2rec::recommenders_that_fit(data, config, 2),
                       Contains("--batch: training a recommender of 120"), ag::InputError);
}
