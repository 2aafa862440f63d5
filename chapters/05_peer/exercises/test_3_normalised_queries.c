#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/expert_usage.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <math.h>
#include <stdlib.h>

void normalise_queries(double *query, int T, int width);

// Mean 3 and variance 4 in the first column; the second does not vary at all.
START_TEST(on_paper)
{
    double query[] = { 1, 7, 5, 7, 1, 7, 5, 7 };
    const double expected[] = { -1, 0, 1, 0, -1, 0, 1, 0 };
    normalise_queries(query, 4, 2);
    for (int i = 0; i < 8; i++) {
        ck_assert_msg(fabs(query[i] - expected[i]) < 1e-6, "query[%d] is %.6g, on paper %.6g", i,
                      query[i], expected[i]);
    }
}
END_TEST

// The usage of one head with keys [2,n,Dk] for queries [T,2,Dk].
enum { T = 500, Dk = 8, SIDE = 8, CHOSEN = 4 };

static double usage_of(const double *query, const double *keys) {
    const Peer p = { .D = 1, .F = SIDE * SIDE, .C = 1, .K = CHOSEN, .Dk = Dk };
    double total[SIDE * SIDE] = { 0 }, scores[2 * SIDE], score[CHOSEN],
                        gate[CHOSEN] = { 1, 1, 1, 1 };
    int index[CHOSEN], scratch[2 * CHOSEN];
    const PeerToken saved = { .index = index, .gate = gate };
    for (int t = 0; t < T; t++) {
        for (int part = 0; part < 2; part++) {
            key_scores(scores + part * SIDE, query + (t * 2 + part) * Dk, keys + part * SIDE * Dk,
                       SIDE, Dk);
        }
        peer_route(score, index, scratch, scores, &p);
        expert_usage_add(total, &saved, &p);
    }
    return expert_usage(total, p.F);
}

START_TEST(more_experts_are_used)
{
    static double query[T * 2 * Dk], keys[2 * SIDE * Dk];
    for (uint64_t i = 0; i < 2 * SIDE * Dk; i++) keys[i] = random_normal(1, i);
    // the common part is four times as large as the differences
    for (uint64_t i = 0; i < T * 2 * Dk; i++) {
        query[i] = 4 * random_normal(2, i % (2 * Dk)) + random_normal(3, i);
    }
    double before = usage_of(query, keys);
    normalise_queries(query, T, 2 * Dk);
    double after = usage_of(query, keys);
    ck_assert_msg(before < 0.7, "usage is %.2f before", before); // otherwise the test shows nothing
    ck_assert_msg(after > 0.95, "usage is %.2f, and was %.2f before", after, before);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { more_experts_are_used },
    };
    return run_tests("05-3 normalised queries", tests, COUNT_OF(tests));
}
