#include "chapters/04_product_keys/product_keys.h"
#include "chapters/pages/figures.h"
#include "reference/numbers/random.h"

enum { N = 6, K = 4, RANDOM_CHECKS = 40 };

// The search as the chapter's code does it.
static json_t *check(const double *a, const double *b, int chosen) {
    double score[N];
    int index[N], scratch[2 * N];
    product_top_k(score, index, a, b, N, chosen, scratch);
    json_t *out = json_object();
    json_add(&out, "a", json_reals(a, N));
    json_add(&out, "b", json_reals(b, N));
    json_add(&out, "K", json_integer(chosen));
    json_add(&out, "index", json_integers(index, (size_t)chosen));
    json_add(&out, "score", json_reals(score, (size_t)chosen));
    return out;
}

json_t *keys_numbers(void) {
    // as in the chapter's demo (tests/course/test_pages.sh compares them)
    const double a[N] = { 3, 9, 1, 7, 4, 6 }, b[N] = { 2, 8, 5, 0, 6, 1 };
    json_t *out = json_object(), *checks = json_array();
    json_add_item(&checks, check(a, b, K));
    for (int i = 0; i < RANDOM_CHECKS; i++) { // small whole numbers: many ties
        double rows[N], columns[N];
        for (int j = 0; j < N; j++) {
            rows[j] = (double)random_below(random_key(1, "rows"), (uint64_t)(i * N + j), 11);
            columns[j] = (double)random_below(random_key(1, "columns"), (uint64_t)(i * N + j), 11);
        }
        json_add_item(&checks, check(rows, columns, 1 + i % N));
    }
    json_add(&out, "a", json_reals(a, N));
    json_add(&out, "b", json_reals(b, N));
    json_add(&out, "K", json_integer(K));
    json_add(&out, "checks", checks);
    return out;
}
