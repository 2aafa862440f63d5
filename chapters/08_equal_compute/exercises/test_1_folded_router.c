#include "chapters/08_equal_compute/parts.h"
#include "chapters/08_equal_compute/scales.h"
#include "tests/harness/expect.h"

double folded_router_flops(const ModelSizes *sizes);

// D = 256, Dk = 128, n = 32, 16 lists, the sgatlin paper's TinyStories model: a list takes
// 2·(256·128 + 32·128) = 73728, folded 2·256·32 = 16384.
START_TEST(a_query_for_each_list)
{
    ModelSizes sizes = { .ffn = FEED_FORWARD_PEER, .D = 256, .F = 1024, .C = 8, .K = 8, .Dk = 128 };
    expect_number("the FLOPs of peer", folded_router_flops(&sizes), 16 * 16384, 0);
    sizes.ffn = FEED_FORWARD_SGATLIN;
    sizes.router = PRODUCT_KEY_VALUE;
    expect_number("the FLOPs of sgatlin, product key-value", folded_router_flops(&sizes),
                  16 * 16384, 0);
}
END_TEST

// The peer of scale q2, 8 lists of 80 keys of 32 numbers, D = 64: 8·2·(64·32 + 80·32) = 73728,
// folded 8·2·64·80.
START_TEST(where_it_does_not_pay)
{
    ModelSizes sizes;
    ck_assert(quarter_scale(&sizes, FEED_FORWARD_PEER, 2));
    expect_number("the FLOPs of peer at q2", folded_router_flops(&sizes), 73728, 0);
}
END_TEST

// One query for all: 2·8·4 = 64 for it and 4 lists of 3 keys, 2·12·4 = 96; folded 2·12·8 = 192.
// With Dk = 16 it is 256 and 384 against the same 192. With C = 1 and Dk = 5: 80 and 60 against 96.
START_TEST(a_query_that_all_share)
{
    ModelSizes sizes = { .ffn = FEED_FORWARD_SGATLIN, .D = 8, .F = 9, .C = 2, .K = 2, .Dk = 4 };
    expect_number("the FLOPs with Dk = 4", folded_router_flops(&sizes), 160, 0);
    sizes.Dk = 16;
    expect_number("the FLOPs with Dk = 16", folded_router_flops(&sizes), 192, 0);
    sizes.C = 1;
    sizes.Dk = 5;
    expect_number("the FLOPs with C = 1, Dk = 5", folded_router_flops(&sizes), 96, 0);
}
END_TEST

// Flat: 2 lists of 9 keys. key_value: 2·(2·8·16 + 2·9·16) against 2·2·9·8; dense: 2·8·16 + 2·18·16
// against the same.
START_TEST(flat_routers)
{
    ModelSizes sizes = {
        .ffn = FEED_FORWARD_SGATLIN, .D = 8, .F = 9, .C = 2, .K = 2, .Dk = 16, .router = KEY_VALUE
    };
    expect_number("the FLOPs of key_value", folded_router_flops(&sizes), 288, 0);
    sizes.router = DENSE;
    expect_number("the FLOPs of dense", folded_router_flops(&sizes), 288, 0);
    sizes.Dk = 2; // 2·8·2 + 2·18·2
    expect_number("the FLOPs of dense with Dk = 2", folded_router_flops(&sizes), 104, 0);
}
END_TEST

// None but the moe has a router: 2·8·5.
START_TEST(kinds_without_a_query)
{
    ModelSizes sizes = { .D = 8, .F = 9, .E = 5, .K = 2 };
    sizes.ffn = FEED_FORWARD_MLP;
    expect_number("the FLOPs of mlp", folded_router_flops(&sizes), 0, 0);
    sizes.ffn = FEED_FORWARD_GLU;
    expect_number("the FLOPs of glu", folded_router_flops(&sizes), 0, 0);
    sizes.ffn = FEED_FORWARD_MOE;
    expect_number("the FLOPs of moe", folded_router_flops(&sizes), 80, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_query_for_each_list }, { where_it_does_not_pay }, { a_query_that_all_share },
        { flat_routers },          { kinds_without_a_query },
    };
    return run_tests("08-1 folded router", tests, COUNT_OF(tests));
}
