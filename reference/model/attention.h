#ifndef REFERENCE_MODEL_ATTENTION_H
#define REFERENCE_MODEL_ATTENTION_H
#include <stddef.h>

// Causal attention with normalised queries and keys and rotary positions (chapter 07), on the
// projections query, key, value [B,T,H,Dh]. The T×T weights are never stored: a block of query rows
// is scored, used and dropped, and the way back makes it again from the logarithm of each row's sum
// (Dao 2022's idea).
typedef struct {
    int B, T, H, Dh;
    const float *query, *key, *value;   // [B,T,H,Dh], before norm and rotation
    const float *query_norm, *key_norm; // [Dh]
    const float *rotary;                // [T,Dh]: Dh/2 cosines, then Dh/2 sines of each position
    float *out;                         // [B,T,H,Dh]: written by forward, read by backward
    float *log_sum;                     // [B,H,T]: saved from forward to backward
    float *scratch;                     // attention_scratch floats
} AttentionCall;

typedef struct {
    const float *dout;              // [B,T,H,Dh]
    float *dquery, *dkey, *dvalue;  // [B,T,H,Dh], written
    float *dquery_norm, *dkey_norm; // [Dh], written
} AttentionGradients;

size_t attention_scratch(int B, int T, int H, int Dh, int threads);
void attention_forward(const AttentionCall *call);
void attention_backward(const AttentionCall *call, const AttentionGradients *gradients);

// angle(t,j) = t / 10000^(2j/Dh), j = 0 .. Dh/2-1; fills rotary [T,Dh].
void rotary_table(float *rotary, int T, int Dh);
// x [Dh], its two halves as the coordinates of Dh/2 planes, turned by the angles of one row of the
// table.
void rotary_turn(float *x, const float *rotary_row, int Dh);
#endif
