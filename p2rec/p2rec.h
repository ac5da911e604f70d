// P2Rec: a language model that parses users' preferences enhances the items of a sequential recommender.
// (Liu et al., "A Practice-Friendly LLM-Enhanced Paradigm with Preference Parsing for Sequential Recommendation",
// arXiv 2406.00333.)
//
// This header is the method's table of contents: one function per step. The method as code, p2rec(data, llm, config), is in
// p2rec/methods/p2rec/p2rec.cpp. The authors published no code, and their full text was not at hand; each function's header says
// where a choice comes from:
//   paper   the paper's abstract and reviews of it
//   re-run  the scripts of another group's re-run (liuqidong07/LLMEmb)
//   ours    this project's choice, an option wherever one could choose otherwise
//
// Data: S_u is user u's sequence without its last two items, which are the validation and the test target.
#pragma once

#include "p2rec/data/load_data.h"                              // interactions from files
#include "p2rec/data/synthetic.h"                              // data with a known truth
#include "p2rec/evaluation/evaluation.h"                       // step 7
#include "p2rec/llm/prompts.h"                                 // how users and items are written for the language model
#include "p2rec/methods/common/item_init.h"                    // step 6: principal components, scaling
#include "p2rec/methods/p2rec/item_augmentation.h"             // step 5
#include "p2rec/methods/p2rec/item_groups.h"                   // step 2
#include "p2rec/methods/p2rec/p2rec.h"                         // all of them in order
#include "p2rec/methods/p2rec/preferences.h"                   // step 3
#include "p2rec/methods/p2rec/reconstruction.h"                // step 4, and what it is compared with
#include "p2rec/training/train_recommender.h"                  // steps 1 and 6

// The steps, with the choices that they make:
//
// 1  pretrain_teacher(data, config)            -> Recommender     paper: a pre-trained sequential recommender gives item
//                                                                 embeddings; ours: SASRec with full cross-entropy
// 2  group_items(item_table, config)           -> ItemGroups      paper: latent categories by clustering, no side
//                                                                 information; ours: k-means++, rows of unit length, K
// 3  user_preferences(data, groups)            -> (users, K)      paper: the prior preference distribution of each user:
//                                                                 g_u[k] = #(items of S_u in group k) / |S_u|
// 4  reconstruct(llm, prompts, data, g, config)-> Reconstruction  paper: one prompt per user, the preference is
//                                                                 reconstructed from it; re-run: LoRA on all linear
//                                                                 layers, last-token pooling; ours: the words, item
//                                                                 tokens, a zero-start linear head, learning rates
// 5  augment_items(reader, prompts)            -> (items, C)      paper: each item alone as a virtual user
// 6  train_from(vectors, data, config)         -> Recommender     paper: the embeddings help various recommenders; ours:
//                                                                 principal components as the item table's start, or
//                                                                 standardised(embeddings) under an adapter, alone or
//                                                                 beside an id table (models/recommenders/item_embedding.h)
// 7  evaluate(recommender, data)               -> Metrics         HR, NDCG and MRR at K, leave-one-out; full ranking
