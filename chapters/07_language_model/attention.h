#ifndef CHAPTER_07_ATTENTION_H
#define CHAPTER_07_ATTENTION_H

// Causal self-attention (Vaswani et al. 2017, arXiv 1706.03762) of one sequence, with normalised
// queries and keys (Henry et al. 2020, arXiv 2010.04245, here by RMSNorm) and rotary positions. D =
// H·Dh: H heads of width Dh, even.

typedef struct {
    double *query, *key, *value;   // [D,H·Dh]
    double *query_norm, *key_norm; // [Dh], shared by all heads
    double *output;                // [H·Dh,D]
} AttentionWeights;

// What forward leaves for backward (and for a picture). Backward keeps the gradients of it in
// another one.
typedef struct {
    double *query, *key, *value;         // [T,H,Dh], as projected
    double *rotated_query, *rotated_key; // [T,H,Dh], normalised and rotated to their positions
    // [H,T,T]: how much token t takes from token s; 0 where s > t
    double *weights;
    double *context; // [T,H,Dh]: what it took
} AttentionSaved;

// y [T,D] from x [T,D].
void self_attention(double *y, AttentionSaved *saved, const double *x, const AttentionWeights *w,
                    int T, int D, int Dh);

// dx [T,D] is written, dw's tensors are added to. scratch is of saved's shape, part is [D].
void self_attention_backward(double *dx, AttentionWeights *dw, AttentionSaved *scratch,
                             double *part, const double *dy, const double *x,
                             const AttentionSaved *saved, const AttentionWeights *w, int T, int D,
                             int Dh);

// The middle of it, for one head and one token t: weights [t+1] and context [Dh] from query [Dh], and
// from keys and values of the tokens 0 .. t, each `stride` doubles behind the last.
void attend(double *context, double *weights, const double *query, const double *keys,
            const double *values, int t, int stride, int Dh);

// dquery [Dh] is written, dkeys and dvalues are added to, dweights [t+1] is scratch.
void attend_backward(double *dquery, double *dkeys, double *dvalues, double *dweights,
                     const double *dcontext, const double *weights, const double *query,
                     const double *keys, const double *values, int t, int stride, int Dh);
#endif
