#include "p2rec/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "autograd/check.h"
#include "nn/json.h"

namespace p2rec {

using Json = nlohmann::ordered_json;

namespace {

const char* const kKeys[] = {"data",           "stages", "groups",
                             "reconstruction", "rows",   "summary"};  // the order of the file

// Calls f with what the file holds, an empty object where there is none; what f does not find there is the file's fault.
void with_content(const nn::Path& path, const std::function<void(Json&)>& f) {
  Json json = Json::object();
  try {
    std::error_code error;
    if (std::filesystem::exists(path, error))
      json = nn::parse_json<Json>(nn::read_file(path, "results file"), path.string());
    INPUT_CHECK(json.is_object(), path.string(), ": not the results of a run: expected a JSON object");
    f(json);
  } catch (const Json::exception& problem) {
    throw ag::InputError(ag::message(path.string(), ": not the results of a run: ", problem.what()));
  }
}

void update(const nn::Path& path, const std::function<void(Json&)>& change) {
  Json old, json = Json::object();
  with_content(path, [&](Json& content) {
    change(content);
    old = content;
  });
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

// --- the same, read ----------------------------------------------------------------------------------------

double number(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? NAN : value.get<double>();
}

int64_t integer(const Json& json, const char* key) {
  const Json& value = json.at(key);
  // A number with a point would be converted silently, and one out of range to anything.
  return value.is_number_integer()
             ? value.get<int64_t>()
             : throw Json::type_error::create(302, fmt::format("{} is not a whole number", key), &value);
}

std::string text(const Json& json, const char* key) { return json.at(key).get<std::string>(); }

// The K of the keys "HR@K".
std::vector<int> cutoffs_of(const Json& metrics) {
  std::vector<int> cutoffs;
  for (const auto& [key, value] : metrics.items()) {
    int cutoff = 0;
    if (key.starts_with("HR@") &&
        std::from_chars(&key[3], &key[3] + key.size() - 3, cutoff).ec == std::errc())
      cutoffs.push_back(cutoff);
  }
  return cutoffs;
}

// The values of one metric, one for each cutoff.
template <class T>
std::vector<T> per_cutoff(const Json& metrics, const char* metric, const std::vector<int>& cutoffs,
                          const std::function<T(const Json&)>& value) {
  std::vector<T> values;
  for (int cutoff : cutoffs) values.push_back(value(metrics.at(fmt::format("{}@{}", metric, cutoff))));
  return values;
}

ResultRow row_from(const Json& json) {
  ResultRow row;
  row.model = text(json, "model");
  row.start = text(json, "start");
  row.seed = static_cast<uint64_t>(integer(json, "seed"));
  row.epochs = integer(json, "epochs");
  row.best_epoch = integer(json, "best_epoch");
  const std::function<double(const Json&)> value = [](const Json& x) { return x.get<double>(); };
  const Json& metrics = json.at("metrics");
  row.metrics.cutoffs = cutoffs_of(metrics);
  row.metrics.hr = per_cutoff(metrics, "HR", row.metrics.cutoffs, value);
  row.metrics.ndcg = per_cutoff(metrics, "NDCG", row.metrics.cutoffs, value);
  return row;
}

StartSummary summary_from(const Json& json) {
  StartSummary s;
  s.model = text(json, "model");
  s.start = text(json, "start");
  s.seeds = integer(json, "seeds");
  s.epochs = number(json, "epochs");
  const std::function<Estimate(const Json&)> estimate = [](const Json& x) {
    return Estimate{number(x, "mean"), number(x, "std")};
  };
  const std::function<Difference(const Json&)> difference = [](const Json& x) {
    return Difference{number(x, "mean"), number(x, "low"), number(x, "high"), number(x, "resolvable")};
  };
  const Json& metrics = json.at("metrics");
  s.cutoffs = cutoffs_of(metrics);
  s.hr = per_cutoff(metrics, "HR", s.cutoffs, estimate);
  s.ndcg = per_cutoff(metrics, "NDCG", s.cutoffs, estimate);
  if (json.contains("difference_to_random")) {
    const Json& differences = json["difference_to_random"];
    s.hr_difference = per_cutoff(differences, "HR", s.cutoffs, difference);
    s.ndcg_difference = per_cutoff(differences, "NDCG", s.cutoffs, difference);
  }
  return s;
}

GroupRecord group_from(const Json& json) {
  GroupRecord group{integer(json, "group"), integer(json, "items"), integer(json, "interactions"), {}};
  for (const Json& entry : json.at("top")) {
    GroupRecord::Item item;
    item.id = text(entry, "item");
    item.title = text(entry, "title");
    item.interactions = integer(entry, "interactions");
    group.top.push_back(item);
  }
  return group;
}

ReconstructionRecord reconstruction_from(const Json& json) {
  return {number(json, "train_loss_first"), number(json, "train_loss_last_epoch"),
          number(json, "heldout_loss"),     number(json, "heldout_predict_the_mean"),
          number(json, "heldout_window"),   number(json, "heldout_ridge")};
}

StageRecord stage_from(const Json& json) {
  StageRecord stage;
  stage.name = text(json, "name");
  stage.seconds = number(json, "seconds");
  stage.peak_rss_mib = number(json, "peak_rss_mib");
  stage.tokens = integer(json, "tokens");
  return stage;
}

template <class T>
void read_list(const Json& json, const char* key, T (*read)(const Json&), std::vector<T>& list) {
  if (!json.contains(key)) return;
  for (const Json& entry : json.at(key)) list.push_back(read(entry));
}

}  // namespace

ResultsFile::ResultsFile(const nn::Path& folder) : path_(folder / "results.json") {}

Results ResultsFile::read() const {
  Results results;
  with_content(path_, [&](const Json& json) {
    if (json.contains("data")) {
      const Json& data = json.at("data");
      results.data =
          DataCounts{integer(data, "users"), integer(data, "items"), integer(data, "interactions")};
    }
    read_list(json, "stages", stage_from, results.stages);
    read_list(json, "groups", group_from, results.groups);
    if (json.contains("reconstruction"))
      results.reconstruction = reconstruction_from(json.at("reconstruction"));
    read_list(json, "rows", row_from, results.rows);
    read_list(json, "summary", summary_from, results.summary);
  });
  return results;
}

void ResultsFile::set_data(const DataCounts& data) const {
  update(path_, [&](Json& json) {
    json["data"] = {{"users", data.users}, {"items", data.items}, {"interactions", data.interactions}};
  });
}

void ResultsFile::set_groups(const std::vector<GroupRecord>& groups) const {
  update(path_, [&](Json& json) {
    json["groups"] = Json::array();
    for (const GroupRecord& group : groups) {
      Json top = Json::array();
      for (const auto& item : group.top)
        top.push_back({{"item", item.id}, {"title", item.title}, {"interactions", item.interactions}});
      json["groups"].push_back({{"group", group.group},
                                {"items", group.items},
                                {"interactions", group.interactions},
                                {"top", top}});
    }
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
  double seconds = 0;
  with_content(path_, [&](Json& json) {
    Json& stages = json["stages"];
    if (const auto it = find_stage(stages, stage); it != stages.end()) seconds = it->value("seconds", 0.0);
  });
  return seconds;
}

void ResultsFile::remove(const std::vector<std::string>& keys, const std::vector<std::string>& stages) const {
  update(path_, [&](Json& json) {
    for (const std::string& key : keys) json.erase(key);
    Json& records = json["stages"];
    for (const std::string& stage : stages) {
      if (const auto it = find_stage(records, stage); it != records.end()) records.erase(it);
    }
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
