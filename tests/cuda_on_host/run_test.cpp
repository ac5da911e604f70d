// The whole method on the device gives what it gives on the CPU: in double, the same ranks.
#include "p2rec/evaluation/ranks_file.h"
#include "p2rec/run/pipeline.h"
#include "tests/p2rec/run/small_run.h"

TEST_CASE("a run with --device cuda ranks as one on the CPU") {
  const testing::WorkingFolder folder;
  testing::write_data(testing::small_data());
  std::string ranks[2];
  for (const bool cuda : {false, true}) {
    p2rec::Options o = testing::small_options();
    o.out = cuda ? "cuda" : "cpu";
    o.device = o.out;
    o.seeds = {1};
    o.max_epochs = 2;
    o.dropout = 0.2;
    o.sft_epochs = 1;
    o.starts = {"random", "p2rec"};
    p2rec::run_stages(o, p2rec::Stage::Pretrain, p2rec::Stage::Evaluate);
    const std::string config = nn::read_file(nn::Path(o.out) / "config.toml", "configuration");
    CHECK((config.find("\n# device: CUDA, ") != std::string::npos) == cuda);
    ranks[cuda] = nn::read_file(nn::Path(o.out) / "ranks.tsv", "ranks");
  }
  CHECK(ranks[0].size() > 100);
  CHECK(ranks[1] == ranks[0]);
}
