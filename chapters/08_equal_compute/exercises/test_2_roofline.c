#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "tests/harness/suite.h"

double roofline_seconds(const Traffic *t, double flops, double bytes);
long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long max_tokens);

START_TEST(the_slower_of_the_two)
{
    const Traffic t = { .flops = 600, .bytes_once = 100, .bytes_per_use = 5000 };
    ck_assert_double_eq_tol(roofline_seconds(&t, 100, 100), 6.0, 1e-14);
    ck_assert_double_eq_tol(roofline_seconds(&t, 100, 10), 10.0, 1e-14);
}
END_TEST

// An mlp has 4·N·D·F FLOPs for 4·(2·D·F + 2·N·D) bytes: with F = 40 that is 40 N / (2 (40 + N)),
// and 10 at N = 40.
START_TEST(an_mlp_on_paper)
{
    const ModelSizes mlp = { .ffn = FEED_FORWARD_MLP, .D = 16, .F = 40 };
    ck_assert_int_eq(busy_tokens(&mlp, 1e10, 1e9, 1000), 40);
    ck_assert_int_eq(busy_tokens(&mlp, 1e10, 1e9, 40), 40);
    ck_assert_int_eq(busy_tokens(&mlp, 1e10, 1e9, 39), 0);
    // 0.1 FLOPs per byte: one token is enough
    ck_assert_int_eq(busy_tokens(&mlp, 1e9, 1e10, 1000), 1);
    // no number of tokens reaches 20
    ck_assert_int_eq(busy_tokens(&mlp, 2e10, 1e9, 1000000000L), 0);
}
END_TEST

// Every kind, many machines: with the answer the processor is busy, with one token less it is not.
START_TEST(just_enough)
{
    for (int s = 1; s <= 4; s++) {
        for (double balance = 0.6; balance < 60; balance *= 1.9) {
            ModelSizes sizes;
            ck_assert(quarter_scale(&sizes, (FeedForwardKind)_i, s));
            long N = busy_tokens(&sizes, balance * 1e9, 1e9, 1L << 40);
            if (N == 0) { // not even this many are enough
                Traffic many = layer_traffic(&sizes, 0x1p40);
                ck_assert_msg(many.flops / many.bytes_once < balance, "q%d, %g: %g", s, balance,
                              many.flops / many.bytes_once);
                continue;
            }
            Traffic enough = layer_traffic(&sizes, (double)N),
                    fewer = layer_traffic(&sizes, (double)N - 1);
            ck_assert_msg(enough.flops / 1e9 / balance >= enough.bytes_once / 1e9, "q%d, %g: %ld",
                          s, balance, N);
            ck_assert_msg(N == 1 || fewer.flops / 1e9 / balance < fewer.bytes_once / 1e9,
                          "q%d, %g: %ld", s, balance, N);
        }
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_slower_of_the_two },
        { an_mlp_on_paper },
        { just_enough, FEED_FORWARD_LAYERS },
    };
    return run_tests("08-2 roofline", tests, COUNT_OF(tests));
}
