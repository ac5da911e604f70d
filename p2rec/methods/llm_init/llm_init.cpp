#include "p2rec/methods/llm_init/llm_init.h"

#include "autograd/ops.h"
#include "p2rec/methods/common/title_embeddings.h"

namespace p2rec {
namespace {

using ag::Tensor;

Tensor projected(const InitRequest& r) {
  const ag::NoGrad no_grad;
  const Tensor rows = title_embeddings(r.context);
  return ag::matmul(rows, drawn({rows.dim(1), r.columns}, "random projection", r.seed));
}

}  // namespace

const ItemInits& llm_init_inits() {
  static const ItemInits inits{
      {random_init(),
       {"llm_init",
        "principal components of the titles' embeddings",
        {kEmbedTitles},
        [](const InitRequest& r) { return r.reduce(title_embeddings(r.context)); },
        true},
       {"llm_projected", "a random projection of the titles' embeddings", {kEmbedTitles}, projected},
       {"llm_shuffled",
        "the principal components, shuffled over the items: the gain must vanish",
        {kEmbedTitles},
        [](const InitRequest& r) { return shuffled(r.reduce(title_embeddings(r.context)), r.seed); }}},
      kEmbedTitles,
      [](const Context& context) { return title_embeddings(context).dim(1); }};
  return inits;
}

Sections LlmInitConfig::sections() {
  return {Section::of("recommender", "Recommender", recommender), Section::of("starts", "Recommender", inits),
          Section::of("llm", "Language model", llm), Section::of("evaluation", "Evaluation", ranking)};
}

void LlmInitConfig::check() const {
  p2rec::check(recommender);
  p2rec::check(ranking);
}

Stages LlmInitConfig::stages() const {
  Stages stages;
  if (llm.is_tiny()) stages.push_back(tiny_llm_stage());
  stages.push_back(embed_titles_stage(llm));
  stages.push_back(train_stage(recommender, inits, llm_init_inits(), stages));
  stages.push_back(evaluate_stage(llm_init_inits()));
  return stages;
}

}  // namespace p2rec
