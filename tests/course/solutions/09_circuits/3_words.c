#include "chapters/02_mixture_of_experts/top_k.h"
#include <stddef.h>

int neuron_words(int *best, double *mean, int *counts, int neuron, const double *scores,
                 const int *indices, const int *words, int N, int K, int V, int most) {
    for (int v = 0; v < V; v++) {
        mean[v] = 0.0;
        counts[v] = 0;
    }
    for (int i = 0; i < N; i++) {
        counts[words[i]]++;
        for (int k = 0; k < K; k++) {
            size_t entry = (size_t)i * K + k;
            if (indices[entry] == neuron) mean[words[i]] += scores[entry];
        }
    }
    int count = 0;
    for (int v = 0; v < V; v++) {
        if (counts[v] > 0) mean[v] /= counts[v];
        if (mean[v] <= 0.0) continue;
        int rank = count;
        while (rank > 0 && ranks_higher_in(mean, v, best[rank - 1])) rank--;
        if (rank == most) continue;
        if (count < most) count++;
        for (int j = count - 1; j > rank; j--) best[j] = best[j - 1];
        best[rank] = v;
    }
    return count;
}
