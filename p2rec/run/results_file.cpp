#include "p2rec/run/results_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "nn/io/json.h"

namespace p2rec {
namespace {

using nn::OrderedJson;
using Reader = nn::OrderedJsonReader;

OrderedJson content_of(const nn::Path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) ? nn::read_json_object<OrderedJson>(path, "results file")
                                              : OrderedJson::object();
}

void update(const nn::Path& path, const std::function<void(OrderedJson&)>& change) try {
  OrderedJson changed = content_of(path), json = OrderedJson::object();
  change(changed);
  for (const char* key : {"data", "stages", "sections", "results"}) {  // the order of the file
    if (changed.contains(key)) json[key] = changed[key];
  }
  nn::write_atomically(path, nn::json_text(json, 1) + "\n");
} catch (const OrderedJson::exception& problem) {
  throw ag::InputError(ag::message(path.string(), ": not the results of a run: ", problem.what()));
}

bool has_value(const OrderedJson& json, const char* key, const std::string& value) {
  return json.is_object() && json.value(key, OrderedJson()) == value;
}

OrderedJson::iterator find_stage(OrderedJson& stages, const std::string& name) {
  return std::find_if(stages.begin(), stages.end(),
                      [&](const OrderedJson& stage) { return has_value(stage, "name", name); });
}

// --- writing -----------------------------------------------------------------------------------------------

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
    json["seeds"].push_back({{"seed", seed.seed},
                             {"facts", named(s.facts, seed.facts)},
                             {"doubt", seed.doubt},
                             {"metrics", by_part(s, seed.means)}});
  return json;
}

OrderedJson json_of(const Summary& s) {
  OrderedJson json = {{"about", s.about},       {"arm", s.arm},           {"unit", s.unit},
                      {"measures", s.measures}, {"headline", s.headline}, {"facts", s.facts},
                      {"note", s.note},         {"baseline", s.baseline}};
  for (const UnitPart& part : s.parts)
    json["parts"].push_back({{"name", part.name}, {"meaning", part.meaning}, {"units", part.units}});
  for (const ArmSummary& arm : s.arms) json["arms"].push_back(json_of(s, arm));
  return json;
}

// --- reading -----------------------------------------------------------------------------------------------

double number_from(const Reader& json) { return json.json.is_null() ? NAN : json.number(); }
std::string text_from(const Reader& json) { return json.string(); }
Estimate estimate_from(const Reader& json) { return {number_from(json["mean"]), number_from(json["std"])}; }
Difference difference_from(const Reader& json) {
  return {number_from(json["mean"]), number_from(json["low"]), number_from(json["high"]),
          number_from(json["resolvable"])};
}
UnitPart unit_part_from(const Reader& json) {
  return {text_from(json["name"]), text_from(json["meaning"]), json["units"].integer()};
}
StageRecord stage_record_from(const Reader& json) {
  return {text_from(json["name"]), number_from(json["seconds"]), number_from(json["peak_rss_mib"]),
          json["tokens"].integer()};
}

template <class F>
auto list_from(const Reader& json, const F& read) {
  std::vector<decltype(read(json))> values;
  for (const Reader& entry : json.list()) values.push_back(read(entry));
  return values;
}

std::vector<int64_t> bins_from(const Reader& json) {
  INPUT_CHECK(json.list().size() < 64, json.place(), " has ", json.list().size(),
              " bins; expected at most 63");
  return list_from(json, [](const Reader& bin) { return bin.integer(); });
}

// The entries with these names. Throws ag::InputError if one is missing.
template <class F>
auto named_from(const std::vector<std::string>& names, const Reader& json, const F& read) {
  std::vector<decltype(read(json))> values;
  for (const std::string& name : names) values.push_back(read(json[name.c_str()]));
  return values;
}

template <class F>
auto by_part_from(const Summary& s, const Reader& json, const F& read) {
  std::vector<std::vector<decltype(read(json))>> values;
  for (const UnitPart& part : s.parts)
    values.push_back(named_from(s.measures, json[part.name.c_str()], read));
  return values;
}

ArmSummary arm_summary_from(const Summary& s, const Reader& json) {
  ArmSummary arm;
  arm.name = text_from(json["name"]);
  arm.meaning = text_from(json["meaning"]);
  arm.is_the_method = json["is_the_method"].flag();
  arm.facts = named_from(s.facts, json["facts"], number_from);
  arm.metrics = by_part_from(s, json["metrics"], estimate_from);
  if (json.has("differences")) arm.differences = by_part_from(s, json["differences"], difference_from);
  arm.seeds = list_from(json["seeds"], [&](const Reader& seed) {
    return SeedSummary{static_cast<uint64_t>(seed["seed"].integer()),
                       named_from(s.facts, seed["facts"], number_from), text_from(seed["doubt"]),
                       by_part_from(s, seed["metrics"], number_from)};
  });
  return arm;
}

