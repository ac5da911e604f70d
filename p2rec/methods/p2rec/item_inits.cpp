#include "p2rec/methods/p2rec/item_inits.h"

#include "p2rec/methods/common/stages.h"
#include "p2rec/methods/p2rec/group_files.h"

namespace p2rec {
namespace {

using ag::Tensor;

Tensor embeddings(const Context& context, const char* file) {
  return read_item_matrix(context.input("augment", file), "embeddings", context.data().items());
}
Tensor enhanced(const InitRequest& r) {
  return r.reduce(embeddings(r.context, "item_embeddings.safetensors"));
}
Tensor untuned(const InitRequest& r) {
  return r.reduce(embeddings(r.context, "item_embeddings_untuned.safetensors"));
}
Tensor random(const InitRequest& r) {
  return drawn({r.context.data().items(), r.columns}, "start random", r.seed);
}
Tensor code_of_group(const InitRequest& r) {
  const ItemGroups groups = read_groups(r.context.input("groups", kGroupsFile), r.context.data());
  return take_rows(drawn({groups.groups, r.columns}, "start groups", r.seed), groups.group_of);
}

}  // namespace

const ItemInits& p2rec_inits() {
  static const ItemInits inits{
      {{"random", "random numbers", "", random},
       {"p2rec", "the enhanced embeddings", "augment", enhanced, true},
       {"p2rec_shuffled", "the same embeddings, shuffled over the items: the gain must vanish", "augment",
        [](const InitRequest& r) { return shuffled(enhanced(r), r.seed); }},
       {"llm_untuned", "the embeddings of the language model before it was fine-tuned", "augment", untuned},
       {"teacher", "the item table of the teacher: what the language model adds to it", "pretrain",
        [](const InitRequest& r) { return teacher_table(r.context); }},
       {"groups", "a random code per group: what the grouping alone gives", "groups", code_of_group}},
      "augment",
      [](const Context& context) { return embeddings(context, "item_embeddings.safetensors").dim(1); }};
  return inits;
}

}  // namespace p2rec
