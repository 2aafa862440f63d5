// What the versions share: sizes, where a score is, and the order of a selection.
// oracle: chapters/04_product_keys/product_keys.c
#pragma once
#include "gpu/launch.h"
#include <cfloat>
#include <climits>

// T tokens; in each of C channels `parts` lists of n keys: two whose sums are the scores of n·n
// product keys, or one (a flat router). K of them are selected.
struct KeySizes {
    int T, C, n, K, parts;
    __host__ __device__ int lists() const { return parts * C; } // of a token
};

// The score of a key of list part·C + c. Token-major, [T,lists,n]: strides lists·n and 1.
// Key-major, [lists,n,T]: strides 1 and T.
struct KeyScores {
    const float *data;
    size_t token_stride, key_stride;
    // NaN and -infinity lose to every number, as in reference/ffn/top_k.h
    __device__ float operator()(int t, int list, int key, int n) const {
        float score = data[t * token_stride + ((size_t)list * n + key) * key_stride];
        return score > -FLT_MAX ? score : -FLT_MAX;
    }
};
static inline KeyScores token_major(const float *scores, const KeySizes &s) {
    return { scores, (size_t)s.lists() * s.n, 1 };
}
static inline KeyScores key_major(const float *scores, const KeySizes &s) {
    return { scores, 1, (size_t)s.T };
}

// [ranks_higher
// The higher score first, of equal ones the lower index.
static __device__ inline bool ranks_higher_on_device(float score, int index, float other,
                                                     int other_index) {
    return score > other || (score == other && index < other_index);
}
// ranks_higher]

static inline const char *refuse_keys(const KeySizes &s) {
    if (s.K > s.n) return "K is more than the number of keys in a list";
    if (s.parts == 2 && s.n > 46340) return "n * n is more than 2^31 - 1";
    if (s.C > 65535) return "more than 65535 channels, the most blocks in a column of a grid";
    if ((size_t)s.T * s.C > INT_MAX / 32) return "T * C is more than 2^26 - 1: pass fewer tokens";
    return nullptr;
}