Summary summary_from(const Reader& json) {
  Summary s;
  s.about = text_from(json["about"]);
  s.arm = text_from(json["arm"]);
  s.unit = text_from(json["unit"]);
  s.measures = list_from(json["measures"], text_from);
  s.headline = list_from(json["headline"], text_from);
  s.facts = list_from(json["facts"], text_from);
  s.note = text_from(json["note"]);
  s.baseline = text_from(json["baseline"]);
  s.parts = list_from(json["parts"], unit_part_from);
  s.arms = list_from(json["arms"], [&](const Reader& arm) { return arm_summary_from(s, arm); });
  INPUT_CHECK(!s.headline.empty() && !s.parts.empty() && !s.arms.empty(), json.place(),
              " has no headline, parts or arms");
  for (const std::string& measure : s.headline)
    INPUT_CHECK(std::ranges::count(s.measures, measure), json.place(), " has no measure ", measure);
  return s;
}

}  // namespace

DataCounts counts_of(const Interactions& data) {
  DataCounts counts{data.users(), data.items(), data.interactions()};
  const auto add = [](std::vector<int64_t>& bins, uint64_t value) {
    const auto bin = static_cast<size_t>(std::bit_width(value));
    bins.resize(std::max(bins.size(), bin + 1));
    ++bins[bin];
  };
  for (const auto& sequence : data.sequences) add(counts.lengths, sequence.size());
  for (const int64_t count : item_counts(data, CountedPart::Training))
    add(counts.popularity, static_cast<uint64_t>(count));
  return counts;
}

ResultsFile::ResultsFile(const nn::Path& folder) : path_(folder / "results.json") {}

RunResults ResultsFile::read() const {
  const OrderedJson content = content_of(path_);
  const Reader json{content, path_.string()};
  RunResults results;
  if (json.has("data")) {
    const Reader data = json["data"];
    results.data =
        DataCounts{data["users"].integer(), data["items"].integer(), data["interactions"].integer(),
                   bins_from(data["lengths"]), bins_from(data["popularity"])};
  }
  if (json.has("stages")) results.stages = list_from(json["stages"], stage_record_from);
  if (json.has("sections")) {
    for (const auto& [stage, section] : json["sections"].json.items())
      results.sections[stage] = nn::json_text(section);
  }
  if (json.has("results")) {
    results.results = summary_from(json["results"]);
    results.evaluated_by = text_from(json["results"]["stage"]);
  }
  return results;
}

double ResultsFile::seconds_of(const std::string& stage) const {
  for (const StageRecord& record : read().stages) {
    if (record.name == stage) return record.seconds;
  }
  return 0;
}

void ResultsFile::set_data(const DataCounts& data) const {
  update(path_, [&](OrderedJson& json) {
    json["data"] = {{"users", data.users},
                    {"items", data.items},
                    {"interactions", data.interactions},
                    {"lengths", data.lengths},
                    {"popularity", data.popularity}};
  });
}

void ResultsFile::set_stage(const StageRecord& stage) const {
  const OrderedJson record = {
      {"name", stage.name},
      {"seconds", stage.seconds},
      {"peak_rss_mib", stage.peak_rss_mib},
      {"tokens", stage.tokens},
      {"tokens_per_second", stage.seconds > 0 ? static_cast<double>(stage.tokens) / stage.seconds : 0.0}};
  update(path_, [&](OrderedJson& json) {
    OrderedJson& stages = json["stages"];
    if (const auto old = find_stage(stages, stage.name); old != stages.end()) {
      *old = record;
    } else {
      stages.push_back(record);
    }
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

void ResultsFile::remove(const std::vector<std::string>& stages) const {
  update(path_, [&](OrderedJson& json) {
    for (const std::string& stage : stages) {
      OrderedJson& records = json["stages"];
      if (const auto record = find_stage(records, stage); record != records.end()) records.erase(record);
      if (json.contains("sections")) json["sections"].erase(stage);
      if (json.contains("results") && has_value(json["results"], "stage", stage)) json.erase("results");
    }
  });
}

}  // namespace p2rec
