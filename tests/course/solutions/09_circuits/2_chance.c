#include "chapters/09_circuits/map_quality.h"
#include <string.h>

double chance_purity(const int *labels, int N, int classes) {
    double pairs = 0.0;
    for (int c = 0; c < classes; c++) {
        double count = 0.0;
        for (int i = 0; i < N; i++) count += labels[i] == c;
        pairs += count * (count - 1.0);
    }
    return pairs / ((double)N * (N - 1.0));
}

double shuffled_share(int *work, double actual, const int *neighbours, const int *labels, int N,
                      int k, int rounds, int (*draw)(void *context, int limit), void *context) {
    int as_pure = 0;
    memcpy(work, labels, (size_t)N * sizeof *work);
    for (int round = 0; round < rounds; round++) {
        for (int i = N - 1; i > 0; i--) {
            int j = draw(context, i + 1), label = work[i];
            work[i] = work[j];
            work[j] = label;
        }
        as_pure += purity(neighbours, work, N, k) >= actual;
    }
    return (1.0 + as_pure) / (1.0 + rounds);
}
