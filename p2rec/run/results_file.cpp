#include "p2rec/run/results_file.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/check.h"
#include "nn/io/json.h"

namespace p2rec {

using nn::OrderedJson;

namespace {

// Calls f with what the file holds, an empty object if there is none; what f does not find there is the file's fault.
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
  for (const char* key : {"data", "stages", "sections", "results"}) {  // the order of the file
    if (old.contains(key)) json[key] = old[key];
  }
  nn::write_atomically(path, nn::json_text(json, 1) + "\n");
}

OrderedJson::iterator find_stage(OrderedJson& stages, const std::string& name) {
  return std::find_if(stages.begin(), stages.end(),
                      [&](const OrderedJson& s) { return s.value("name", "") == name; });
}

// --- written -----------------------------------------------------------------------------------------------

OrderedJson json_of(double value) { return value; }
OrderedJson json_of(const Estimate& e) { return {{"mean", e.mean}, {"std", e.std}}; }
OrderedJson json_of(const Difference& d) {
  return {{"mean", d.mean}, {"low", d.low}, {"high", d.high}, {"resolvable", d.resolvable}};
}

// {"HR@5": ..., "NDCG@5": ...}
template <class T>
OrderedJson named(const std::vector<std::string>& names, const std::vector<T>& values) {
  OrderedJson json = OrderedJson::object();
  for (size_t i = 0; i < values.size(); ++i) json[names.at(i)] = json_of(values[i]);
  return json;
}

// {"all": {"HR@5": ...}, "rare": {"HR@5": ...}}
template <class T>
OrderedJson by_part(const Summary& s, const std::vector<std::vector<T>>& values) {
  OrderedJson json;
  for (size_t p = 0; p < values.size(); ++p) json[s.parts.at(p).name] = named(s.measures, values[p]);
  return json;
}

OrderedJson json_of(const Summary& s, const ArmSummary& arm) {
  OrderedJson json = {{"name", arm.name},
                      {"meaning", arm.meaning},
                      {"is_the_method", arm.is_the_method},
                      {"facts", named(s.facts, arm.facts)},
                      {"metrics", by_part(s, arm.metrics)}};
  if (!arm.differences.empty()) json["differences"] = by_part(s, arm.differences);
  for (const SeedSummary& seed : arm.seeds)
    json["seeds"].push_back(
        {{"seed", seed.seed}, {"facts", named(s.facts, seed.facts)}, {"metrics", by_part(s, seed.means)}});
  return json;
}

OrderedJson json_of(const Summary& s) {
  OrderedJson json = {{"about", s.about},       {"arm", s.arm},           {"unit", s.unit},
                      {"measures", s.measures}, {"headline", s.headline}, {"facts", s.facts},
                      {"baseline", s.baseline}};
  for (const UnitPart& part : s.parts)
    json["parts"].push_back({{"name", part.name}, {"meaning", part.meaning}, {"units", part.units}});
  for (const ArmSummary& arm : s.arms) json["arms"].push_back(json_of(s, arm));
  return json;
}

// --- read --------------------------------------------------------------------------------------------------

double number(const OrderedJson& json) { return json.is_null() ? NAN : json.get<double>(); }
double number(const OrderedJson& json, const char* key) { return number(json.at(key)); }

int64_t integer(const OrderedJson& json, const char* key) {
  const OrderedJson& value = json.at(key);
  // A number with a point would be converted silently, and one out of range to anything.
  return value.is_number_integer()
             ? value.get<int64_t>()
             : throw OrderedJson::type_error::create(302, std::string(key) + " is not an integer", &value);
}

std::string text(const OrderedJson& json, const char* key) { return json.at(key).get<std::string>(); }

template <class T, class F>
std::vector<T> list(const OrderedJson& json, const char* key, const F& read) {
  std::vector<T> values;
  for (const OrderedJson& entry : json.at(key)) values.push_back(read(entry));
  return values;
}

std::vector<std::string> strings(const OrderedJson& json, const char* key) {
  return list<std::string>(json, key, [](const OrderedJson& entry) { return entry.get<std::string>(); });
}

Estimate estimate_from(const OrderedJson& json) { return {number(json, "mean"), number(json, "std")}; }
Difference difference_from(const OrderedJson& json) {
  return {number(json, "mean"), number(json, "low"), number(json, "high"), number(json, "resolvable")};
}
double value_from(const OrderedJson& json) { return number(json); }

// All names must be there.
template <class T>
std::vector<T> of_names(const std::vector<std::string>& names, const OrderedJson& json,
                        T (*read)(const OrderedJson&)) {
  std::vector<T> values;
  for (const std::string& name : names) values.push_back(read(json.at(name)));
  return values;
}

template <class T>
std::vector<std::vector<T>> of_parts(const Summary& s, const OrderedJson& json,
                                     T (*read)(const OrderedJson&)) {
  std::vector<std::vector<T>> values;
  for (const UnitPart& part : s.parts) values.push_back(of_names(s.measures, json.at(part.name), read));
  return values;
}

ArmSummary arm_from(const Summary& s, const OrderedJson& json) {
  ArmSummary arm;
  arm.name = text(json, "name");
  arm.meaning = text(json, "meaning");
  arm.is_the_method = json.at("is_the_method").get<bool>();
  arm.facts = of_names(s.facts, json.at("facts"), value_from);
  arm.metrics = of_parts(s, json.at("metrics"), estimate_from);
  if (json.contains("differences")) arm.differences = of_parts(s, json.at("differences"), difference_from);
  arm.seeds = list<SeedSummary>(json, "seeds", [&](const OrderedJson& seed) {
    return SeedSummary{static_cast<uint64_t>(integer(seed, "seed")),
                       of_names(s.facts, seed.at("facts"), value_from),
                       of_parts(s, seed.at("metrics"), value_from)};
  });
  return arm;
}

Summary summary_from(const OrderedJson& json, const nn::Path& path) {
  Summary s;
  s.about = text(json, "about");
  s.arm = text(json, "arm");
  s.unit = text(json, "unit");
  s.measures = strings(json, "measures");
  s.headline = strings(json, "headline");
  s.facts = strings(json, "facts");
  s.baseline = text(json, "baseline");
  s.parts = list<UnitPart>(json, "parts", [](const OrderedJson& part) {
    return UnitPart{text(part, "name"), text(part, "meaning"), integer(part, "units")};
  });
  s.arms = list<ArmSummary>(json, "arms", [&](const OrderedJson& arm) { return arm_from(s, arm); });
  INPUT_CHECK(!s.headline.empty() && !s.parts.empty() && !s.arms.empty(), path.string(),
              ": its results have no headline, parts or arms");
  for (const std::string& measure : s.headline)
    INPUT_CHECK(std::ranges::count(s.measures, measure), path.string(), ": its results have no ", measure);
  return s;
}

StageRecord stage_from(const OrderedJson& json) {
  StageRecord stage;
  stage.name = text(json, "name");
  stage.seconds = number(json, "seconds");
  stage.peak_rss_mib = number(json, "peak_rss_mib");
  stage.tokens = integer(json, "tokens");
  return stage;
}

}  // namespace

