// Stages that several methods share: a teacher on ids, recommenders from item inits, and their comparison.
#pragma once

#include <memory>

#include "p2rec/evaluation/evaluation.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/training/train_recommender.h"

namespace p2rec {

// The teacher is a SASRec with the recommender's sizes and settings unless `teacher.hidden` etc. are given.
struct TeacherConfig {
  RecommenderConfig recommender;
};
void describe(TeacherConfig& config, const nn::Visit& visit);
TeacherConfig teacher_of(const RecommenderConfig& recommender);

// Trains the teacher. Section: "teacher".
Stage teacher_stage(const TeacherConfig& config);
// The trained teacher's item table (V,d). For stages with the input "pretrain".
ag::Tensor teacher_table(const Context& context);
// The trained teacher. For stages with the section "teacher" and the input "pretrain".
std::unique_ptr<models::SequentialRecommender> teacher_model(const Context& context);
// The reason not to trust the teacher in a verdict; empty: none. For stages with the input "pretrain".
std::string teacher_doubt(const Context& context);

// One recommender of a run: an item init and a seed. Popularity, which is not trained, has only one seed.
struct Job {
  std::string arm;
  uint64_t seed = 1;
  std::string name() const { return arm + "-" + std::to_string(seed); }
  std::string file() const { return "recommender-" + name() + ".safetensors"; }
};
std::vector<Job> jobs_of(const RecommenderConfig& recommender, const ItemInitConfig& inits,
                         const std::vector<uint64_t>& seeds);

// Trains a recommender for each job. Sections: "recommender", "starts". Inputs: the stages of its inits, and
// the teacher if it is among those that they need of the `earlier` stages.
Stage train_stage(const RecommenderConfig& recommender, const ItemInitConfig& config, const ItemInits& inits,
                  const Stages& earlier);

// Ranks the test items and compares the arms. Sections: "recommender", "starts", "evaluation".
Stage evaluate_stage(const ItemInits& inits);

}  // namespace p2rec
