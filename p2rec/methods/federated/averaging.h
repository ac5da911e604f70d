// The server's step: one set of weights from those of the clients.
//
// A LoRA layer adds B A to a frozen weight. With weights w_c of the clients c, which sum to 1,
//
//   P = sum_c w_c B_c A_c                        the mean of the products, which FlexLoRA takes
//   B' = sum_c w_c B_c,    A' = sum_c w_c A_c    the means of the factors: FedAvg averages all tensors apart
//   P - B' A' = sum_c w_c (B_c - B') (A_c - A')
//   P ~ U_r S_r V_r^T
//
// FlexLoRA (Bai et al. 2024, arXiv 2402.11505) takes the factors of the best approximation of P with LoRA's
// rank r, by its singular values, which is the last line.
//
// Ours: B = U_r S_r and A = V_r^T. So the rows of A have length 1, about as long as at LoRA's start, and B is
// small, as there.
#pragma once

#include <vector>

#include "nn/io/safetensors.h"

namespace p2rec {

// A client's update. `weight`: its number of examples.
struct Update {
  nn::NamedTensors tensors;  // on the CPU; the same names and shapes for all clients
  double weight = 0;
};

enum class Averaging : uint8_t {
  Factors,   // FedAvg: every tensor apart
  Products,  // FlexLoRA: a LoRA layer's A and B by their product, all other tensors apart
};

// The mean weighted by examples. Pairs NAME.lora_A.weight (r,in) and NAME.lora_B.weight (out,r) are LoRA
// layers.
nn::NamedTensors averaged(const std::vector<Update>& updates, Averaging averaging);

// |P - B' A'| / |P| over all LoRA layers together (Frobenius norms): what FedAvg gets wrong. 0 if
// all products are zero.
double averaging_gap(const std::vector<Update>& updates);

}  // namespace p2rec
