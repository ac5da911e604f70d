// LARR: losses and measures against PyTorch and scikit-learn, scenes and pairs, the click model, and a whole
// run.
#include "p2rec/methods/larr/larr.h"

#include <cmath>
#include <fstream>
#include <set>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "nn/init.h"
#include "p2rec/data/load_data.h"
#include "p2rec/methods/settings.h"
#include "p2rec/run/results_file.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/p2rec/cli/shell.h"
#include "tests/p2rec/run/small_run.h"

using ag::Tensor;
using namespace p2rec;
using testing::contains;

namespace {

constexpr int64_t kUsers = 24, kItems = 15, kEach = 12;
constexpr int64_t kThursday = 881250949;  // 4 December 1997, 15:55:49 UTC

// A user of the group g rates items of the group g well, and others badly, as do all users late in the day.
// The last `changed` ratings in time are turned round.
void write_scenes(int64_t changed = 0) {
  std::ofstream inter("data.inter"), users("data.user"), items("data.item");
  inter << "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";
  users << "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n";
  items << "item_id:token\tmovie_title:token_seq\tclass:token_seq\n";
  for (int64_t i = 0; i < kItems; ++i)
    items << i + 1 << '\t' << (i % 3 == 0 ? "Dark Sky " : "Bright Day ") << i << '\t'
          << (i % 3 == 0 ? "Drama" : "Comedy") << '\n';
  for (int64_t u = 0; u < kUsers; ++u) {
    if (u > 0)
      users << u + 1 << '\t' << 20 + u % 5 << '\t' << (u % 2 ? "F" : "M") << "\tartist\t" << 1000 + u << '\n';
    for (int64_t k = 0; k < kEach; ++k) {
      const int64_t item = (u * 7 + k) % kItems, number = k * kUsers + u;
      bool good = (item % 3 == 0) == (u % 2 == 0);
      if (number >= kEach * kUsers - changed) good = !good;
      inter << u + 1 << '\t' << item + 1 << '\t' << (good ? 5 : 2) << '\t' << kThursday + number * 5003
            << '\n';
    }
  }
}

SceneConfig with_tables() {
  SceneConfig config;
  config.user_table = "data.user";
  config.item_table = "data.item";
  config.fields = {"age", "gender", "class"};
  return config;
}

Interactions loaded() { return load_data("data.inter"); }

testing::Options small_larr() {
  return {{"method", "larr"},
          {"data", "data.inter"},
          {"out", "out"},
          {"seeds", "1,2"},
          {"quiet", "true"},
          {"tiny-steps", "4"},
          {"lora-rank", "2"},
          {"user-table", "data.user"},
          {"item-table", "data.item"},
          {"scene-fields", "age,gender,class"},
          {"pretrain-steps", "3"},
          {"pretrain-batch", "4"},
          {"contrast-steps", "3"},
          {"contrast-batch", "4"},
          {"ctr-hidden", "8"},
          {"ctr-inner", "8"},
          {"ctr-batch", "32"},
          {"ctr-max-epochs", "3"}};
}

Tensor tensor_in(const std::string& file, const std::string& name) {
  return nn::read_safetensors(file).at(name);
}

}  // namespace

// --- losses and measures -----------------------------------------------------------------------------------

TEST_CASE("contrastive loss: value and gradients are PyTorch's") {
  const nn::TensorFile file = testing::fixture("larr.safetensors");
  Tensor x = file.at("contrastive.x").clone().set_requires_grad(),
         y = file.at("contrastive.y").clone().set_requires_grad();
  const Tensor loss = contrastive_loss(x, y, 0.2);
  testing::check_close(loss, file.at("contrastive.loss").view({}), testing::tolerance::kOpForward, "loss");
  ag::backward(loss);
  testing::check_close(x.grad(), file.at("contrastive.dx"), testing::tolerance::kOpGradient, "dx");
  testing::check_close(y.grad(), file.at("contrastive.dy"), testing::tolerance::kOpGradient, "dy");
}

