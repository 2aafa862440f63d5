#include "chapters/04_product_keys/product_keys.h"
#include "chapters/05_peer/expert_usage.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>

void normalise_queries(double *query, int T, int width);

// Mean 3 and variance 4 in the first column; the second does not vary at all.
START_TEST(on_paper)
{
    double query[] = { 1, 7, 5, 7, 1, 7, 5, 7 };
    const double expected[] = { -1, 0, 1, 0, -1, 0, 1, 0 };
    normalise_queries(query, 4, 2);
    expect_within("query", query, expected, 8, (Tolerance){ .absolute = 1e-6 });
}
END_TEST

// 0 0 0 4 has mean 1 and variance (1 + 1 + 1 + 9) / 4 = 3, although its range is 4.
START_TEST(the_deviation_is_not_half_the_range)
{
    double query[] = { 0, 0, 0, 4 }, low = -1 / sqrt(3), high = 3 / sqrt(3);
    normalise_queries(query, 4, 1);
    expect_within("query", query, (double[]){ low, low, low, high }, 4,
                  (Tolerance){ .absolute = 1e-6 });
}
END_TEST

// -0.001 and 0.001 have a variance of 1e-6, as large as the 1e-6 that is added: ±0.001 / √(2e-6).
START_TEST(small_variances)
{
    double query[] = { 0.999, 1.001 };
    normalise_queries(query, 2, 1);
    expect_within("query", query, (double[]){ -sqrt(0.5), sqrt(0.5) }, 2,
                  (Tolerance){ .absolute = 1e-9 });
}
END_TEST

// The usage of one head with keys [2,n,Dk] for queries [T,2,Dk].
enum { T = 500, Dk = 8, SIDE = 8, CHOSEN = 4 };

static double usage_of(const double *query, const double *keys) {
    const Peer peer = { .D = 1, .F = SIDE * SIDE, .C = 1, .K = CHOSEN, .Dk = Dk };
    double total[SIDE * SIDE] = { 0 }, scores[2 * SIDE], score[CHOSEN],
                        gate[CHOSEN] = { 1, 1, 1, 1 };
    int index[CHOSEN], scratch[2 * CHOSEN];
    const PeerToken saved = { .index = index, .gate = gate };
    for (int t = 0; t < T; t++) {
        for (int part = 0; part < 2; part++) {
            key_scores(scores + part * SIDE, query + (t * 2 + part) * Dk, keys + part * SIDE * Dk,
                       SIDE, Dk);
        }
        peer_route(score, index, scratch, scores, &peer);
        expert_usage_add(total, &saved, &peer);
    }
    return expert_usage(total, peer.F);
}

// Of 64 experts, with queries that have much in common.
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
    ck_assert_msg(after > 0.95, "usage is %.2f, expected over 0.95; it was %.2f before", after,
                  before);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { the_deviation_is_not_half_the_range },
        { small_variances },
        { more_experts_are_used },
    };
    return run_tests("05-3 normalised queries", tests, COUNT_OF(tests));
}
