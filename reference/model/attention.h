#ifndef REFERENCE_MODEL_ATTENTION_H
#define REFERENCE_MODEL_ATTENTION_H
#include <stddef.h>

// Causal attention (chapter 07) on projections query, key and value [B,T,H,Dh], with RMSNorm and
// rope on queries and keys:
//   out[t] = Σ_{i <= t} softmax_i(q[t] · k[i] / sqrt(Dh)) · value[i]
// The T×T weights are never stored: a block of query rows is scored, used and dropped, and backward
// recomputes it from the logarithm of each row's sum (Dao 2022).
typedef struct {
    int B, T, H, Dh;
    const float *query, *key, *value;   // [B,T,H,Dh], before norm and rope
    const float *query_norm, *key_norm; // [Dh]
    const float *rope;                  // [T,Dh]: a rope_row for each position
    float *out;                         // [B,T,H,Dh], written by forward, read by backward
    float *log_sum;                     // [B,H,T], from forward to backward
    float *scratch;                     // attention_scratch floats
} AttentionCall;

typedef struct {
    const float *dout;              // [B,T,H,Dh]
    float *dquery, *dkey, *dvalue;  // [B,T,H,Dh], written
    float *dquery_norm, *dkey_norm; // [Dh], written
} AttentionGradients;

size_t attention_scratch(int B, int T, int H, int Dh, int threads); // floats
void attention_forward(const AttentionCall *call);
void attention_backward(const AttentionCall *call, const AttentionGradients *gradients);
#endif
