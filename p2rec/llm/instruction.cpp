#include "p2rec/llm/instruction.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "nn/io/json.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

// The number after the last "####" as digits and points, or "".
std::string final_number(const std::string& text) {
  const size_t mark = text.rfind("####");
  std::string number;
  if (mark == text.npos) return number;
  for (const char c : text.substr(mark)) {
    if (c == '-' || c == '.' || (c >= '0' && c <= '9')) number += c;
  }
  return number;
}

}  // namespace

bool same_text(const std::string& answer, const std::string& expected) { return answer == expected; }

bool same_number(const std::string& answer, const std::string& expected) {
  const auto found = parse_field<double>(final_number(answer)),
             right = parse_field<double>(final_number(expected));
  return found && right && *found == *right;
}

std::string text_of(const TextPair& example) {
  return "Input: " + example.input + "\nOutput: " + example.output;
}

std::string task_prompt(const InstructionTask& task, const std::string& input,
                        std::span<const TextPair> shots) {
  std::string prompt = task.instruction + "\n\n";
  for (const TextPair& shot : shots) prompt += text_of(shot) + "\n\n";
  return prompt + "Input: " + input + "\nOutput:";
}

std::vector<int32_t> prompt_tokens(const models::Tokenizer& tokenizer, const std::string& text) {
  std::vector<int32_t> ids = tokenizer.special().before;
  const std::vector<int32_t> rest = tokenizer.encode(text);
  ids.insert(ids.end(), rest.begin(), rest.end());
  return ids;
}

std::vector<int32_t> completion_tokens(const models::Tokenizer& tokenizer, const std::string& output) {
  const std::vector<int32_t>& ends = tokenizer.special().ends;
  std::vector<int32_t> ids = tokenizer.encode(" " + output + (ends.empty() ? "\n" : ""));
  if (!ends.empty()) ids.push_back(ends[0]);
  return ids;
}

std::vector<TextPair> kept(const std::vector<Generated>& all) {
  std::vector<TextPair> texts;
  for (const Generated& g : all) {
    if (g.dropped.empty()) texts.push_back(g.text);
  }
  return texts;
}

void write_generated(const nn::Path& file, const std::vector<Generated>& all) {
  nn::write_atomically(file, [&](std::ostream& out) {
    for (const Generated& g : all) {
      const nn::OrderedJson line = {{"input", g.text.input},
                                    {"output", g.text.output},
                                    {"from", g.from},
                                    {"round", g.round},
                                    {"dropped", g.dropped}};
      out << nn::json_text(line) << '\n';
    }
  });
}

std::vector<Generated> read_generated(const nn::Path& file) {
  const std::string content = nn::read_file(file, "generated examples");
  std::vector<Generated> all;
  for (const Line& line : non_blank_lines(content)) {
    const std::string place = fmt::format("{}:{}", file.string(), line.number);
    try {
      const auto json = nn::parse_json<nn::OrderedJson>(std::string(line.text), place);
      const nn::OrderedJsonReader found{json, place};
      const Generated example{{found["input"].string(), found["output"].string()},
                              found["from"].string(),
                              found["round"].integer(),
                              found["dropped"].string()};
      if (example.round < 1 || example.round > kMostRounds)
        found["round"].refuse(fmt::format("1 to {}", kMostRounds));
      all.push_back(example);
    } catch (const nn::OrderedJson::parse_error&) {
      throw ag::InputError(place + ": is not JSON; expected a generated example");
    }
  }
  return all;
}

}  // namespace p2rec
