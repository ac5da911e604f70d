#include "p2rec/methods/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "p2rec/methods/common/user_examples.h"
#include "p2rec/methods/federated/federated.h"
#include "p2rec/methods/larr/larr.h"
#include "p2rec/methods/llm_init/llm_init.h"
#include "p2rec/methods/llmemb/llmemb.h"
#include "p2rec/methods/llmseqsim/llmseqsim.h"
#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/p2rec/report_sections.h"

namespace p2rec {
namespace {

template <class Config>
std::unique_ptr<MethodConfig> make() {
  return std::make_unique<Config>();
}

const Method kMethods[] = {
    {"p2rec", "arXiv 2406.00333", "a language model tuned to reconstruct users' preferences embeds the items",
     make<P2RecConfig>, p2rec_report_sections},
    {"llm_init", "arXiv 2402.01339", "an untuned language model embeds the items' titles",
     make<LlmInitConfig>, [] { return std::vector{users_section()}; }},
    {"federated", "arXiv 2309.00363",
     "clients that keep their users' data fine-tune a language model together", make<FederatedConfig>,
     federated_report_sections},
    {"larr", "arXiv 2408.11523", "a language model's view of a scene helps to predict clicks",
     make<LarrConfig>, larr_report_sections},
    {"llmseqsim", "arXiv 2402.01339", "items like the user's, by an untuned language model; no training",
     make<LlmSeqSimConfig>, [] { return std::vector{users_section()}; }},
    {"llmemb", "arXiv 2409.19925",
     "a language model tuned on items' attributes embeds them; an adapter aligns", make<LlmEmbConfig>,
     [] { return std::vector{users_section()}; }},
};

}  // namespace

std::span<const Method> methods() { return kMethods; }

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method& method : kMethods) names.emplace_back(method.name);
  return names;
}

const Method& method_named(const std::string& name) {
  const auto found = std::ranges::find(kMethods, name, &Method::name);
  INPUT_CHECK(found != std::end(kMethods), "method: found '", name, "'; expected one of ",
              fmt::format("{}", fmt::join(method_names(), ", ")));
  return *found;
}

}  // namespace p2rec