TEST_CASE("AUC and log-loss are scikit-learn's, ties included") {
  const nn::TensorFile file = testing::fixture("larr.safetensors");
  const std::vector<ag::real> values = file.at("auc.scores").values();
  const std::vector<double> scores(values.begin(), values.end());
  std::vector<bool> clicks;
  for (int64_t i = 0; i < std::ssize(scores); ++i) clicks.push_back(file.at("auc.clicks").ints()[i] == 1);
  const double precision = testing::tolerance::kF64 ? 1e-12 : 1e-6;
  CHECK(auc(scores, clicks) == doctest::Approx(double(file.at("auc.value").item())).epsilon(precision));
  CHECK(log_loss(scores, clicks) ==
        doctest::Approx(double(file.at("auc.log_loss").item())).epsilon(precision));
  CHECK(auc_shares({0.1, 0.5, 0.5, 0.9, 0.2}, {false, true, false, true, true}) ==
        std::vector<double>{0.75, 1, 0.5});
  CHECK(std::isnan(auc({0.5}, {true})));
  CHECK(std::isfinite(log_loss({0, 1}, {true, false})));
}

TEST_CASE("next-token loss: new tokens are read and predicted by their own rows") {
  models::Llama llm(testing::byte_config(2));
  models::initialise(llm, 0.3, 1);
  const auto V = static_cast<int32_t>(llm.config().vocabulary);
  const ItemReader reader{llm, initial_item_tokens(llm, 2, 1).set_requires_grad()};
  const std::vector<std::vector<int32_t>> texts = {{V, 7, V + 1, 9}, {V + 1, 5}};
  const nn::Packed x = nn::pack(texts);
  const Tensor states = llm.hidden_states(embed_prompt(reader, x.ids), x),
               logits =
                   ag::matmul(states, ag::concat({llm.token_table(), reader.item_tokens}, 0), false, true);
  const Tensor expected = ag::cross_entropy(logits, Tensor::from_ints({7, V + 1, 9, -1, 5, -1}));
  const Tensor found = next_token_loss(reader, texts);
  testing::check_close(found, expected, testing::tolerance::kFused, "loss");
  ag::backward(found);
  CHECK(reader.item_tokens.grad().defined());
}

// --- scenes ------------------------------------------------------------------------------------------------

TEST_CASE("scenes: hour and day in UTC, columns of both tables, unknown values") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Scenes scenes(data, with_tables());
  std::vector<std::string> names;
  for (const Field& field : scenes.fields()) names.push_back(field.name);
  CHECK(names == std::vector<std::string>{"hour", "day", "age", "gender", "class"});
  CHECK(scenes.item_fields() == 1);
  const auto text = [&](const Impression& x, size_t field) {
    return scenes.fields()[field].values[static_cast<size_t>(scenes.values_of(x)[field])];
  };
  CHECK(text({1, 0, kThursday, true}, 0) == "15");
  CHECK(text({1, 0, kThursday, true}, 1) == "Thursday");
  CHECK(text({1, 0, kThursday + 9 * 3600, true}, 0) == "0");
  CHECK(text({1, 0, kThursday + 9 * 3600, true}, 1) == "Friday");
  CHECK(text({1, 0, -1, true}, 0) == "23");
  CHECK(text({1, 0, -1, true}, 1) == "Wednesday");
  CHECK(text({0, 0, 0, true}, 2) == "unknown");  // the table lacks the first user
  CHECK(text({1, 0, 0, true}, 2) == "21");
  CHECK(text({1, 3, 0, true}, 4) == "Drama");
  CHECK(text({1, 4, 0, true}, 4) == "Comedy");
  CHECK(scenes.features() == 24 + 7 + 6 + 3 + 2);
  CHECK(scenes.first_feature(2) == 31);
}

TEST_CASE("texts: each part has its field's new token, and a user's text lists what is given") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Scenes scenes(data, with_tables());
  const models::ByteTokenizer tokenizer;
  const auto V = static_cast<int32_t>(tokenizer.vocabulary());
  const SceneTexts texts(scenes, data, tokenizer, V);
  CHECK(texts.new_tokens() == 7);
  const auto shown = [&](const std::vector<int32_t>& ids) {
    std::string result;
    for (const int32_t id : ids)
      result += id >= V ? "<" + std::to_string(id - V) + ">" : tokenizer.decode(std::span(&id, 1));
    return result;
  };
  CHECK(shown(texts.feature(0, 15)) == "<0>15");
  CHECK(texts.feature(24) == texts.feature(1, 0));
  CHECK(shown(texts.item(3)) == "<6>Dark Sky 3<4>Drama");
  CHECK(shown(texts.user(1, {3, 4})) == "<2>21<3>F<5>Dark Sky 3; Bright Day 4");
  CHECK(shown(texts.impression({1, 3, kThursday, true})) == "<0>15<1>Thursday<2>21<3>F<6>Dark Sky 3<4>Drama");
}

