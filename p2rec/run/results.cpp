#include "p2rec/run/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "autograd/check.h"
#include "nn/io/json.h"

namespace p2rec {

using nn::OrderedJson;

namespace {

const char* const kKeys[] = {"data",           "stages", "groups",
                             "reconstruction", "rows",   "summary"};  // the order of the file

// Calls f with what the file holds, an empty object where there is none; what f does not find there is the file's fault.
void with_content(const nn::Path& path, const std::function<void(OrderedJson&)>& f) {
  OrderedJson json = OrderedJson::object();
  try {
    std::error_code error;
    if (std::filesystem::exists(path, error))
      json = nn::parse_json<OrderedJson>(nn::read_file(path, "results file"), path.string());
    INPUT_CHECK(json.is_object(), path.string(), ": not the results of a run: expected a JSON object");
    f(json);
  } catch (const OrderedJson::exception& problem) {
    throw ag::InputError(ag::message(path.string(), ": not the results of a run: ", problem.what()));
  }
}

void update(const nn::Path& path, const std::function<void(OrderedJson&)>& change) {
  OrderedJson old, json = OrderedJson::object();
  with_content(path, [&](OrderedJson& content) {
    change(content);
    old = content;
  });
  for (const char* key : kKeys) {
    if (old.contains(key)) json[key] = old[key];
  }
  nn::write_atomically(path, nn::json_text(json, 1) + "\n");
}

// {"HR@5": ..., "NDCG@5": ..., ...} of what `value` makes of each element.
template <class T, class F>
OrderedJson metrics_json(const std::vector<int>& cutoffs, const PerMeasure<T>& metrics, const F& value) {
  OrderedJson json;
  for (size_t i = 0; i < cutoffs.size(); ++i) {
    for (const Measure measure : kMeasures) {
      const std::vector<T>& values = metrics.of(measure);
      if (!values.empty()) json[fmt::format("{}@{}", name_of(measure), cutoffs[i])] = value(values.at(i));
    }
  }
  return json;
}

OrderedJson json_of(const Metrics& metrics) {
  return metrics_json<double>(metrics.cutoffs, metrics, [](double x) -> OrderedJson { return x; });
}

// Adds "metrics" and, where there is one, "difference_to_random".
void add_summary(OrderedJson& json, const std::vector<int>& cutoffs, const MetricsSummary& summary) {
  json["metrics"] = metrics_json<Estimate>(cutoffs, summary, [](const Estimate& e) -> OrderedJson {
    return {{"mean", e.mean}, {"std", e.std}};
  });
  if (summary.difference.hr.empty()) return;
  json["difference_to_random"] =
      metrics_json<Difference>(cutoffs, summary.difference, [](const Difference& d) -> OrderedJson {
        return {{"mean", d.mean}, {"low", d.low}, {"high", d.high}, {"resolvable", d.resolvable}};
      });
}

OrderedJson::iterator find_stage(OrderedJson& stages, const std::string& name) {
  return std::find_if(stages.begin(), stages.end(),
                      [&](const OrderedJson& s) { return s.value("name", "") == name; });
}

// --- the same, read ----------------------------------------------------------------------------------------

double number(const OrderedJson& json, const char* key) {
  const OrderedJson& value = json.at(key);
  return value.is_null() ? NAN : value.get<double>();
}

int64_t integer(const OrderedJson& json, const char* key) {
  const OrderedJson& value = json.at(key);
  // A number with a point would be converted silently, and one out of range to anything.
  return value.is_number_integer() ? value.get<int64_t>()
                                   : throw OrderedJson::type_error::create(
                                         302, fmt::format("{} is not a whole number", key), &value);
}

std::string text(const OrderedJson& json, const char* key) { return json.at(key).get<std::string>(); }

// The K of the keys "HR@K".
std::vector<int> cutoffs_of(const OrderedJson& metrics) {
  std::vector<int> cutoffs;
  for (const auto& [key, value] : metrics.items()) {
    int cutoff = 0;
    if (key.starts_with("HR@") &&
        std::from_chars(&key[3], &key[3] + key.size() - 3, cutoff).ec == std::errc())
      cutoffs.push_back(cutoff);
  }
  return cutoffs;
}

// Reads "HR@5" and so on. All cutoffs must be there, MRR may be missing as a whole.
template <class T, class F>
void read_metrics(const OrderedJson& json, const std::vector<int>& cutoffs, const F& value,
                  PerMeasure<T>& metrics) {
  const bool has_mrr = !cutoffs.empty() && json.contains(fmt::format("MRR@{}", cutoffs[0]));
  for (const Measure measure : kMeasures) {
    if (measure == Measure::MRR && !has_mrr) continue;
    for (const int cutoff : cutoffs)
      metrics.of(measure).push_back(value(json.at(fmt::format("{}@{}", name_of(measure), cutoff))));
  }
}

Metrics metrics_from(const OrderedJson& json) {
  Metrics metrics;
  metrics.cutoffs = cutoffs_of(json);
  read_metrics<double>(
      json, metrics.cutoffs, [](const OrderedJson& x) { return x.get<double>(); }, metrics);
  return metrics;
}

void read_summary(const OrderedJson& json, const std::vector<int>& cutoffs, MetricsSummary& summary) {
  const auto estimate = [](const OrderedJson& x) { return Estimate{number(x, "mean"), number(x, "std")}; };
  const auto difference = [](const OrderedJson& x) {
    return Difference{number(x, "mean"), number(x, "low"), number(x, "high"), number(x, "resolvable")};
  };
  read_metrics<Estimate>(json.at("metrics"), cutoffs, estimate, summary);
  if (json.contains("difference_to_random"))
    read_metrics<Difference>(json.at("difference_to_random"), cutoffs, difference, summary.difference);
}

ResultRow row_from(const OrderedJson& json) {
  ResultRow row;
  row.model = text(json, "model");
  row.start = text(json, "start");
  row.seed = static_cast<uint64_t>(integer(json, "seed"));
  row.epochs = integer(json, "epochs");
  row.best_epoch = integer(json, "best_epoch");
  row.metrics = metrics_from(json.at("metrics"));
  if (json.contains("users")) row.metrics.users = integer(json, "users");
  if (!json.contains("splits")) return row;
  for (const auto& [name, split] : json.at("splits").items()) {
    row.splits.push_back({name, metrics_from(split.at("metrics"))});
    row.splits.back().metrics.users = integer(split, "users");
  }
  return row;
}

StartSummary summary_from(const OrderedJson& json) {
  StartSummary s;
  s.model = text(json, "model");
  s.start = text(json, "start");
  s.seeds = integer(json, "seeds");
  s.epochs = number(json, "epochs");
  s.cutoffs = cutoffs_of(json.at("metrics"));
  read_summary(json, s.cutoffs, s);
  if (!json.contains("splits")) return s;
  for (const auto& [name, split] : json.at("splits").items()) {
    SplitSummary& summary = s.splits.emplace_back();
    summary.name = name;
    summary.users = integer(split, "users");
    read_summary(split, s.cutoffs, summary);
  }
  return s;
}

GroupRecord group_from(const OrderedJson& json) {
  GroupRecord group{integer(json, "group"), integer(json, "items"), integer(json, "interactions"), {}};
  for (const OrderedJson& entry : json.at("top")) {
    GroupRecord::Item item;
    item.id = text(entry, "item");
    item.title = text(entry, "title");
    item.interactions = integer(entry, "interactions");
    group.top.push_back(item);
  }
  return group;
}

ReconstructionRecord reconstruction_from(const OrderedJson& json) {
  return {number(json, "train_loss_first"), number(json, "train_loss_last_epoch"),
          number(json, "heldout_loss"),     number(json, "heldout_predict_the_mean"),
          number(json, "heldout_window"),   number(json, "heldout_ridge")};
}

StageRecord stage_from(const OrderedJson& json) {
  StageRecord stage;
  stage.name = text(json, "name");
  stage.seconds = number(json, "seconds");
  stage.peak_rss_mib = number(json, "peak_rss_mib");
  stage.tokens = integer(json, "tokens");
  return stage;
}

template <class T>
void read_list(const OrderedJson& json, const char* key, T (*read)(const OrderedJson&),
               std::vector<T>& list) {
  if (!json.contains(key)) return;
  for (const OrderedJson& entry : json.at(key)) list.push_back(read(entry));
}

}  // namespace

ResultsFile::ResultsFile(const nn::Path& folder) : path_(folder / "results.json") {}

Results ResultsFile::read() const {
  Results results;
  with_content(path_, [&](const OrderedJson& json) {
    if (json.contains("data")) {
      const OrderedJson& data = json.at("data");
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
  update(path_, [&](OrderedJson& json) {
    json["data"] = {{"users", data.users}, {"items", data.items}, {"interactions", data.interactions}};
  });
}

void ResultsFile::set_groups(const std::vector<GroupRecord>& groups) const {
  update(path_, [&](OrderedJson& json) {
    json["groups"] = OrderedJson::array();
    for (const GroupRecord& group : groups) {
      OrderedJson top = OrderedJson::array();
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
  update(path_, [&](OrderedJson& json) {
    OrderedJson& stages = json["stages"];
    if (!stages.is_array()) stages = OrderedJson::array();
    auto it = find_stage(stages, stage.name);
    if (it == stages.end()) it = stages.insert(stages.end(), OrderedJson::object());
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
  with_content(path_, [&](OrderedJson& json) {
    OrderedJson& stages = json["stages"];
    if (const auto it = find_stage(stages, stage); it != stages.end()) seconds = it->value("seconds", 0.0);
  });
  return seconds;
}

void ResultsFile::remove(const std::vector<std::string>& keys, const std::vector<std::string>& stages) const {
  update(path_, [&](OrderedJson& json) {
    for (const std::string& key : keys) json.erase(key);
    OrderedJson& records = json["stages"];
    for (const std::string& stage : stages) {
      if (const auto it = find_stage(records, stage); it != records.end()) records.erase(it);
    }
  });
}

void ResultsFile::set_reconstruction(const ReconstructionRecord& r) const {
  update(path_, [&](OrderedJson& json) {
    json["reconstruction"] = {
        {"train_loss_first", r.train_loss_first}, {"train_loss_last_epoch", r.train_loss_last_epoch},
        {"heldout_loss", r.heldout_loss},         {"heldout_predict_the_mean", r.heldout_predict_the_mean},
        {"heldout_window", r.heldout_window},     {"heldout_ridge", r.heldout_ridge}};
  });
}

void ResultsFile::set_rows(const std::vector<ResultRow>& rows,
                           const std::vector<StartSummary>& summary) const {
  update(path_, [&](OrderedJson& json) {
    json["rows"] = OrderedJson::array();
    for (const ResultRow& row : rows) {
      OrderedJson entry = {{"model", row.model},
                           {"start", row.start},
                           {"seed", row.seed},
                           {"epochs", row.epochs},
                           {"best_epoch", row.best_epoch},
                           {"users", row.metrics.users},
                           {"metrics", json_of(row.metrics)}};
      for (const SplitMetrics& split : row.splits)
        entry["splits"][split.name] = {{"users", split.metrics.users}, {"metrics", json_of(split.metrics)}};
      json["rows"].push_back(entry);
    }
    json["summary"] = OrderedJson::array();
    for (const StartSummary& s : summary) {
      OrderedJson entry = {{"model", s.model}, {"start", s.start}, {"seeds", s.seeds}, {"epochs", s.epochs}};
      add_summary(entry, s.cutoffs, s);
      for (const SplitSummary& split : s.splits) {
        entry["splits"][split.name] = {{"users", split.users}};
        add_summary(entry["splits"][split.name], s.cutoffs, split);
      }
      json["summary"].push_back(entry);
    }
  });
}

}  // namespace p2rec
