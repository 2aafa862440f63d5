#include "reference/ffn/expert_sort.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <string.h>

// Three tokens, two channels, two experts of four in each.
static const int32_t chosen[] = { 3, 1, 0, 2, /**/ 1, 0, 2, 0, /**/ 3, 1, 1, 2 };

START_TEST(all_entries_by_hand)
{
    static const int32_t starts[] = { 0, 3, 7, 10, 12 },
                         sorted[] = { 2, 5, 7, 1, 4, 9, 10, 3, 6, 11, 0, 8 };
    ExpertEntries entries = { .index = chosen, .rows = 1, .count = 12, .F = 4 };
    int32_t start[5], order[12], place[12];
    sort_by_expert(start, order, NULL, &entries);
    ck_assert(memcmp(start, starts, sizeof start) == 0);
    ck_assert(memcmp(order, sorted, sizeof order) == 0);
    sort_by_expert(start, NULL, place, &entries);
    ck_assert(memcmp(start, starts, sizeof start) == 0);
    for (int i = 0; i < 12; i++) ck_assert_int_eq(place[order[i]], i);
}
END_TEST

START_TEST(one_channel_by_hand)
{
    static const int32_t starts[] = { 0, 2, 3, 6, 6 }, sorted[] = { 2, 7, 10, 3, 6, 11 };
    ExpertEntries entries = {
        .index = chosen, .rows = 3, .stride = 4, .first = 2, .count = 2, .F = 4
    };
    int32_t start[5], order[6];
    sort_by_expert(start, order, NULL, &entries);
    ck_assert(memcmp(start, starts, sizeof start) == 0);
    ck_assert(memcmp(order, sorted, sizeof order) == 0);
}
END_TEST

START_TEST(no_entries_leave_every_expert_empty)
{
    ExpertEntries entries = { .index = chosen, .rows = 1, .count = 0, .F = 4 };
    int32_t start[5], order[1] = { 7 };
    sort_by_expert(start, order, NULL, &entries);
    for (int f = 0; f <= 4; f++) ck_assert_int_eq(start[f], 0);
    ck_assert_int_eq(order[0], 7);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { all_entries_by_hand },
        { one_channel_by_hand },
        { no_entries_leave_every_expert_empty },
    };
    return run_tests("expert sort", tests, COUNT_OF(tests));
}
