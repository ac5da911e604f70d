// P2Rec: a language model that parses users' preferences enhances the items of a sequential recommender.
// (Liu et al., "A Practice-Friendly LLM-Enhanced Paradigm with Preference Parsing for Sequential
// Recommendation", arXiv 2406.00333.)
//
// This header is the method's table of contents: one function per step. The method as code,
// p2rec(data, llm, config), is in p2rec/methods/p2rec/p2rec.cpp. The authors published no code, and their
// full text was not available. Each function's header says where a choice comes from:
//   paper   the paper's abstract and reviews of it
//   re-run  the scripts of another group's re-run (liuqidong07/LLMEmb)
//   ours    this project's choice; an option if there is a reasonable alternative
//
// Data: S_u is user u's sequence without its last two items, which are the validation and the test target.
#pragma once

#include "p2rec/data/load_data.h"                   // interactions from files
#include "p2rec/data/synthetic.h"                   // data with a known truth
#include "p2rec/evaluation/evaluation.h"            // step 7
#include "p2rec/llm/prompts.h"                      // users and items as prompts
#include "p2rec/methods/common/item_init.h"         // step 6: principal components, scaling
#include "p2rec/methods/p2rec/item_augmentation.h"  // step 5
#include "p2rec/methods/p2rec/item_groups.h"        // step 2
#include "p2rec/methods/p2rec/p2rec.h"              // all of them in order
#include "p2rec/methods/p2rec/preferences.h"        // step 3
#include "p2rec/methods/p2rec/reconstruction.h"     // step 4 and its baselines
#include "p2rec/training/train_recommender.h"       // steps 1 and 6

// The steps, with the choices that they make:
//
// 1  pretrain_teacher(data, config) -> Recommender
//      paper: a pre-trained sequential recommender gives item embeddings; ours: SASRec with full
//      cross-entropy
// 2  group_items(item_table, config) -> ItemGroups
//      paper: latent categories by clustering, no side information; ours: k-means++, rows of unit length, K
// 3  user_preferences(data, groups) -> (users, K)
//      paper: the prior preference distribution of each user, g_u[k] = #(items of S_u in group k) / |S_u|
// 4  reconstruct(llm, prompts, data, g, config) -> Reconstruction
//      paper: one prompt per user, from which the model reconstructs the preference; re-run: LoRA on all
//      linear layers, last-token pooling; ours: the prompt's words, item tokens, a linear head that starts at
//      zero, learning rates
// 5  augment_items(reader, prompts) -> (items, C)
//      paper: each item by itself as a virtual user
// 6  train_from(vectors, data, config) -> Recommender
//      paper: the embeddings help various recommenders; ours: principal components initialise the item table,
//      or standardised(embeddings) go through an adapter, with or without an id table
//      (models/recommenders/item_embedding.h)
// 7  evaluate(recommender, data) -> Metrics
//      HR, NDCG and MRR at K, leave-one-out; full ranking
