// Exercise 07-3. The KV cache: one more token, without recomputing the others.
//
// y [D] = what self_attention returns for token t, computed from x [D] of token t alone. Rows 0 ..
// t-1 of keys and values [T,D] are from earlier calls, the keys already normalised and rotated;
// this call writes row t of both and no other. scratch: 2·D + t + 1 doubles. There are H = D / Dh
// heads.
//
// Check with: make exercise-07-3
#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include <stddef.h>

void attend_with_cache(double *y, double *keys, double *values, double *scratch, const double *x,
                       const AttentionWeights *w, int t, const AttentionSizes *sizes) {
    (void)keys;
    (void)values;
    (void)scratch;
    (void)x;
    (void)w;
    (void)t;
    for (int d = 0; d < sizes->D; d++) y[d] = 0.0; // yours to write
}
