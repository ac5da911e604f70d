#include "p2rec/methods/common/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "p2rec/data/read_interactions.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {
namespace {

// The index of an id. `field` is the request's field that names it.
int32_t index_of(const std::vector<std::string>& ids, const std::string& id, const char* what,
                 const char* field) {
  const auto it = std::ranges::find(ids, id);
  INPUT_CHECK(it != ids.end(), field, ": there is no ", what, " '", id,
              "'; hint: ids are written as in the data, for example '", ids[0], "'");
  return static_cast<int32_t>(it - ids.begin());
}

std::vector<int32_t> history_of(const RecommendRequest& request, const Interactions& data) {
  if (!request.user.empty())
    return data.sequences[static_cast<size_t>(index_of(data.user_ids, request.user, "user", "user"))];
  std::vector<int32_t> history;
  for (const std::string& item : request.items)
    history.push_back(index_of(data.item_ids, item, "item", "items"));
  return history;
}

// The requested one of the run's recommenders: one for each of its starts with each of its seeds.
Job chosen_job(const RecommendRequest& request, const std::vector<Job>& jobs, const std::string& usual) {
  const bool has_usual = std::ranges::count(jobs, usual, &Job::arm) > 0;
  Job job{has_usual ? usual : jobs[0].arm, request.seed ? request.seed : jobs[0].seed};
  if (!request.start.empty()) job.arm = request.start;
  const auto check = [&](const char* field, const auto& found, const auto member) {
    std::vector known = {jobs[0].*member};
    for (const Job& j : jobs) {
      if (!std::ranges::count(known, j.*member)) known.push_back(j.*member);
    }
    INPUT_CHECK(std::ranges::count(known, found), field, ": found '", found,
                "'; expected one that this run has trained: ", fmt::format("{}", fmt::join(known, ", ")));
  };
  check("start", job.arm, &Job::arm);
  check("seed", job.seed, &Job::seed);
  return job;
}

}  // namespace

void recommend(const RecommendRequest& request, const TrainedRun& run, std::ostream& out) {
  const Interactions data = load_data(run.run.data);
  const std::vector<int32_t> history = history_of(request, data);
  INPUT_CHECK(!history.empty(), "items: there is no history; hint: --user ID, or --items 1,2,3");
  const Job job = chosen_job(request, jobs_of(run.recommender, run.inits, run.run.seeds), run.method);
  const nn::Path file = run.folder / job.file();
  std::error_code none;
  INPUT_CHECK(std::filesystem::exists(file, none), file.string(),
              ": this recommender has not been trained yet; hint: p2rec run --config ",
              (run.folder / "config.toml").string(), " --resume");
  const auto model = load_recommender(nn::read_safetensors(file), data.items(), run.recommender);
  const ag::Tensor scores = model->scores(model->pack({history}));
  const auto best = top_items({scores.data(), static_cast<size_t>(scores.numel())}, request.top, history);
  for (size_t i = 0; i < best.size(); ++i) {
    const auto item = static_cast<size_t>(best[i]);
    out << fmt::format("{:>3}  {:<10} {:>8.3f}  {}\n", i + 1, data.item_ids[item], scores.data()[item],
                       data.titles.empty() ? "" : data.titles[item]);
  }
}

}  // namespace p2rec
