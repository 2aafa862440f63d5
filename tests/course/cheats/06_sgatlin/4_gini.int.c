// Refused by large_counts: it compares the counts as int.
#include "chapters/06_sgatlin/sgatlin.h"

void count_firing(long *count, const int *index, int entries) {
    for (int e = 0; e < entries; e++) count[index[e]]++;
}

double gini(const long *count, long *sorted, int F) {
    double weighted = 0.0, sum = 0.0;
    for (int f = 0; f < F; f++) {
        int place = f;
        for (; place > 0 && (int)sorted[place - 1] > (int)count[f]; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = count[f];
    }
    for (int i = 1; i <= F; i++) {
        weighted += (2.0 * i - F - 1) * (double)sorted[i - 1];
        sum += (double)sorted[i - 1];
    }
    return sum > 0 ? weighted / (F * sum) : 0.0;
}
