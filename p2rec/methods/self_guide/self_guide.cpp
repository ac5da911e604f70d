#include "p2rec/methods/self_guide/self_guide.h"

#include <algorithm>
#include <set>

#include "autograd/rng.h"
#include "p2rec/methods/self_guide/filters.h"

namespace p2rec {
namespace {

constexpr int64_t kMostEarlier = 10;
constexpr int64_t kInputTopK = 40, kOutputTopK = 10;
constexpr double kOutputTemperature = 0.2;

// "Output: A\nInput: B"
std::string reversed(const TextPair& example) {
  return "Output: " + example.output + "\nInput: " + example.input;
}

// One to ten of the inputs that were kept so far, with their labels; none if there are none.
std::vector<TextPair> drawn_earlier(const std::vector<TextPair>& kept_so_far, const ag::RandomKey& key) {
  const auto n = static_cast<int32_t>(kept_so_far.size());
  std::vector<TextPair> earlier;
  if (n == 0) return earlier;
  const int64_t most = std::min<int64_t>(n, kMostEarlier),
                count = 1 + ag::random_below(key, static_cast<uint64_t>(n), static_cast<uint32_t>(most));
  const std::vector<int32_t> order = ag::random_permutation(key, n);  // reads the elements below n
  for (int64_t i = 0; i < count; ++i)
    earlier.push_back(kept_so_far[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  return earlier;
}

// Why an input is dropped; empty: it is kept. Inserts it into `known`.
std::string fault_of(const std::string& input, const LengthLimits& limits, const SelfGuideOptions& options,
                     std::set<std::string>& known) {
  if (input.empty()) return "empty";
  if (options.filter_length && !limits.holds(input)) return "length";
  if (options.filter_noise && is_noise(input)) return "noise";
  if (options.filter_duplicates && !known.insert(input).second) return "duplicate";
  return "";
}

// The output of an input's answers. An empty `fault` means that it is used.
struct Output {
  std::string text, fault;
};
Output output_of(std::vector<std::string> answers, const InstructionTask& task,
                 const SelfGuideOptions& options) {
  std::erase_if(answers, [&](const std::string& answer) {
    return answer.empty() || (options.filter_noise && is_noise(answer));
  });
  if (answers.empty()) return {"", "no output"};
  const auto agreed = options.filter_consensus ? consensus(answers, options.consensus_share) : answers[0];
  if (!agreed) return {"", "no consensus"};
  if (!options.filter_labels) return {*agreed, ""};
  const auto label = label_in(*agreed, task.labels);
  return label ? Output{*label, ""} : Output{*agreed, "no label"};
}

void balance(std::vector<Generated>& all) {
  std::vector<std::string> labels;
  for (const TextPair& text : kept(all)) labels.push_back(text.output);
  const std::vector<bool> keep = balanced(labels);
  size_t i = 0;
  for (Generated& g : all) {
    if (g.dropped.empty() && !keep[i++]) g.dropped = "balance";
  }
}

}  // namespace

std::string input_prompt(const InstructionTask& task, const std::vector<TextPair>& examples,
                         const std::vector<TextPair>& earlier, const std::string& label) {
  std::string prompt = "Write a new input for the task.\nTask: " + task.instruction + "\n\n";
  for (const TextPair& text : earlier) prompt += reversed(text) + "\n\n";
  for (const TextPair& text : examples) prompt += reversed(text) + "\n\n";
  return prompt + "Output: " + label + "\nInput:";
}

std::vector<Generated> write_inputs(const InstructionTask& task, const std::vector<TextPair>& examples,
                                    const SelfGuideOptions& options, uint64_t seed, TextGenerator& generate) {
  std::vector<std::string> inputs;
  std::set<std::string> known;
  for (const TextPair& example : examples) inputs.push_back(example.input), known.insert(example.input);
  const LengthLimits limits = length_limits(inputs);
  const std::string longest = *std::ranges::max_element(inputs, {}, &std::string::size);
  std::vector<Generated> all;
  std::vector<TextPair> usable;  // the inputs that were kept so far, with the labels asked for
  for (int64_t round = 1; round <= options.rounds; ++round) {
    std::vector<std::string> prompts, labels;
    for (int64_t i = 0; i < options.inputs_per_round; ++i) {
      const auto number = static_cast<uint32_t>((round - 1) * options.inputs_per_round + i);
      const ag::RandomKey of_label{seed, number, ag::stream("label of an input")};
      labels.push_back(task.labels[ag::random_below(of_label, 0, static_cast<uint32_t>(task.labels.size()))]);
      const auto earlier = drawn_earlier(usable, {seed, number, ag::stream("earlier inputs")});
      prompts.push_back(input_prompt(task, examples, earlier, labels.back()));
    }
    const std::vector<std::string> written =
        generate(prompts, longest, {.temperature = options.temperature, .top_k = kInputTopK, .seed = seed});
    for (size_t i = 0; i < written.size(); ++i) {
      all.push_back({{written[i], ""}, labels[i], round, fault_of(written[i], limits, options, known)});
      if (all.back().dropped.empty()) usable.push_back({written[i], labels[i]});
    }
  }
  return all;
}

int64_t outputs_of(const std::vector<Generated>& all, const SelfGuideOptions& options) {
  return std::ssize(kept(all)) * options.outputs_per_input;
}

void write_outputs(const InstructionTask& task, const std::vector<TextPair>& examples,
                   const SelfGuideOptions& options, uint64_t seed, TextGenerator& generate,
                   std::vector<Generated>& all) {
  std::vector<std::string> prompts;
  for (const TextPair& text : kept(all))
    prompts.insert(prompts.end(), static_cast<size_t>(options.outputs_per_input),
                   task_prompt(task, text.input, examples));
  const std::vector<std::string> answers = generate(
      prompts, task.longest_output, {.temperature = kOutputTemperature, .top_k = kOutputTopK, .seed = seed});
  auto next = answers.begin();
  for (Generated& g : all) {
    if (!g.dropped.empty()) continue;
    const auto end = next + options.outputs_per_input;
    const Output output = output_of({next, end}, task, options);
    g.text.output = output.text;
    g.dropped = output.fault;
    next = end;
  }
  if (options.balance) balance(all);
}

}  // namespace p2rec