TEST_CASE("impressions: three parts in time, and clicks are high ratings") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Impressions parts = impressions_of(data, with_tables());
  const auto all = static_cast<double>(kUsers * kEach);
  CHECK(std::ssize(parts.train) == int64_t(0.8 * all));
  CHECK(std::ssize(parts.train) + std::ssize(parts.validation) == int64_t(0.9 * all));
  CHECK(std::ssize(parts.train) + std::ssize(parts.validation) + std::ssize(parts.test) == kUsers * kEach);
  CHECK(parts.train.back().time < parts.validation.front().time);
  CHECK(parts.validation.back().time < parts.test.front().time);
  for (const Impression& x : parts.test) CHECK(x.click == ((x.item % 3 == 0) == (x.user % 2 == 0)));
}

TEST_CASE("pairs: neighbours among clicks; nothing is its own negative") {
  const std::vector<Impression> train = {{0, 5, 1, true}, {1, 5, 2, true}, {0, 6, 3, true}, {0, 7, 4, false},
                                         {2, 5, 5, true}, {0, 6, 6, true}, {0, 8, 7, true}};
  const ScenePairs pairs = pairs_of(train);
  CHECK(pairs.item_item == Pairs{{5, 6}, {6, 8}});
  CHECK(pairs.user_user == Pairs{{0, 1}, {1, 2}});
  CHECK(pairs.user_item == Pairs{{0, 5}, {1, 5}, {0, 6}, {2, 5}, {0, 6}, {0, 8}});
  Pairs chain;
  for (int32_t i = 0; i < 20; ++i) chain.emplace_back(i, i + 1);
  for (uint32_t step = 0; step < 20; ++step) {
    const Pairs alike = drawn_pairs(chain, true, 5, {1, step, 0}),
                unlike = drawn_pairs(chain, false, 5, {1, step, 0});
    CHECK(unlike.size() == 5);
    std::set<int32_t> all, left, right;
    for (const auto& [a, b] : alike) CHECK((all.insert(a).second && all.insert(b).second));
    for (const auto& [a, b] : unlike) CHECK((left.insert(a).second && right.insert(b).second));
  }
}

// --- the click model ---------------------------------------------------------------------------------------

TEST_CASE(
    "click model: a scene depends on each of its features and not on the item; the control reads no texts") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Scenes scenes(data, with_tables());
  CtrConfig config;
  config.hidden = 8;
  CtrInputs inputs{.features = Tensor::empty({scenes.features(), 4}),
                   .items = Tensor::empty({data.items(), 4})};
  nn::normal_(inputs.features, 1, {1, 0, 1});
  nn::normal_(inputs.items, 1, {1, 0, 2});
  const Impression one{1, 3, kThursday, true};
  const auto scene_of = [&](const CtrModel& model, const Impression& x) {
    Tensor scene;
    model(std::span(&x, 1), {}, &scene);
    return scene.values();
  };
  const CtrModel model(scenes, data.items(), inputs, config);
  for (const auto& [name, x] : model.named_parameters()) nn::normal_(x, 0.5, nn::key_for(name, 3));
  const auto scene = scene_of(model, one);
  CHECK(scene_of(model, {1, 4, kThursday, true}) == scene);
  CHECK(scene_of(model, {1, 3, kThursday + 3600, true}) != scene);       // another hour
  CHECK(scene_of(model, {1, 3, kThursday + 24 * 3600, true}) != scene);  // another day
  CHECK(scene_of(model, {3, 3, kThursday, true}) != scene);              // another age
  CHECK(scene_of(model, {6, 3, kThursday, true}) != scene);              // another gender
  const auto logit = [](const CtrModel& of, const Impression& x) { return of(std::span(&x, 1)).item(); };
  CHECK(logit(model, {1, 4, kThursday, true}) != logit(model, one));
  const std::vector<Impression> both = {one, {6, 4, kThursday, false}};  // a batch does not mix its rows
  CHECK(model(both).values()[1] == doctest::Approx(logit(model, both[1])).epsilon(1e-5));

  // A block whose weights are zero changes nothing, so the scene is then the aggregation token itself.
  const CtrModel plain(scenes, data.items(), inputs, config);
  Tensor token;
  for (const auto& [name, x] : plain.named_parameters()) {
    Tensor(x).fill(0);
    if (name != "fields.weight") continue;
    nn::normal_(x, 1, {1, 0, 4});
    token = x.rows(0, 1);
  }
  CHECK(scene_of(plain, one) == token.values());

  const CtrModel control(scenes, data.items(), {}, config);
  for (const auto& [name, x] : control.named_parameters()) {
    nn::normal_(x, 0.5, nn::key_for(name, 3));
    CHECK((contains(name, "table") || contains(name, "inner") || contains(name, "output")));
  }
  CHECK(logit(control, {1, 4, kThursday, true}) != logit(control, one));
  CHECK(control.item_vectors().shape() == ag::Shape{data.items(), 8});
}

