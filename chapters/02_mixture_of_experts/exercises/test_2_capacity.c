#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

int drop_overflow(MoeGating *gating, int *scratch, int capacity, int E);

// Three tokens with experts 0 1, 0 2, 0 1 and a capacity of two: expert 0 is full when the last
// token comes.
START_TEST(by_hand)
{
    int start[] = { 0, 2, 4, 6 }, index[] = { 0, 1, 0, 2, 0, 1 }, scratch[3];
    double weight[] = { 0.6, 0.5, 0.4, 0.3, 0.2, 0.1 };
    MoeGating gating = { .N = 3, .start = start, .index = index, .weight = weight };
    expect_number("dropped entries", drop_overflow(&gating, scratch, 2, 3), 1, 0);
    static const int expected_start[] = { 0, 2, 4, 5 }, expected_index[] = { 0, 1, 0, 2, 1 };
    static const double expected_weight[] = { 0.6, 0.5, 0.4, 0.3, 0.1 };
    expect_number("N", gating.N, 3, 0);
    expect_ints("start", start, expected_start, 4);
    expect_ints("index", index, expected_index, 5);
    expect("weight", weight, expected_weight, 5, 0);
}
END_TEST

// All choose expert 1, whose capacity is one: the first token gets it, the others get nothing.
START_TEST(a_token_may_lose_all)
{
    int start[] = { 0, 1, 2, 3 }, index[] = { 1, 1, 1 }, scratch[2];
    double weight[] = { 1, 2, 3 };
    MoeGating gating = { .N = 3, .start = start, .index = index, .weight = weight };
    expect_number("dropped entries", drop_overflow(&gating, scratch, 1, 2), 2, 0);
    expect_ints("start", start, (int[]){ 0, 1, 1, 1 }, 4);
    expect_number("index[0]", index[0], 1, 0);
    expect_number("weight[0]", weight[0], 1, 0);
}
END_TEST

// Compared with counting, entry by entry, how many earlier ones have the same expert.
START_TEST(any_list)
{
    enum { N = 40, E = 5, MAX_K = 3 };
    int start[N + 1] = { 0 }, index[N * MAX_K], scratch[E], old_start[N + 1], old_index[N * MAX_K],
                  expected[N + 1], capacity = _i, left = 0;
    double weight[N * MAX_K];
    for (int t = 0; t < N; t++)
        start[t + 1] = start[t] + (int)random_below(random_key(_i, "entries"), t, MAX_K + 1);
    for (int i = 0; i < start[N]; i++) {
        old_index[i] = index[i] = (int)random_below(random_key(_i, "expert"), i, E);
        weight[i] = i;
    }
    for (int t = 0; t <= N; t++) old_start[t] = start[t];
    MoeGating gating = { .N = N, .start = start, .index = index, .weight = weight };
    int dropped = drop_overflow(&gating, scratch, capacity, E);
    for (int t = 0; t < N; t++) {
        expected[t] = left;
        for (int i = old_start[t]; i < old_start[t + 1]; i++) {
            int before = 0;
            for (int j = 0; j < i; j++) before += old_index[j] == old_index[i];
            if (before >= capacity) continue;
            ck_assert_msg(index[left] == old_index[i] && weight[left] == i,
                          "entry %d is expert %d with weight %g, expected %d with %d", left,
                          index[left], weight[left], old_index[i], i);
            left++;
        }
    }
    expected[N] = left;
    expect_ints("start", start, expected, N + 1);
    expect_number("dropped entries", dropped, old_start[N] - left, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { a_token_may_lose_all },
        { any_list, 20 },
    };
    return run_tests("02-2 capacity", tests, COUNT_OF(tests));
}
