// Refused by long_lists: it computes all n³ sums.
#define triple_top_k right_triple_top_k
#include "tests/course/solutions/04_product_keys/3_three_lists.c"
#undef triple_top_k

void triple_top_k(double *score, int *index, const double *a, const double *b, const double *c,
                  int n, int K, int *scratch) {
    int count = 0;
    (void)scratch;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            for (int l = 0; l < n; l++)
                count = offer(score, index, count, K, a[i] + b[j] + c[l], (i * n + j) * n + l);
        }
    }
}