ResultsFile::ResultsFile(const nn::Path& folder) : path_(folder / "results.json") {}

RunResults ResultsFile::read() const {
  RunResults results;
  with_content(path_, [&](const OrderedJson& json) {
    if (json.contains("data")) {
      const OrderedJson& data = json.at("data");
      results.data =
          DataCounts{integer(data, "users"), integer(data, "items"), integer(data, "interactions")};
    }
    if (json.contains("stages")) results.stages = list<StageRecord>(json, "stages", stage_from);
    if (json.contains("sections")) {
      for (const auto& [stage, section] : json.at("sections").items())
        results.sections[stage] = nn::json_text(section);
    }
    if (!json.contains("results")) return;
    results.results = summary_from(json.at("results"), path_);
    results.evaluated_by = text(json.at("results"), "stage");
  });
  return results;
}

void ResultsFile::set_data(const DataCounts& data) const {
  update(path_, [&](OrderedJson& json) {
    json["data"] = {{"users", data.users}, {"items", data.items}, {"interactions", data.interactions}};
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

void ResultsFile::set_section(const std::string& stage, const OrderedJson& section) const {
  update(path_, [&](OrderedJson& json) { json["sections"][stage] = section; });
}

void ResultsFile::set_results(const std::string& stage, const Summary& summary) const {
  update(path_, [&](OrderedJson& json) {
    json["results"] = {{"stage", stage}};
    json["results"].update(json_of(summary));
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

void ResultsFile::remove(const std::vector<std::string>& stages) const {
  update(path_, [&](OrderedJson& json) {
    OrderedJson& records = json["stages"];
    for (const std::string& stage : stages) {
      if (const auto it = find_stage(records, stage); it != records.end()) records.erase(it);
      if (json.contains("sections")) json["sections"].erase(stage);
      if (json.contains("results") && json["results"].value("stage", "") == stage) json.erase("results");
    }
  });
}

}  // namespace p2rec
