// The method as one function and as stages on disk gives the same bits.
#include "p2rec/methods/p2rec/p2rec.h"

#include "models/formats/language_model.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranked_users.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/settings.h"
#include "tests/p2rec/run/small_run.h"

using namespace p2rec;

TEST_CASE("the stages write what the method gives in memory: groups, embeddings and ranks") {
  const testing::WorkingFolder here;
  testing::write_data(testing::small_data());
  testing::Options options = testing::small_options();
  options["starts"] = "p2rec";
  options["seeds"] = "1";
  testing::run_stages(options);

  const auto settings = settings_of({}, testing::given(options));
  auto& config = dynamic_cast<P2RecConfig&>(*settings->config);
  const Interactions data = load_data("data.txt");
  const models::LanguageModel llm = models::load_language_model("out/tiny_llm.safetensors");
  const P2RecResult result = p2rec::p2rec(data, llm, config);

  const nn::Metadata teacher = nn::read_safetensors_metadata("out/teacher.safetensors");
  const nn::Metadata recommender = nn::read_safetensors_metadata("out/recommender-p2rec-1.safetensors");
  CHECK(teacher.at("architecture") == recommender.at("architecture"));  // the settings are the same
  CHECK(result.groups.group_of == read_groups("out/groups.tsv", data).group_of);
  const ag::Tensor embeddings =
      read_item_matrix("out/item_embeddings.safetensors", "embeddings", data.items());
  CHECK(result.embeddings.values() == embeddings.values());
  const std::vector<RanksColumn> columns = read_ranks("out/ranks.tsv").columns;
  REQUIRE(columns.size() == 2);  // and popularity
  CHECK(columns[0].name == "p2rec-1");
  CHECK(columns[0].ranks == result.ranks);
}
