#include "p2rec/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/check.h"
#include "nn/json.h"

namespace p2rec {

using Json = nlohmann::ordered_json;

namespace {

const char* const kKeys[] = {"data", "stages", "reconstruction", "rows", "summary"};  // the order of the file

// What `use` makes of the JSON; a file of another shape is the user's mistake.
template <class F>
auto checked(const nn::Path& path, const F& use) {
  try {
    return use();
  } catch (const Json::exception& problem) {
    throw ag::InputError(ag::message(path.string(), ": not the results of a run: ", problem.what()));
  }
}

Json read(const nn::Path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return Json::object();
  return checked(path, [&] {
    Json json = nn::parse_json<Json>(nn::read_file(path, "results file"), path.string());
    INPUT_CHECK(json.is_object(), path.string(), ": not the results of a run: expected a JSON object");
    return json;
  });
}

void update(const nn::Path& path, const std::function<void(Json&)>& change) {
  Json old = read(path), json = Json::object();
  checked(path, [&] { change(old); });
  for (const char* key : kKeys) {
    if (old.contains(key)) json[key] = old[key];
  }
  nn::write_atomically(path, json.dump(1) + "\n");
}

Json metrics_json(const std::vector<int>& cutoffs, const std::function<Json(const char*, size_t)>& value) {
  Json json;
  for (size_t i = 0; i < cutoffs.size(); ++i) {
    for (const char* metric : {"HR", "NDCG"})
      json[fmt::format("{}@{}", metric, cutoffs[i])] = value(metric, i);
  }
  return json;
}

Json::iterator find_stage(Json& stages, const std::string& name) {
  return std::find_if(stages.begin(), stages.end(),
                      [&](const Json& s) { return s.value("name", "") == name; });
}

bool is_hr(const char* metric) { return std::string(metric) == "HR"; }

}  // namespace

ResultsFile::ResultsFile(const nn::Path& folder) : path_(folder / "results.json") {}

void ResultsFile::set_data(int64_t users, int64_t items, int64_t interactions) const {
  update(path_, [&](Json& json) {
    json["data"] = {{"users", users}, {"items", items}, {"interactions", interactions}};
  });
}

void ResultsFile::set_stage(const StageRecord& stage) const {
  update(path_, [&](Json& json) {
    Json& stages = json["stages"];
    if (!stages.is_array()) stages = Json::array();
    auto it = find_stage(stages, stage.name);
    if (it == stages.end()) it = stages.insert(stages.end(), Json::object());
    *it = {
        {"name", stage.name},
        {"seconds", stage.seconds},
        {"peak_rss_mib", stage.peak_rss_mib},
        {"tokens", stage.tokens},
        {"tokens_per_second", stage.seconds > 0 ? static_cast<double>(stage.tokens) / stage.seconds : 0.0}};
  });
}

double ResultsFile::seconds_of(const std::string& stage) const {
  Json json = read(path_);
  return checked(path_, [&] {
    Json& stages = json["stages"];
    const auto it = find_stage(stages, stage);
    return it == stages.end() ? 0.0 : it->value("seconds", 0.0);
  });
}

void ResultsFile::remove(const std::string& key) const {
  update(path_, [&](Json& json) { json.erase(key); });
}

void ResultsFile::remove_stage(const std::string& stage) const {
  update(path_, [&](Json& json) {
    Json& stages = json["stages"];
    if (const auto it = find_stage(stages, stage); it != stages.end()) stages.erase(it);
  });
}

void ResultsFile::set_reconstruction(const ReconstructionRecord& r) const {
  update(path_, [&](Json& json) {
    json["reconstruction"] = {
        {"train_loss_first", r.train_loss_first}, {"train_loss_last_epoch", r.train_loss_last_epoch},
        {"heldout_loss", r.heldout_loss},         {"heldout_predict_the_mean", r.heldout_predict_the_mean},
        {"heldout_window", r.heldout_window},     {"heldout_ridge", r.heldout_ridge}};
  });
}

void ResultsFile::set_rows(const std::vector<ResultRow>& rows,
                           const std::vector<StartSummary>& summary) const {
  update(path_, [&](Json& json) {
    json["rows"] = Json::array();
    for (const ResultRow& row : rows) {
      const auto value = [&](const char* metric, size_t i) -> Json {
        return is_hr(metric) ? row.metrics.hr[i] : row.metrics.ndcg[i];
      };
      json["rows"].push_back({{"model", row.model},
                              {"start", row.start},
                              {"seed", row.seed},
                              {"epochs", row.epochs},
                              {"best_epoch", row.best_epoch},
                              {"metrics", metrics_json(row.metrics.cutoffs, value)}});
    }
    json["summary"] = Json::array();
    for (const StartSummary& s : summary) {
      const auto estimate = [&](const char* metric, size_t i) -> Json {
        const Estimate& e = is_hr(metric) ? s.hr[i] : s.ndcg[i];
        return {{"mean", e.mean}, {"std", e.std}};
      };
      const auto difference = [&](const char* metric, size_t i) -> Json {
        const Difference& d = is_hr(metric) ? s.hr_difference[i] : s.ndcg_difference[i];
        return {{"mean", d.mean}, {"low", d.low}, {"high", d.high}, {"resolvable", d.resolvable}};
      };
      Json entry = {{"model", s.model},
                    {"start", s.start},
                    {"seeds", s.seeds},
                    {"epochs", s.epochs},
                    {"metrics", metrics_json(s.cutoffs, estimate)}};
      if (!s.hr_difference.empty()) entry["difference_to_random"] = metrics_json(s.cutoffs, difference);
      json["summary"].push_back(entry);
    }
  });
}

}  // namespace p2rec
