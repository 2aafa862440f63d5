#include "chapters/08_equal_compute/parts.h"
#include "chapters/08_equal_compute/scales.h"
#include "tests/harness/suite.h"

double folded_router_flops(const ModelSizes *sizes);

// D = 256, Dk = 128, n = 32, 16 lists, the sgatlin authors' TinyStories model: a list takes
// 2·(256·128 + 32·128) = 73728, folded 2·256·32 = 16384.
START_TEST(a_query_for_each_list)
{
    ModelSizes sizes = { .ffn = FEED_FORWARD_PEER, .D = 256, .F = 1024, .C = 8, .K = 8, .Dk = 128 };
    ck_assert_double_eq(folded_router_flops(&sizes), 16 * 16384);
    sizes.ffn = FEED_FORWARD_SGATLIN;
    sizes.router = PRODUCT_KEY_VALUE;
    ck_assert_double_eq(folded_router_flops(&sizes), 16 * 16384);
}
END_TEST

// The peer of scale q2, 8 lists of 80 keys of 32 numbers, D = 64: 8·2·(64·32 + 80·32) = 73728,
// folded 8·2·64·80.
START_TEST(where_it_does_not_pay)
{
    ModelSizes sizes;
    ck_assert(quarter_scale(&sizes, FEED_FORWARD_PEER, 2));
    ck_assert_double_eq(folded_router_flops(&sizes), 73728);
}
END_TEST

// One query for all: 2·8·4 = 64 for it and 4 lists of 3 keys, 2·12·4 = 96; folded 2·12·8 = 192.
// With Dk = 16 it is 256 and 384 against the same 192. With C = 1 and Dk = 5: 80 and 60 against 96.
START_TEST(a_query_that_all_share)
{
    ModelSizes sizes = { .ffn = FEED_FORWARD_SGATLIN, .D = 8, .F = 9, .C = 2, .K = 2, .Dk = 4 };
    ck_assert_double_eq(folded_router_flops(&sizes), 160);
    sizes.Dk = 16;
    ck_assert_double_eq(folded_router_flops(&sizes), 192);
    sizes.C = 1;
    sizes.Dk = 5;
    ck_assert_double_eq(folded_router_flops(&sizes), 96);
}
END_TEST

// Flat: 2 lists of 9 keys. key_value: 2·(2·8·16 + 2·9·16) against 2·2·9·8; dense: 2·8·16 + 2·18·16
// against the same.
START_TEST(flat_routers)
{
    ModelSizes sizes = {
        .ffn = FEED_FORWARD_SGATLIN, .D = 8, .F = 9, .C = 2, .K = 2, .Dk = 16, .router = KEY_VALUE
    };
    ck_assert_double_eq(folded_router_flops(&sizes), 288);
    sizes.router = DENSE;
    ck_assert_double_eq(folded_router_flops(&sizes), 288);
    sizes.Dk = 2; // 2·8·2 + 2·18·2
    ck_assert_double_eq(folded_router_flops(&sizes), 104);
}
END_TEST

START_TEST(kinds_without_a_query)
{
    ModelSizes sizes = { .D = 8, .F = 9, .E = 5, .K = 2 };
    sizes.ffn = FEED_FORWARD_MLP;
    ck_assert_double_eq(folded_router_flops(&sizes), 0);
    sizes.ffn = FEED_FORWARD_GLU;
    ck_assert_double_eq(folded_router_flops(&sizes), 0);
    sizes.ffn = FEED_FORWARD_MOE;
    ck_assert_double_eq(folded_router_flops(&sizes), 80);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_query_for_each_list }, { where_it_does_not_pay }, { a_query_that_all_share },
        { flat_routers },          { kinds_without_a_query },
    };
    return run_tests("08-1 folded router", tests, COUNT_OF(tests));
}
