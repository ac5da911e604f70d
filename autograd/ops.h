// THE list of differentiable operations: free functions, each with its formula and shapes.
//
// Unless an op says otherwise, its tensors are Real. A wrong shape throws ag::Error, which names the op and
// both shapes. Integer arguments (ids, targets, offsets) have no gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/offsets.h"
#include "autograd/rng.h"
#include "autograd/tape.h"
#include "autograd/tensor.h"

namespace ag {

// --- element by element ------------------------------------------------------------------------------------
Tensor add(const Tensor& a, const Tensor& b);      // a + b, same shape
Tensor sub(const Tensor& a, const Tensor& b);      // a - b, same shape
Tensor mul(const Tensor& a, const Tensor& b);      // a b, same shape
Tensor scale(const Tensor& x, double factor);      // factor x
Tensor add_row(const Tensor& x, const Tensor& b);  // x (..., C) + b (C)
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);   // 1 / (1 + exp(-x))
Tensor relu(const Tensor& x);      // max(x, 0); its derivative at 0 is 0
Tensor gelu(const Tensor& x);      // x/2 (1 + erf(x / sqrt 2)) (Hendrycks and Gimpel 2016, the exact form)
Tensor silu(const Tensor& x);      // x sigmoid(x)
Tensor softplus(const Tensor& x);  // ln(1 + exp(x))
Tensor swiglu(const Tensor& gate, const Tensor& up);  // silu(gate) up (Shazeer 2020)
// x mask / (1 - p): an element is kept with probability 1 - p (p is rounded to 1/65536). x (..., C). A row's
// mask depends on the key and the row's number only. The numbers are `rows` (R) I32, or 0 .. R-1 without it;
// so part of a batch can have the same masks as in the whole batch.
Tensor dropout(const Tensor& x, double p, const RandomKey& key, const Tensor& rows = {});

// --- reductions --------------------------------------------------------------------------------------------
Tensor sum(const Tensor& x);          // (...) -> ()
Tensor mean(const Tensor& x);         // (...) -> ()
Tensor sum_rows(const Tensor& x);     // (R,C) -> (C)
Tensor sum_columns(const Tensor& x);  // (R,C) -> (R)

// --- shape -------------------------------------------------------------------------------------------------
Tensor reshape(const Tensor& x, Shape shape);
Tensor concat(const std::vector<Tensor>& parts, int64_t dim);  // along dim; negative counts from the end
Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end);  // [begin, end) of dim

// --- matrices ----------------------------------------------------------------------------------------------
// op(a) op(b), where op(x) is x or its transpose: (M,K) (K,N) -> (M,N)
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);
// x (..., I) weight^T (O,I) + bias (O) -> (..., O); bias may be undefined. A BF16 weight is multiplied as
// gemm.h says, with x and dy rounded to BF16; it has no gradient.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
// x weight^T + bias + scaling (dropped A^T) B^T: a linear layer with a low-rank addition (Hu et al. 2021).
// dropped (..., I) is x, or x with dropout; A (r,I), B (O,r).
Tensor lora_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dropped,
                   const Tensor& A, const Tensor& B, double scaling);
// The same from plain ops: the definition, with which tests compare the fused form.
Tensor lora_linear_composed(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& dropped,
                            const Tensor& A, const Tensor& B, double scaling);

// --- normalisation, per row of the last dimension ----------------------------------------------------------
Tensor softmax(const Tensor& x);
// x / sqrt(mean(x^2) + eps) w (Zhang and Sennrich 2019)
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps);
// (x - mean) / sqrt(var + eps) w + b, var over C (Ba, Kiros and Hinton 2016)
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);

// --- losses, each a mean: -> () ----------------------------------------------------------------------------
// mean over rows of logsumexp(logits) - logits[target]; logits (N,V), targets (N) I32, -1: row is ignored
Tensor cross_entropy(const Tensor& logits, const Tensor& targets);
// cross_entropy(h table^T, targets) with h (N,C), table (V,C), in blocks of rows: no (N,V) tensor is made
Tensor linear_cross_entropy(const Tensor& h, const Tensor& table, const Tensor& targets);
// The number of rows of a block; the op's temporary tensor is (block, V).
int64_t linear_cross_entropy_block(int64_t N, int64_t V);
// mean of max(x,0) - x y + log(1 + exp(-|x|)): binary cross-entropy of sigmoid(x) with labels y in [0,1]
Tensor bce_with_logits(const Tensor& logits, const Tensor& labels);
Tensor mse(const Tensor& x, const Tensor& target);  // mean (x - target)^2

// --- indexing ----------------------------------------------------------------------------------------------
// table (V,C), ids (N) I32 -> (N,C): rows by index; backward adds dy to the rows
Tensor embedding(const Tensor& table, const Tensor& ids);
// y (N,n): the dot products of each row of h with n rows of the table: y[i][j] = h[i] . table[ids[i][j]];
// h (N,C), table (V,C), ids (N,n) I32. The chosen rows (N n C numbers) are not copied.
Tensor candidate_scores(const Tensor& h, const Tensor& table, const Tensor& ids);

// --- packed sequences --------------------------------------------------------------------------------------
enum class Mask : uint8_t { None, Causal };

// softmax(q k^T / sqrt(D) + mask) v for each sequence and head -> (N,H,D). The whole softmax is never in
// memory (after Dao et al. 2022). q (N,H,D); k, v (M,KV,D), where H is a multiple of KV: query head h uses
// key head h / (H/KV) (Ainslie et al. 2023). There may be fewer queries than keys: the causal mask is
// aligned at the end. Dropout with rate p acts on the weights (softmax's result), as in torch.nn; the
// weights of query i and head h are row rows[i] H + h of dropout.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Offsets& q_offsets,
                 const Offsets& k_offsets, Mask mask, double p = 0, const RandomKey& key = {},
                 const Tensor& rows /*(N) I32*/ = {});
// The same from plain ops, head by head: the definition, with which tests compare the fused form.
Tensor attention_composed(const Tensor& q, const Tensor& k, const Tensor& v, const Offsets& q_offsets,
                          const Offsets& k_offsets, Mask mask, double p = 0, const RandomKey& key = {},
                          const Tensor& rows = {});

// Gated recurrent units (Cho et al. 2014) over each sequence, as torch.nn.GRU; the initial state is zero:
//   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr),  z = sigmoid(W_iz x + b_iz + W_hz h + b_hz),
//   n = tanh(W_in x + b_in + r (W_hn h + b_hn)),  h = (1 - z) n + z h
// x (N,I); w_ih (3C,I) and w_hh (3C,C) hold the rows of r, z, n; b_ih, b_hh (3C), both or neither. -> (N,C),
// the state after each token. One matrix product covers W_i x of all tokens; each time step then needs one
// more, over the sequences that have not ended.
Tensor gru(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh,
           const Offsets& offsets);
// The same from plain ops, token by token: the definition, with which tests compare the fused form.
Tensor gru_composed(const Tensor& x, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
                    const Tensor& b_hh, const Offsets& offsets);

// Angles of rotary position embedding (Su et al. 2021), one row per token: position * inverse_frequency.
struct Rotation {
  Tensor cosine, sine;  // (N, D/2)
};
Rotation rotation(const Tensor& positions /*(N) I32*/, const std::vector<double>& inverse_frequency /*D/2*/,
                  Device device = Device::CPU);
// Rotates (x[i], x[i + D/2]) of every head of x (N,H,D) by its token's angle (Hugging Face's layout).
Tensor rotary(const Tensor& x, const Rotation& rotation);

}  // namespace ag
