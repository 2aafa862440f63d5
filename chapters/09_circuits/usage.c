#include "chapters/09_circuits/usage.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void firing_counts(int *counts, const int *indices, int N, int K, int F) {
    for (int f = 0; f < F; f++) counts[f] = 0;
    for (size_t i = 0; i < (size_t)N * K; i++) counts[indices[i]]++;
}

// [by_token
void firing_counts_by_token(int *counts, bool *fired, const int *indices, const int *tokens, int N,
                            int K, int F, int V) {
    memset(fired, 0, (size_t)V * F * sizeof *fired);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < K; k++)
            fired[(size_t)tokens[i] * F + indices[(size_t)i * K + k]] = true;
    }
    for (int f = 0; f < F; f++) {
        counts[f] = 0;
        for (int v = 0; v < V; v++) counts[f] += fired[(size_t)v * F + f];
    }
}
// by_token]

double used_share(const int *counts, int F) {
    int used = 0;
    for (int f = 0; f < F; f++) used += counts[f] > 0;
    return (double)used / F;
}

static int ascending(const void *a, const void *b) {
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

// [gini
double gini(int *sorted, const int *counts, int F) {
    double weighted = 0.0, sum = 0.0;
    memcpy(sorted, counts, (size_t)F * sizeof *sorted);
    qsort(sorted, (size_t)F, sizeof *sorted, ascending);
    for (int i = 1; i <= F; i++) {
        weighted += (2.0 * i - F - 1) * sorted[i - 1];
        sum += sorted[i - 1];
    }
    return sum > 0.0 ? weighted / (F * sum) : 0.0;
}
// gini]

// [coactivation
void coactivation(double *share, const int *indices, int N, int K, int F) {
    memset(share, 0, (size_t)F * F * sizeof *share);
    for (int i = 0; i < N; i++, indices += K) {
        for (int a = 0; a < K; a++) {
            for (int b = 0; b < K; b++) share[(size_t)indices[a] * F + indices[b]] += a != b;
        }
    }
    for (int f = 0; f < F; f++) {
        double *row = share + (size_t)f * F, sum = 0.0;
        for (int g = 0; g < F; g++) sum += row[g];
        for (int g = 0; g < F && sum > 0.0; g++) row[g] /= sum;
    }
}
// coactivation]

double partners_on_a_sub_key(const double *share, int n) {
    int F = n * n, firing = 0;
    double sum = 0.0;
    for (int f = 0; f < F; f++) {
        double all = 0.0;
        for (int g = 0; g < F; g++) {
            double s = share[(size_t)f * F + g];
            all += s;
            if (f / n == g / n || f % n == g % n) sum += s;
        }
        firing += all > 0.0;
    }
    return firing > 0 ? sum / firing : 0.0;
}

double strongest_partner(const double *share, int F) {
    int firing = 0;
    double sum = 0.0;
    for (int f = 0; f < F; f++) {
        double largest = 0.0;
        for (int g = 0; g < F; g++) largest = fmax(largest, share[(size_t)f * F + g]);
        sum += largest;
        firing += largest > 0.0;
    }
    return firing > 0 ? sum / firing : 0.0;
}