TEST_CASE("click model: its weights are those of the epoch with the best validation AUC") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Scenes scenes(data, with_tables());
  const Impressions impressions = impressions_of(data, with_tables());
  CtrConfig config;
  config.hidden = 8;
  config.batch = 16;
  config.max_epochs = 6;
  config.lr = 0.5;  // too large, so that AUC goes up and down
  const CtrTraining trained = train_ctr(scenes, data.items(), impressions, {}, config);
  const double best = std::ranges::max(trained.validation);
  REQUIRE(trained.validation.back() < best);
  CHECK(trained.validation[static_cast<size_t>(trained.best_epoch - 1)] == best);
  const std::vector<bool> clicks = labels_of(impressions.validation);
  CHECK(auc(click_probabilities(*trained.model, impressions.validation), clicks) ==
        doctest::Approx(best).epsilon(1e-6));
}

TEST_CASE("click model: it learns clicks, and alignment brings clicked scenes near the item vectors") {
  const testing::WorkingFolder here;
  write_scenes();
  const Interactions data = loaded();
  const Scenes scenes(data, with_tables());
  const Impressions impressions = impressions_of(data, with_tables());
  CtrConfig config;
  config.hidden = 8;
  config.batch = 32;
  config.max_epochs = 12;
  config.patience = 12;
  config.lr = 2e-2;
  config.dropout = 0;
  const std::vector<bool> clicks = labels_of(impressions.test);
  const CtrTraining control = train_ctr(scenes, data.items(), impressions, {}, config);
  CHECK(auc(click_probabilities(*control.model, impressions.test), clicks) > 0.9);

  CtrInputs inputs{.features = Tensor::empty({scenes.features(), 4}),
                   .items = Tensor::empty({data.items(), 4})};
  nn::normal_(inputs.features, 1, {1, 0, 1});
  nn::normal_(inputs.items, 1, {1, 0, 2});
  inputs.aligned = control.model->item_vectors();
  const auto aligned_loss = [&](double weight) {
    config.align = weight;
    const CtrTraining trained = train_ctr(scenes, data.items(), impressions, inputs, config);
    std::vector<Impression> clicked;
    std::vector<int32_t> items;
    for (const Impression& x : impressions.train) {
      if (!x.click || std::ranges::count(items, x.item)) continue;
      clicked.push_back(x);
      items.push_back(x.item);
    }
    Tensor scene;
    (*trained.model)(clicked, {}, &scene);
    return contrastive_loss(trained.model->align(scene),
                            ag::embedding(inputs.aligned, Tensor::from_ints(items)), config.align_temperature)
        .item();
  };
  CHECK(aligned_loss(1) < aligned_loss(1e-9));
}

// --- a run -------------------------------------------------------------------------------------------------

