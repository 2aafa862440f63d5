// Refused by the_same_choice: it computes one row and one column of sums and takes the others from
// their differences, which rounding makes different.
#define fewer_sums_top_k right_fewer_sums_top_k
#include "tests/course/solutions/04_product_keys/2_fewer_sums.c"
#undef fewer_sums_top_k

void fewer_sums_top_k(double *score, int *index, const int *best_a, const int *best_b, int n, int K,
                      PairSum *sum, void *lists) {
    double row[32];
    int count = 0;
    for (int q = 0; q < K; q++) row[q] = sum(lists, best_a[0], best_b[q]);
    for (int p = 1; p <= K; p++) {
        double first = p == 1 ? row[0] : sum(lists, best_a[p - 1], best_b[0]);
        for (int q = 1; p * q <= K; q++) {
            double s = q == 1 ? first : p == 1 ? row[q - 1] : first + row[q - 1] - row[0];
            count = offer(score, index, count, K, s, best_a[p - 1] * n + best_b[q - 1]);
        }
    }
}
