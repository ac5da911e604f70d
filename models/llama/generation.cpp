#include "models/llama/generation.h"

#include <algorithm>

#include "autograd/parallel.h"

namespace models {

using ag::Tensor;

namespace {

struct RunningSequence {
  size_t prompt;  // its index
  KvCache cache;
  std::vector<int32_t> next;  // the tokens that are not in the cache yet: the prompt, later one token
  std::vector<int32_t> result = {};
  bool finished = false;
};

int64_t room_for(const Prompt& prompt, const Generation& config) {
  return static_cast<int64_t>(prompt.ids.size()) + config.tokens;
}

// Lets the next prompts join, in their order, while there is room.
void join(std::vector<RunningSequence>& running, size_t& joined, const Llama& model,
          const std::vector<Prompt>& prompts, const Generation& config) {
  int64_t used = 0;
  for (const RunningSequence& sequence : running) used += sequence.cache.capacity;
  for (; joined < prompts.size(); ++joined) {
    const int64_t room = room_for(prompts[joined], config);
    if (!running.empty() && used + room > config.tokens_at_once) break;
    running.push_back({joined, KvCache(model.config(), room, model.device()), prompts[joined].ids});
    used += room;
  }
}

// One pass over all running sequences: their next tokens.
std::vector<int32_t> next_tokens(std::vector<RunningSequence>& running, const Llama& model,
                                 const std::vector<Prompt>& prompts, const Sampling& sampling) {
  std::vector<std::vector<int32_t>> ids;
  std::vector<KvCache*> caches;
  for (RunningSequence& sequence : running) {
    ids.push_back(std::move(sequence.next));
    caches.push_back(&sequence.cache);
  }
  const Tensor logits = model.decode(ids, caches).to(ag::Device::CPU);
  std::vector<int32_t> tokens(running.size());
  ag::parallel_for(logits.dim(0), logits.dim(1), [&](int64_t b) {
    const RunningSequence& sequence = running[static_cast<size_t>(b)];
    tokens[static_cast<size_t>(b)] =
        next_token(logits.rows(b, b + 1), sampling, static_cast<int64_t>(sequence.result.size()),
                   prompts[sequence.prompt].number);
  });
  return tokens;
}

void append(RunningSequence& sequence, int32_t token, const Generation& config) {
  const bool is_end = std::ranges::count(config.ends, token) > 0;
  if (!is_end) sequence.result.push_back(token);
  sequence.next = {token};
  sequence.finished = is_end || static_cast<int64_t>(sequence.result.size()) == config.tokens;
}

}  // namespace

void generate(const Llama& model, const std::vector<Prompt>& prompts, const Generation& config,
              const std::function<void(size_t, const std::vector<int32_t>&)>& on_finished) {
  AG_CHECK(config.tokens > 0, "generate: ", config.tokens, " tokens; expected at least 1");
  for (const Prompt& prompt : prompts) AG_CHECK(!prompt.ids.empty(), "generate: a prompt has no token");
  std::vector<RunningSequence> running;
  size_t joined = 0;
  for (join(running, joined, model, prompts, config); !running.empty();
       join(running, joined, model, prompts, config)) {
    const std::vector<int32_t> tokens = next_tokens(running, model, prompts, config.sampling);
    for (size_t b = 0; b < running.size(); ++b) {
      append(running[b], tokens[b], config);
      if (running[b].finished) on_finished(running[b].prompt, running[b].result);
    }
    std::erase_if(running, [](const RunningSequence& sequence) { return sequence.finished; });
  }
}

std::vector<int32_t> generate(const Llama& model, const std::vector<int32_t>& prompt,
                              const Generation& config) {
  std::vector<int32_t> result;
  generate(model, {{prompt}}, config, [&](size_t, const std::vector<int32_t>& ids) { result = ids; });
  return result;
}

}  // namespace models
