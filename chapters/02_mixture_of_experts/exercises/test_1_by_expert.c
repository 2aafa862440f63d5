#include "chapters/02_mixture_of_experts/moe.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

void by_expert(int *first, int *entry, const MoeGating *gating, int E);

// Three tokens: experts 2 0, none, 2 1.
START_TEST(by_hand)
{
    int start[] = { 0, 2, 2, 4 }, index[] = { 2, 0, 2, 1 }, first[5], entry[4];
    static const int expected_first[] = { 0, 1, 2, 4, 4 }, expected_entry[] = { 1, 3, 0, 2 };
    by_expert(first, entry, &(MoeGating){ .N = 3, .start = start, .index = index }, 4);
    expect_ints("first", first, expected_first, 5);
    expect_ints("entry", entry, expected_entry, 4);
}
END_TEST

START_TEST(no_entries)
{
    int start[] = { 0, 0 }, index[1] = { 0 }, first[] = { 9, 9, 9 }, entry[] = { 9 };
    by_expert(first, entry, &(MoeGating){ .N = 1, .start = start, .index = index }, 2);
    expect_ints("first", first, (int[]){ 0, 0, 0 }, 3);
    ck_assert_msg(entry[0] == 9, "entry[0] was written, but there is no entry");
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
    expect_number("first[0]", first[0], 0, 0);
    expect_number("first[E]", first[E], start[N], 0);
    for (int e = 0; e < E; e++) {
        for (int i = first[e]; i < first[e + 1]; i++) {
            ck_assert_msg(entry[i] >= 0 && entry[i] < start[N], "entry[%d] is %d, of 0 to %d", i,
                          entry[i], start[N] - 1);
            ck_assert_msg(index[entry[i]] == e, "entry[%d] is %d, of expert %d, listed for %d", i,
                          entry[i], index[entry[i]], e);
            ck_assert_msg(i == first[e] || entry[i - 1] < entry[i],
                          "entry[%d] is %d, after %d: not in ascending order", i, entry[i],
                          entry[i - 1]);
        }
    }
}
END_TEST

// A million entries, and as many experts, within three seconds: one pass per expert would be 10^12
// steps.
START_TEST(a_million_experts)
{
    enum { E = 1000000 };
    static int index[E], first[E + 1], entry[E], expected[E];
    int start[] = { 0, E };
    for (int i = 0; i < E; i++) {
        index[i] = (int)(i * 7919L % E); // each expert once
        expected[index[i]] = i;
    }
    by_expert(first, entry, &(MoeGating){ .N = 1, .start = start, .index = index }, E);
    expect_ints("entry", entry, expected, E);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { by_hand },
        { no_entries },
        { any_list, 10 },
        { a_million_experts, .seconds = 3 },
    };
    return run_tests("02-1 tokens by expert", tests, COUNT_OF(tests));
}
