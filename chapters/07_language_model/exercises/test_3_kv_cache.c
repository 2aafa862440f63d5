#include "chapters/07_language_model/attention.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <string.h>

void attend_with_cache(double *y, double *keys, double *values, double *scratch, const double *x,
                       const AttentionWeights *w, int t, const AttentionSizes *sizes);

enum { T = 7, D = 6, DH = 2, H = D / DH };
static const AttentionSizes sizes = { T, D, DH };

typedef struct {
    double query[D * D], key[D * D], value[D * D], output[D * D], query_norm[DH], key_norm[DH];
    double x[T * D], expected[T * D], saved[6][T * D], weights[H * T * T], keys[T * D],
        values[T * D], scratch[2 * D + T];
} Example;

static void fill(double *x, int count, const char *name) {
    for (int i = 0; i < count; i++) x[i] = random_normal(random_key(9, name), (uint64_t)i);
}

static AttentionWeights make(Example *e) {
    fill(e->query, D * D, "query");
    fill(e->key, D * D, "key");
    fill(e->value, D * D, "value");
    fill(e->output, D * D, "output");
    fill(e->query_norm, DH, "query_norm");
    fill(e->key_norm, DH, "key_norm");
    fill(e->x, T * D, "x");
    AttentionWeights w = { e->query, e->key, e->value, e->query_norm, e->key_norm, e->output };
    AttentionSaved saved = { e->saved[0], e->saved[1], e->saved[2], e->saved[3],
                             e->saved[4], e->weights,  e->saved[5] };
    self_attention(e->expected, &saved, e->x, &w, &sizes);
    return w;
}

START_TEST(token_by_token_is_the_whole_sequence)
{
    static Example e;
    AttentionWeights w = make(&e);
    double y[D], keys[T * D], values[T * D];
    for (int t = 0; t < T; t++) {
        memcpy(keys, e.keys, sizeof keys);
        memcpy(values, e.values, sizeof values);
        attend_with_cache(y, e.keys, e.values, e.scratch, e.x + t * D, &w, t, &sizes);
        for (int d = 0; d < D; d++) ck_assert_double_eq_tol(y[d], e.expected[t * D + d], 1e-12);
        for (int i = 0; i < T * D; i++) { // only row t is new
            if (i / D == t) continue;
            ck_assert_double_eq(keys[i], e.keys[i]);
            ck_assert_double_eq(values[i], e.values[i]);
        }
    }
}
END_TEST

// The output depends on earlier tokens only through the cache: with other values in it, it changes.
START_TEST(earlier_tokens_are_read_from_the_cache)
{
    static Example e;
    AttentionWeights w = make(&e);
    double y[D], other[D];
    for (int t = 0; t < 2; t++)
        attend_with_cache(y, e.keys, e.values, e.scratch, e.x + t * D, &w, t, &sizes);
    for (int d = 0; d < D; d++) e.values[d] += 1.0;
    attend_with_cache(other, e.keys, e.values, e.scratch, e.x + D, &w, 1, &sizes);
    ck_assert(memcmp(y, other, sizeof y) != 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { token_by_token_is_the_whole_sequence },
        { earlier_tokens_are_read_from_the_cache },
    };
    return run_tests("07-3 KV cache", tests, COUNT_OF(tests));
}
