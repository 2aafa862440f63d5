#include "chapters/09_circuits/recording.h"

int recording_entries(const ModelSizes *sizes) {
    switch (sizes->ffn) {
    case FEED_FORWARD_MOE: return sizes->K;
    case FEED_FORWARD_PEER:
    case FEED_FORWARD_SGATLIN: return sizes->C * sizes->K;
    default: return 0;
    }
}

// [record
void record_layer(double *scores, int *indices, const LanguageModel *m, int layer, int T) {
    for (int t = 0; t < T; t++) {
        TokenGating gating = token_gating(&m->layers[layer].ffn[t], &m->sizes);
        for (int k = 0; k < gating.count; k++) {
            scores[(size_t)t * gating.count + k] = gating.score[k];
            indices[(size_t)t * gating.count + k] = gating.index[k];
        }
    }
}
// record]

void join_channels(int *joined, const int *indices, int N, int C, int K, int F) {
    for (size_t i = 0; i < (size_t)N * C * K; i++) {
        int channel = (int)(i / (size_t)K % (size_t)C);
        joined[i] = channel * F + indices[i];
    }
}
