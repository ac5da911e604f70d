#include "p2rec/methods/p2rec/p2rec.h"
#include "p2rec/methods/p2rec/preferences.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr const char* kAugment = "augment";

Tensor embeddings(const Context& context, const char* file = "item_embeddings.safetensors") {
  return read_item_matrix(context.input(kAugment, file), "embeddings", context.data().items());
}
Tensor enhanced(const InitRequest& r) { return r.reduce(embeddings(r.context)); }
Tensor untuned(const InitRequest& r) {
  return r.reduce(embeddings(r.context, "item_embeddings_untuned.safetensors"));
}
Tensor code_of_group(const InitRequest& r) {
  const ItemGroups groups = read_groups(r.context.input("groups", kGroupsFile), r.context.data());
  return take_rows(drawn({groups.groups, r.columns}, "start groups", r.seed), groups.group_of);
}

Tensor shuffled_by_group(const InitRequest& r) {
  const ItemGroups groups = read_groups(r.context.input("groups", kGroupsFile), r.context.data());
  return shuffled_in_groups(enhanced(r), groups.group_of, r.seed);
}

}  // namespace

const ItemInits& p2rec_inits() {
  static const ItemInits inits{
      {random_init(),
       {"p2rec", "the enhanced embeddings", {kAugment}, enhanced, true},
       {"p2rec_shuffled",
        "the same embeddings, shuffled over the items: the gain must vanish",
        {kAugment},
        [](const InitRequest& r) { return shuffled(enhanced(r), r.seed); }},
       {"llm_untuned", "the embeddings of the language model before fine-tuning", {kAugment}, untuned},
       {"teacher",
        "the teacher's item table: shows what the language model adds",
        {"pretrain"},
        [](const InitRequest& r) { return teacher_table(r.context); }},
       {"groups", "a random vector per group: shows what the grouping gives", {"groups"}, code_of_group},
       {"p2rec_shuffled_in_groups",
        "the embeddings, shuffled within each group: what they know beyond the groups is lost",
        {kAugment, "groups"},
        shuffled_by_group,
        false,
        {},
        false}},
      kAugment,
      [](const Context& context) { return embeddings(context).dim(1); }};
  return inits;
}

}  // namespace p2rec
