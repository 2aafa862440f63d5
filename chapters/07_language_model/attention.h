#ifndef CHAPTERS_07_LANGUAGE_MODEL_ATTENTION_H
#define CHAPTERS_07_LANGUAGE_MODEL_ATTENTION_H

// Causal self-attention (Vaswani et al. 2017, arXiv 1706.03762) of one sequence, with normalised
// queries and keys (Henry et al. 2020, arXiv 2010.04245, here by RMSNorm) and rotary positions.

// D = H·Dh: H heads of width Dh, which is even.
typedef struct {
    int T, D, Dh;
} AttentionSizes;

// The parameters, or their gradients.
typedef struct {
    double *query, *key, *value;   // [D,H·Dh]
    double *query_norm, *key_norm; // [Dh], shared by all heads
    double *output;                // [H·Dh,D]
} AttentionWeights;

// What forward saves for backward (and for a picture). Backward uses a second one, as scratch, for
// the gradients.
typedef struct {
    double *query, *key, *value;         // [T,H,Dh], as projected
    double *rotated_query, *rotated_key; // [T,H,Dh], normalised and rotated by their positions
    double *weights;                     // [H,T,T]: of token s for token t; 0 where s > t
    double *context;                     // [T,H,Dh]: the weighted sums of the values
} AttentionSaved;

// y [T,D] from x [T,D]; fills `saved`.
void self_attention(double *y, const AttentionSaved *saved, const double *x,
                    const AttentionWeights *w, const AttentionSizes *sizes);

// dx [T,D] is written, dw added to.
void self_attention_backward(double *dx, const AttentionWeights *dw, const AttentionSaved *scratch,
                             const double *dy, const AttentionSaved *saved, const double *x,
                             const AttentionWeights *w, const AttentionSizes *sizes);

// The core of it, for one head and one token t.
typedef struct {
    double *query;         // [Dh]
    double *keys, *values; // of the tokens 0 .. t, [Dh] each, `stride` doubles apart
    double *weights;       // [t+1]
    double *context;       // [Dh]
} AttentionHead;

// Writes weights and context, from query, keys and values.
void attend(const AttentionHead *h, int t, int stride, int Dh);

// dh is the gradient of h. Its context is read; its query is written, its keys and values are added
// to, its weights are scratch.
void attend_backward(const AttentionHead *dh, const AttentionHead *h, int t, int stride, int Dh);
#endif
