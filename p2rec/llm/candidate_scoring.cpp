#include "p2rec/llm/candidate_scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/parallel.h"
#include "p2rec/llm/embed.h"

namespace p2rec {
namespace {

using ag::Tensor;

// log softmax(row)[chosen]
double log_probability(const ag::real* row, int64_t size, int32_t chosen) {
  const double most = *std::max_element(row, row + size);
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += std::exp(row[i] - most);
  return row[chosen] - most - std::log(sum);
}

}  // namespace

std::vector<double> title_scores(const models::Llama& llm, const std::vector<int32_t>& prompt,
                                 const TitleTokens& titles) {
  AG_CHECK(prompt.size() >= 2, "title_scores: a prompt of ", prompt.size(), " tokens");
  const ag::NoGrad no_grad;
  // The prompt but its last token is computed once. That token and a title's tokens but the last one predict
  // the title.
  const models::SharedPrefix prefix =
      llm.shared_prefix(llm.embed(Tensor::from_ints({prompt.begin(), prompt.end() - 1})));
  TitleTokens inputs;
  for (const std::vector<int32_t>& title : titles) {
    AG_CHECK(!title.empty(), "title_scores: a title without tokens");
    inputs.push_back({prompt.back()});
    inputs.back().insert(inputs.back().end(), title.begin(), title.end() - 1);
  }
  const nn::Packed x = after_prefix(nn::pack(inputs), prefix);
  const Tensor logits = llm.logits(llm.hidden_states(x, &prefix)).to(ag::Device::CPU);
  const int64_t V = logits.dim(1);
  std::vector<double> scores(titles.size());
  ag::parallel_for(std::ssize(titles), V * x.offsets.longest(), [&](int64_t i) {
    const auto title = static_cast<size_t>(i);
    for (size_t t = 0; t < titles[title].size(); ++t)
      scores[title] += log_probability(logits.data() + (x.offsets.at(i) + static_cast<int64_t>(t)) * V, V,
                                       titles[title][t]);
  });
  return scores;
}

Tensor title_vectors(const models::Llama& llm, const TitleTokens& titles) {
  const Tensor rows =
      (llm.lm_head() ? llm.lm_head()->weight : llm.token_table()).to(ag::Device::CPU).widened();
  const int64_t C = rows.dim(1);
  Tensor vectors = Tensor::zeros({std::ssize(titles), C});
  for (int64_t i = 0; i < std::ssize(titles); ++i) {
    const std::vector<int32_t>& title = titles[static_cast<size_t>(i)];
    AG_CHECK(!title.empty(), "title_vectors: a title without tokens");
    const auto share = static_cast<ag::real>(1.0 / static_cast<double>(title.size()));
    for (const int32_t token : title) {
      for (int64_t c = 0; c < C; ++c) vectors.data()[i * C + c] += share * rows.data()[token * C + c];
    }
  }
  return vectors.to(llm.device());
}

Tensor score_rows(int64_t rows, int64_t columns, const std::string& what,
                  const std::function<std::vector<double>(int64_t row)>& scores, const Task& task) {
  Tensor table = Tensor::zeros({rows, columns});
  int64_t done = 0;
  if (const auto saved = task.resume()) {
    table.copy_from(saved->at("table"));
    done = std::stoll(saved->metadata.at("done"));
  }
  while (done < rows) {
    const int64_t own = done + task.ranks().rank(), n = own < rows ? 1 : 0;
    const Tensor found = Tensor::from({n, columns}, n ? scores(own) : std::vector<double>()),
                 all = task.ranks().all_gather(found);
    table.rows(done, done + all.dim(0)).copy_from(all);
    done += all.dim(0);
    if (task.progress(double(done) / double(rows))) task.show(fmt::format("{} {} of {}", what, done, rows));
    if (task.save_due()) task.save(done - 1, {{"table", table}}, {{"done", std::to_string(done)}});
    task.check_stop();
  }
  return table;
}

}  // namespace p2rec
