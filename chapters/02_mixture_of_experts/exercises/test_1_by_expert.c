#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"

void by_expert(int *first, int *entry, const MoeGating *gating, int E);

// Three tokens: experts 2 0, none, 2 1.
START_TEST(by_hand)
{
    int start[] = { 0, 2, 2, 4 }, index[] = { 2, 0, 2, 1 }, first[5], entry[4];
    static const int expected_first[] = { 0, 1, 2, 4, 4 }, expected_entry[] = { 1, 3, 0, 2 };
    by_expert(first, entry, &(MoeGating){ .N = 3, .start = start, .index = index }, 4);
    for (int e = 0; e <= 4; e++) ck_assert_int_eq(first[e], expected_first[e]);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(entry[i], expected_entry[i]);
}
END_TEST

START_TEST(no_entries)
{
    int start[] = { 0, 0 }, index[1] = { 0 }, first[] = { 9, 9, 9 }, entry[] = { 9 };
    by_expert(first, entry, &(MoeGating){ .N = 1, .start = start, .index = index }, 2);
    ck_assert(first[0] == 0 && first[1] == 0 && first[2] == 0 && entry[0] == 9);
}
END_TEST

// Every entry once, at its expert, in ascending order.
START_TEST(any_list)
{
    enum { N = 57, E = 11, MAX_K = 4 };
    int start[N + 1] = { 0 }, index[N * MAX_K], first[E + 1], entry[N * MAX_K];
    for (int t = 0; t < N; t++) {
        start[t + 1] = start[t] + (int)random_below(random_key(_i, "entries"), t, MAX_K + 1);
        for (int i = start[t]; i < start[t + 1]; i++)
            index[i] = (int)random_below(random_key(_i, "expert"), i, E);
    }
    by_expert(first, entry, &(MoeGating){ .N = N, .start = start, .index = index }, E);
    ck_assert_int_eq(first[0], 0);
    ck_assert_int_eq(first[E], start[N]);
    for (int e = 0; e < E; e++) {
        for (int i = first[e]; i < first[e + 1]; i++) {
            ck_assert(entry[i] >= 0 && entry[i] < start[N]);
            ck_assert_int_eq(index[entry[i]], e);
            ck_assert(i == first[e] || entry[i - 1] < entry[i]);
        }
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { no_entries },
        { any_list, 10 },
    };
    return run_tests("exercise 02-1: tokens by expert", tests, COUNT_OF(tests));
}