TEST_CASE("a run of larr: its models, AUC and log-loss, and its section of the report") {
  const testing::WorkingFolder here;
  write_scenes();
  testing::run_stages(small_larr());
  const Summary summary = ResultsFile("out").read().results.value();
  std::vector<std::string> arms;
  for (const ArmSummary& arm : summary.arms) arms.push_back(arm.name);
  CHECK(arms == std::vector<std::string>{"one_hot", "larr", "no_pretrain", "no_contrast", "no_align",
                                         "untuned", "only_texts", "shuffled"});
  const std::vector<bool> clicks = labels_of(impressions_of(loaded(), with_tables()).test);
  const std::vector<ag::real> values =
      tensor_in("out/click-larr-1.safetensors", "test.probabilities").values();
  CHECK(summary.find("larr")->seeds.at(0).means.at(0).at(0) ==
        doctest::Approx(auc({values.begin(), values.end()}, clicks)));
  CHECK(summary.find("larr")->seeds[0].facts.at(0) ==
        doctest::Approx(1000 * log_loss({values.begin(), values.end()}, clicks)));
  std::set<std::vector<ag::real>> different;  // no two models are the same
  for (const std::string& arm : arms)
    different.insert(tensor_in("out/click-" + arm + "-1.safetensors", "test.probabilities").values());
  CHECK(different.size() == arms.size());
  std::set<std::vector<ag::real>> states;
  for (const Adapted adapted : kAdapted)
    states.insert(
        tensor_in(std::string("out/states-") + name_of(adapted) + ".safetensors", "items").values());
  CHECK(states.size() == 4);
  CHECK(tensor_in("out/adapter-both.safetensors", "new_tokens").values() !=
        tensor_in("out/adapter-contrasted.safetensors", "new_tokens").values());
  const std::string page = report_page(read_report_data("out", report_plan(*settings_of_run("out"))));
  for (const char* part : {"AUC by scene", "id=\"auc-by-scene-t\"", "gender F", "A request reads no tokens"})
    CHECK_MESSAGE(contains(page, part), part);
}

TEST_CASE("larr: a table with another content does not fit the run") {
  const testing::WorkingFolder here;
  write_scenes();
  testing::Options options = small_larr();
  testing::run_stages(options, "", "adapt");
  std::ofstream("data.user", std::ios::app) << "1\t30\tM\tartist\t2000\n";
  options["resume"] = "true";
  CHECK(contains(testing::message_of([&] { testing::run_stages(options, "", "adapt"); }), "user-table"));
}

TEST_CASE("larr: what happens after the cut in time changes no language model and no click model") {
  std::vector<std::vector<ag::real>> found;
  for (const int64_t changed : {0, 20}) {
    const testing::WorkingFolder here;
    write_scenes(changed);
    testing::Options options = small_larr();
    options["seeds"] = "1";
    options["arms"] = "larr";
    testing::run_stages(options);
    found.push_back(tensor_in("out/states-both.safetensors", "items").values());
    found.push_back(tensor_in("out/click-larr-1.safetensors", "test.probabilities").values());
    CHECK(ResultsFile("out").read().results->arms.size() == 2);
  }
  CHECK(found[0] == found[2]);
  CHECK(found[1] == found[3]);
}

TEST_CASE("a run of larr that is stopped repeatedly ends like an uninterrupted one") {
  std::map<std::string, std::string> unbroken;
  testing::Options options = small_larr();
  options["seeds"] = "1";
  options["arms"] = "larr,shuffled";
  options["ctr-batch"] = "128";
  {
    const testing::WorkingFolder here;
    write_scenes();
    testing::run_stages(options);
    unbroken = testing::artefacts("out");
  }
  const testing::WorkingFolder here;
  write_scenes();
  const int64_t stops = testing::run_with_stops(options, 500);
  CHECK(stops > 20);
  testing::check_same(unbroken, testing::artefacts("out"));
}

TEST_CASE("larr refuses data without times, a split, unknown fields and BF16") {
  const testing::WorkingFolder here;
  write_scenes();
  const auto problem = [](const std::string& name, const std::string& value) {
    testing::Options options = small_larr();
    options[name] = value;
    return testing::message_of([&] { testing::run_stages(options); });
  };
  CHECK(contains(problem("split", "temporal"), "larr cuts all impressions in time"));
  CHECK(contains(problem("scene-fields", "age,height"), "scene-fields: found height"));
  CHECK(contains(problem("precision", "bf16"), "precision: found bf16"));
  CHECK(contains(problem("min-click", "9"), "found 0 clicks among"));
  CHECK(contains(problem("data", "synthetic"), "has no times"));
  CHECK(contains(problem("user-table", "data.usr"), "data.usr: there is no such file"));
  CHECK_FALSE(std::filesystem::exists("out"));
}
