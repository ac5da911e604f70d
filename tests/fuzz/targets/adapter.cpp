// The configuration of a PEFT adapter, in a folder with valid weights.
#include "nn/lora.h"
#include "nn/peft_adapter.h"
#include "tests/fuzz/target.h"

namespace {

struct Model : nn::Module {
  nn::Linear q_proj{4, 4, false}, v_proj{4, 2, false};
  Model() {
    child("model.q_proj", q_proj);
    child("model.v_proj", v_proj);
  }
};

nn::LoraConfig config() {
  nn::LoraConfig c;
  c.targets = {"q_proj", "v_proj"};
  c.rank = 2;
  return c;
}

nn::Path write_weights() {
  Model model;
  nn::attach_lora(model, config());
  nn::write_adapter(fuzz::folder() / "adapter", model, config(), "base");
  return fuzz::folder() / "adapter";
}

}  // namespace

FUZZ_TARGET(adapter) {
  static const nn::Path folder = write_weights();
  fuzz::file("adapter/adapter_config.json", bytes);
  Model model;
  const nn::LoraConfig found = nn::read_adapter(folder, model);
  FUZZ_CHECK(found.rank == 2);
}
