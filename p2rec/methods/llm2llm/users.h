// LLM2LLM on P2Rec's own task: the users whose preferences are reconstructed worst give more training
// examples.
//
// In each round
//   1. P2Rec's step 4 (p2rec/methods/p2rec/reconstruction.h) learns from the base, on the seed users and all
//      generated ones;
//   2. it predicts the preferences of the seed users;
//   3. each user with an error among the largest gives a sub-sequence: half of the items, in their order. Its
//      target is its own preference, which a program computes: the teacher;
//   4. a near-duplicate is dropped.
//
// The rounds are those of llm2llm.h, with a user's item ids as text; all of this is ours. There is no right
// or wrong here, so a share of the users counts as wrong.
#pragma once

#include "p2rec/methods/llm2llm/llm2llm.h"
#include "p2rec/methods/p2rec/p2rec.h"

namespace p2rec {

struct UserOptions {
  int64_t seed_users = 200;  // at most; drawn from the training users
  double hard_share = 0.2;   // of the seed users: those with the largest errors
  int64_t rounds = 5;
  double rouge = 0.95;
};
void describe(UserOptions& options, const nn::Visit& visit);

struct Llm2LlmUsersConfig : MethodConfig {
  P2RecConfig p2rec;  // steps 1 to 4
  UserOptions options;

  Sections sections() override;
  void check() const override { p2rec.check(); }
  Stages stages() const override;
};

// A sequence as a text of ids, and back. An example has no output: the items tell it.
TextPair text_of(Sequence items, const Interactions& data);
std::vector<int32_t> items_of(const TextPair& text, const Interactions& data);

// Half of the items, rounded up, at random places, in their order.
std::vector<int32_t> sub_sequence(Sequence items, const ag::RandomKey& key);

// The held-out users of `data` (split_users), and a training user for each sequence, all of whose items are
// for training. The held-out users come first.
Interactions with_sequences(const Interactions& data, const std::vector<std::vector<int32_t>>& sequences);

// False for the share of the users with the largest errors; at least one. Ties: the first users.
std::vector<bool> not_hard(const std::vector<double>& errors, double share);

std::vector<ReportSection> llm2llm_users_report_sections();

}  // namespace p2rec
