// The whole method gives the same result on the device as on the CPU: in double, the same ranks.
#include "p2rec/evaluation/ranked_users.h"
#include "tests/p2rec/run/small_run.h"

TEST_CASE("a run with --device cuda ranks as one on the CPU") {
  const testing::WorkingFolder folder;
  testing::write_data(testing::small_data());
  std::string ranks[2];
  for (const bool cuda : {false, true}) {
    testing::Options o = testing::small_options();
    const std::string device = cuda ? "cuda" : "cpu";
    o["out"] = o["device"] = device;
    o["seeds"] = "1";
    o["max-epochs"] = "2";
    o["dropout"] = "0.2";
    o["sft-epochs"] = "1";
    o["starts"] = "random,p2rec";
    testing::run_stages(o);
    const std::string config = nn::read_file(nn::Path(device) / "config.toml", "configuration");
    CHECK((config.find("\n# device: CUDA, ") != std::string::npos) == cuda);
    ranks[cuda] = nn::read_file(nn::Path(device) / "ranks.tsv", "ranks");
  }
  CHECK(ranks[0].size() > 100);
  CHECK(ranks[1] == ranks[0]);
}
