#include "p2rec/methods/common/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <unordered_map>

#include "nn/io/json.h"
#include "p2rec/data/load_data.h"
#include "p2rec/evaluation/ranking.h"

namespace p2rec {
namespace {

constexpr int64_t kScoresTogether = int64_t{1} << 24;

// A user of the data, or a history given as items, which has no user.
struct Recipient {
  const std::string* user = nullptr;
  std::vector<int32_t> history;
};

// The indices of `ids` among `known`. `field` of the request has the ids; errors name it.
std::vector<int32_t> indices_of(const std::vector<std::string>& known, const std::vector<std::string>& ids,
                                const char* what, const char* field) {
  std::unordered_map<std::string_view, int32_t> index_of;
  for (const std::string& id : known) index_of.emplace(id, static_cast<int32_t>(index_of.size()));
  std::vector<int32_t> indices;
  for (const std::string& id : ids) {
    const auto found = index_of.find(id);
    INPUT_CHECK(found != index_of.end(), field, ": there is no ", what, " '", id,
                "'; hint: ids are written as in the data, for example '", known[0], "'");
    indices.push_back(found->second);
  }
  return indices;
}

std::vector<Recipient> recipients_of(const RecommendRequest& request, const Interactions& data) {
  if (!request.items.empty()) return {{nullptr, indices_of(data.item_ids, request.items, "item", "items")}};
  const std::vector<std::string>& ids = request.all_users ? data.user_ids : request.users;
  INPUT_CHECK(!ids.empty(), "users: found none; expected users or a history of items");
  std::vector<Recipient> recipients;
  for (const int32_t user : indices_of(data.user_ids, ids, "user", "users")) {
    const auto u = static_cast<size_t>(user);
    recipients.push_back({&data.user_ids[u], data.sequences[u]});
  }
  return recipients;
}

// The requested recommender. A run has one for each start and seed.
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

std::unique_ptr<models::SequentialRecommender> load(const Job& job, const TrainedRun& run, int64_t items) {
  const nn::Path file = run.folder / job.file();
  std::error_code none;
  INPUT_CHECK(std::filesystem::exists(file, none), file.string(),
              ": this recommender has not been trained yet; hint: p2rec run --config ",
              (run.folder / "config.toml").string(), " --resume");
  return load_recommender(nn::read_safetensors(file), items, run.recommender);
}

// --- output ------------------------------------------------------------------------------------------------

struct Recommended {
  std::string item, title;
  double score = 0;  // prints with as few digits as the float
};

void print_json(const Recipient& recipient, const std::vector<Recommended>& items, std::ostream& out) {
  nn::OrderedJson line = {{"user", nullptr}, {"items", nn::OrderedJson::array()}};
  if (recipient.user) line["user"] = *recipient.user;
  for (const Recommended& r : items)
    line["items"].push_back({{"item", r.item}, {"score", r.score}, {"title", r.title}});
  out << nn::json_text(line) << "\n";
}

void print(ListFormat format, const Recipient& recipient, const std::vector<Recommended>& items,
           std::ostream& out) {
  if (format == ListFormat::Json) return print_json(recipient, items, out);
  const std::string user = recipient.user ? *recipient.user : "";
  size_t rank = 0;
  for (const Recommended& r : items) {
    ++rank;
    out << (format == ListFormat::Table
                ? fmt::format("{:>3}  {:<10} {:>8.3f}  {}\n", rank, r.item, r.score, r.title)
                : fmt::format("{}\t{}\t{}\t{}\t{}\n", user, rank, r.item, r.score, r.title));
  }
}

// The items with the highest scores (V), without the recipient's history.
std::vector<Recommended> best_of(std::span<const ag::real> scores, int64_t top, const Recipient& recipient,
                                 const Interactions& data) {
  std::vector<Recommended> best;
  for (const int32_t item : top_items(scores, top, recipient.history)) {
    const auto i = static_cast<size_t>(item);
    best.push_back({data.item_ids[i], data.title(i), std::stod(fmt::format("{}", scores[i]))});
  }
  return best;
}

}  // namespace

void recommend(const RecommendRequest& request, const TrainedRun& run, std::ostream& out) {
  const ag::NoGrad no_grad;
  const Interactions data = load_data(run.run.data);
  const std::vector<Recipient> recipients = recipients_of(request, data);
  const Job job = chosen_job(request, jobs_of(run.recommender, run.inits, run.run.seeds), run.method);
  const auto model = load(job, run, data.items());
  const auto items = static_cast<size_t>(data.items());
  const size_t together = std::clamp<size_t>(kScoresTogether / items, 1, kUsersRankedTogether);
  if (request.format == ListFormat::Tsv) out << "user_id\trank\titem_id\tscore\ttitle\n";
  for (size_t begin = 0; begin < recipients.size(); begin += together) {
    const auto block = std::span(recipients).subspan(begin, std::min(together, recipients.size() - begin));
    models::Histories histories;
    for (const Recipient& recipient : block) histories.push_back(recipient.history);
    const ag::Tensor scores = model->scores(model->pack(histories)).to(ag::Device::CPU);
    for (size_t i = 0; i < block.size(); ++i) {
      if (request.format == ListFormat::Table && recipients.size() > 1)
        out << "user " << *block[i].user << "\n";
      print(request.format, block[i],
            best_of({scores.data() + i * items, items}, request.top, block[i], data), out);
    }
  }
}

}  // namespace p2rec
