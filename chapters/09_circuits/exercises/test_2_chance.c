#include "chapters/09_circuits/map_quality.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <string.h>

double chance_purity(const int *labels, int N, int classes);
double shuffled_share(int *work, double actual, const int *neighbours, const int *labels, int N,
                      int k, int rounds, int (*draw)(void *context, int limit), void *context);

// Labels 0 0 0 1 2: a point with label 0 has two of four others, the others none: 3/5 · 1/2.
START_TEST(chance_on_paper)
{
    expect_number("0 0 0 1 2", chance_purity((int[]){ 0, 0, 0, 1, 2 }, 5, 3), 0.3, 1e-13);
    expect_number("all equal", chance_purity((int[]){ 2, 2, 2 }, 3, 3), 1.0, 1e-13);
    expect_number("all different", chance_purity((int[]){ 2, 0, 1 }, 3, 3), 0.0, 1e-13);
}
END_TEST

// Too many for a matrix of pairs: 200,000 points of ten labels.
START_TEST(chance_of_many)
{
    enum { MANY = 200000 };
    static int labels[MANY];
    for (int i = 0; i < MANY; i++) labels[i] = i % 10;
    expect_number("many", chance_purity(labels, MANY, 10), (MANY / 10 - 1) / (MANY - 1.0), 1e-13);
}
END_TEST

static int draw(void *context, int limit) {
    uint64_t *count = context;
    return (int)random_below(9, (*count)++, (uint64_t)limit);
}

// Rings of 12 points, each with the next one as its neighbour.
enum { RING = 12 };
static void make_ring(int neighbours[2 * RING]) {
    for (int i = 0; i < RING; i++) {
        neighbours[2 * i] = i;
        neighbours[2 * i + 1] = (i + 1) % RING;
    }
}

// Two halves of a ring: 12 of the 924 ways to deal six and six out, 1.3%. The labels stay as they
// are, and each of 999 shuffles draws 11 times.
START_TEST(a_pattern_is_not_chance)
{
    int neighbours[2 * RING], work[RING];
    const int halves[RING] = { 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1 };
    int labels[RING];
    uint64_t count = 0;
    make_ring(neighbours);
    memcpy(labels, halves, sizeof labels);
    double actual = purity(neighbours, labels, RING, 2);
    double share = shuffled_share(work, actual, neighbours, labels, RING, 2, 999, draw, &count);
    expect_ints("labels", labels, halves, RING);
    expect_number("draws", (double)count, 999 * (RING - 1), 0);
    ck_assert_msg(share > 0.002 && share < 0.03, "the share is %.4f, expected about 0.013", share);
}
END_TEST

// Every shuffle reaches a purity of 0, and none reaches 1.5: then only the 1 for the labels
// themselves is left.
START_TEST(nothing_is_chance)
{
    int neighbours[2 * RING], work[RING];
    const int labels[RING] = { 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 };
    uint64_t count = 0;
    make_ring(neighbours);
    expect_number("alternating",
                  shuffled_share(work, 0.0, neighbours, labels, RING, 2, 50, draw, &count), 1.0,
                  1e-13);
    expect_number("impossible",
                  shuffled_share(work, 1.5, neighbours, labels, RING, 2, 49, draw, &count),
                  1.0 / 50, 1e-13);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { chance_on_paper },
        { chance_of_many },
        { a_pattern_is_not_chance },
        { nothing_is_chance },
    };
    return run_tests("09-2 chance", tests, COUNT_OF(tests));
}
