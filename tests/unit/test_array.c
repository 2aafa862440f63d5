#include "reference/numbers/array.h"
#include "tests/harness/suite.h"
#include <stdint.h>
#include <stdlib.h>

START_TEST(appending_moves_the_items_and_doubles_the_capacity)
{
    enum { COUNT = 1000 };
    int *items = NULL, moves = 0;
    size_t capacity = 0;
    for (int i = 0; i < COUNT; i++) {
        size_t before = capacity;
        items = array_grow(items, &capacity, (size_t)i + 1, sizeof *items);
        ck_assert_ptr_nonnull(items);
        ck_assert_uint_gt(capacity, (size_t)i);
        moves += capacity != before;
        items[i] = i;
    }
    for (int i = 0; i < COUNT; i++) ck_assert_int_eq(items[i], i);
    ck_assert_int_le(moves, 11);
    free(items);
}
END_TEST

START_TEST(one_call_may_ask_for_many)
{
    size_t capacity = 0;
    char *items = array_grow(NULL, &capacity, 100, 1);
    ck_assert_ptr_nonnull(items);
    ck_assert_uint_ge(capacity, 100);
    ck_assert_ptr_eq(array_grow(items, &capacity, 7, 1), items);
    free(items);
}
END_TEST

// Also where the size in bytes overflows a size_t.
START_TEST(impossible_sizes_leave_the_array_as_it_is)
{
    static const size_t counts[] = { SIZE_MAX, SIZE_MAX / 4 + 2, PTRDIFF_MAX / 4 + 1 };
    size_t capacity = 0;
    int32_t *items = array_grow(NULL, &capacity, 4, sizeof *items);
    ck_assert_ptr_nonnull(items);
    items[3] = 7;
    size_t before = capacity;
    ck_assert_ptr_null(array_grow(items, &capacity, counts[_i], sizeof *items));
    ck_assert_uint_eq(capacity, before);
    ck_assert_int_eq(items[3], 7);
    free(items);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { appending_moves_the_items_and_doubles_the_capacity },
        { one_call_may_ask_for_many },
        { impossible_sizes_leave_the_array_as_it_is, 3 },
    };
    return run_tests("array", tests, COUNT_OF(tests));
}
