#include "chapters/07_language_model/attention.h"
#include "tests/harness/expect.h"
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

static AttentionWeights make(Example *e) {
    fill(e->query, D * D, 1.0, 9, "query");
    fill(e->key, D * D, 1.0, 9, "key");
    fill(e->value, D * D, 1.0, 9, "value");
    fill(e->output, D * D, 1.0, 9, "output");
    fill(e->query_norm, DH, 1.0, 9, "query_norm");
    fill(e->key_norm, DH, 1.0, 9, "key_norm");
    fill(e->x, T * D, 1.0, 9, "x");
    AttentionWeights w = { e->query, e->key, e->value, e->query_norm, e->key_norm, e->output };
    AttentionSaved saved = { e->saved[0], e->saved[1], e->saved[2], e->saved[3],
                             e->saved[4], e->weights,  e->saved[5] };
    self_attention(e->expected, &saved, e->x, &w, &sizes);
    return w;
}

// Against self_attention of the whole sequence; and each call writes only its row of the cache.
START_TEST(token_by_token_is_the_whole_sequence)
{
    static Example e;
    AttentionWeights w = make(&e);
    double y[D], keys[T * D], values[T * D];
    for (int t = 0; t < T; t++) {
        memcpy(keys, e.keys, sizeof keys);
        memcpy(values, e.values, sizeof values);
        attend_with_cache(y, e.keys, e.values, e.scratch, e.x + t * D, &w, t, &sizes);
        expect("y", y, e.expected + t * D, D, 1e-12);
        for (int i = 0; i < T * D; i++) {
            bool same = keys[i] == e.keys[i] && values[i] == e.values[i];
            ck_assert_msg(i / D == t || same, "the call for token %d changed the cache's row %d", t,
                          i / D);
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
    ck_assert_msg(memcmp(y, other, sizeof y) != 0, "y did not change");
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { token_by_token_is_the_whole_sequence },
        { earlier_tokens_are_read_from_the_cache },
    };
    return run_tests("07-3 KV cache", tests, COUNT_OF(tests));
}
