#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"

int drop_overflow(MoeGating *gating, int *scratch, int capacity, int E);

// Three tokens with experts 0 1, 0 2, 0 1 and a capacity of two: expert 0 is full when the last
// token comes.
START_TEST(by_hand)
{
    int start[] = { 0, 2, 4, 6 }, index[] = { 0, 1, 0, 2, 0, 1 }, scratch[3];
    double weight[] = { 0.6, 0.5, 0.4, 0.3, 0.2, 0.1 };
    MoeGating gating = { .N = 3, .start = start, .index = index, .weight = weight };
    ck_assert_int_eq(drop_overflow(&gating, scratch, 2, 3), 1);
    static const int expected_start[] = { 0, 2, 4, 5 }, expected_index[] = { 0, 1, 0, 2, 1 };
    static const double expected_weight[] = { 0.6, 0.5, 0.4, 0.3, 0.1 };
    ck_assert_int_eq(gating.N, 3);
    for (int t = 0; t <= 3; t++) ck_assert_int_eq(start[t], expected_start[t]);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(index[i], expected_index[i]);
        ck_assert_double_eq(weight[i], expected_weight[i]);
    }
}
END_TEST

// All choose expert 1, whose capacity is one: the first token gets it, the others get nothing.
START_TEST(a_token_may_lose_all)
{
    int start[] = { 0, 1, 2, 3 }, index[] = { 1, 1, 1 }, scratch[2];
    double weight[] = { 1, 2, 3 };
    MoeGating gating = { .N = 3, .start = start, .index = index, .weight = weight };
    ck_assert_int_eq(drop_overflow(&gating, scratch, 1, 2), 2);
    ck_assert(start[0] == 0 && start[1] == 1 && start[2] == 1 && start[3] == 1);
    ck_assert(index[0] == 1 && weight[0] == 1);
}
END_TEST

// Compared with counting, entry by entry, how many earlier ones have the same expert.
START_TEST(any_list)
{
    enum { N = 40, E = 5, MAX_K = 3 };
    int start[N + 1] = { 0 }, index[N * MAX_K], scratch[E], old_start[N + 1], old_index[N * MAX_K],
                  capacity = _i, left = 0;
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
        ck_assert_int_eq(start[t], left);
        for (int i = old_start[t]; i < old_start[t + 1]; i++) {
            int before = 0;
            for (int j = 0; j < i; j++) before += old_index[j] == old_index[i];
            if (before >= capacity) continue;
            ck_assert_int_eq(index[left], old_index[i]);
            ck_assert_double_eq(weight[left], i);
            left++;
        }
    }
    ck_assert_int_eq(start[N], left);
    ck_assert_int_eq(dropped, old_start[N] - left);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { a_token_may_lose_all },
        { any_list, 20 },
    };
    return run_tests("exercise 02-2: capacity", tests, COUNT_OF(tests));
}
