// Instruction data: prompts, scorers, and the file of generated examples.
#include "p2rec/llm/instruction.h"

#include "models/tokenizers/byte_tokenizer.h"
#include "tests/folders.h"
#include "tests/testing.h"

using namespace p2rec;

TEST_CASE("a prompt: the instruction, solved examples, the input") {
  const InstructionTask task{.instruction = "Add."};
  CHECK(task_prompt(task, "1 1") == "Add.\n\nInput: 1 1\nOutput:");
  const std::vector<TextPair> shots = {{"2 2", "4"}, {"0 1", "1"}};
  CHECK(task_prompt(task, "1 1", shots) ==
        "Add.\n\nInput: 2 2\nOutput: 4\n\nInput: 0 1\nOutput: 1\n\nInput: 1 1\nOutput:");
}

TEST_CASE("scorers: the same text; the same number after the last ####") {
  CHECK(same_text("Comedy", "Comedy"));
  CHECK_FALSE(same_text("comedy", "Comedy"));
  CHECK(same_number("1 + 2 = 3 #### 3", "#### 3"));
  CHECK(same_number("#### 1,200 apples", "#### 1200"));
  CHECK(same_number("#### 5 #### 7", "#### 7"));
  CHECK_FALSE(same_number("#### 7 #### 5", "#### 7"));
  CHECK_FALSE(same_number("7", "#### 7"));
  CHECK_FALSE(same_number("#### -7", "#### 7"));
  CHECK_FALSE(same_number("####", "####"));
}

TEST_CASE("generated examples come back from their file, and those that were dropped are not kept") {
  const testing::TemporaryFolder folder;
  const nn::Path file = folder.path() / "generated.jsonl";
  const std::vector<Generated> all = {{{"a \"b\"\n", "é"}, "seed", 1, ""}, {{"c", "d"}, "x", 2, "noise"}};
  write_generated(file, all);
  const std::vector<Generated> found = read_generated(file);
  REQUIRE(found.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(found[i].text == all[i].text);
    CHECK(found[i].from == all[i].from);
    CHECK(found[i].round == all[i].round);
    CHECK(found[i].dropped == all[i].dropped);
  }
  CHECK(kept(found) == std::vector<TextPair>{all[0].text});
  nn::write_atomically(file, "{\"input\": \"a\"}\nno json\n");
  CHECK_THROWS_WITH_AS(read_generated(file), doctest::Contains("generated.jsonl:1: it has no entry 'output'"),
                       ag::InputError);
  nn::write_atomically(file, R"({"input": "", "output": "", "from": "", "round": 0, "dropped": ""})");
  CHECK_THROWS_WITH_AS(read_generated(file), doctest::Contains("'round' is 0; expected 1 to 1000"),
                       ag::InputError);
  nn::write_atomically(file, "\nno json\n");
  CHECK_THROWS_WITH_AS(read_generated(file), doctest::Contains("generated.jsonl:2: is not JSON"),
                       ag::InputError);
}
