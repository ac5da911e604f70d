#include "p2rec/methods/common/final_recommenders.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranking.h"
#include "p2rec/run/recommender_options.h"
#include "p2rec/run/stage_needs.h"

namespace p2rec {
namespace {

// A run has a recommender for each of its starts with each of its seeds.
void check_trained(const std::vector<Job>& jobs, const Job& wanted) {
  std::vector<std::string> starts, seeds;
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  for (const Job& job : jobs) {
    add(starts, job.start);
    add(seeds, std::to_string(job.seed));
  }
  const auto check = [](const char* option, const std::string& found, const std::vector<std::string>& known) {
    INPUT_CHECK(std::find(known.begin(), known.end(), found) != known.end(), option, ": found '", found,
                "'; expected one that this run has trained: ", fmt::format("{}", fmt::join(known, ", ")));
  };
  check("--start", wanted.start, starts);
  check("--seed", std::to_string(wanted.seed), seeds);
}

}  // namespace

std::vector<Job> jobs_of(const Options& o) {
  if (is_popularity(o)) return {{"counts", o.seeds[0]}};
  std::vector<Job> jobs;
  for (const std::string& start : o.starts) {
    for (uint64_t seed : o.seeds) jobs.push_back({start, seed});
  }
  return jobs;
}

std::unique_ptr<models::SequentialRecommender> trained_recommender(const Options& o, const Job& job,
                                                                   int64_t items,
                                                                   const nn::TensorFile& file) {
  return load_recommender(file, items, recommender_config(o, job.seed));
}

void recommend(const RecommendRequest& request, std::ostream& out) {
  const nn::Path folder = request.out;
  std::error_code none;
  INPUT_CHECK(std::filesystem::is_directory(folder, none), "--out: ", request.out,
              " is no folder; expected the folder of a run");
  Options o;
  read_config(o, folder / "config.toml");
  o.device = "cpu";  // wherever it was trained: one history is little work
  const Interactions data = load_data(o.data);
  const auto index_of = [](const std::vector<std::string>& ids, const std::string& id, const char* what,
                           const char* option) {
    const auto it = std::find(ids.begin(), ids.end(), id);
    INPUT_CHECK(it != ids.end(), option, ": there is no ", what, " '", id,
                "'; hint: ids are written as in the data, for example '", ids[0], "'");
    return it - ids.begin();
  };
  std::vector<int32_t> history;
  if (!request.user.empty()) {
    history = data.sequences[static_cast<size_t>(index_of(data.user_ids, request.user, "user", "--user"))];
  } else {
    for (const std::string& item : request.items)
      history.push_back(static_cast<int32_t>(index_of(data.item_ids, item, "item", "--items")));
  }
  INPUT_CHECK(!history.empty(), "recommend: there is no history; hint: --user ID, or --items 1,2,3");
  const std::vector<Job> jobs = jobs_of(o);
  const bool has_p2rec =
      std::any_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.start == "p2rec"; });
  const std::string usual = has_p2rec ? "p2rec" : jobs.at(0).start;
  const Job job{request.start.empty() ? usual : request.start, request.seed ? request.seed : o.seeds[0]};
  check_trained(jobs, job);
  INPUT_CHECK(std::filesystem::exists(folder / job.file(), none), (folder / job.file()).string(),
              ": this recommender has not been trained yet; hint: p2rec run --config ",
              (folder / "config.toml").string(), " --resume");
  const auto model = trained_recommender(o, job, data.items(), nn::read_safetensors(folder / job.file()));
  const ag::Tensor scores = model->scores(model->pack({history}));
  const auto best = top_items({scores.data(), static_cast<size_t>(scores.numel())}, request.top, history);
  for (size_t i = 0; i < best.size(); ++i) {
    const auto item = static_cast<size_t>(best[i]);
    out << fmt::format("{:>3}  {:<10} {:>8.3f}  {}\n", i + 1, data.item_ids[item], scores.data()[item],
                       data.titles.empty() ? "" : data.titles[item]);
  }
}

}  // namespace p2rec
