#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "tests/harness/expect.h"

double roofline_seconds(const Traffic *t, double flops, double bytes);
long busy_tokens(const ModelSizes *sizes, double flops, double bytes, long max_tokens);

// 600 FLOPs and 100 bytes, at 100 FLOPs/s and 100 or 10 bytes/s: 6 s against 1 s or 10 s.
START_TEST(the_slower_of_the_two)
{
    const Traffic t = { .flops = 600, .bytes_once = 100, .bytes_per_use = 5000 };
    expect_number("seconds at 100 bytes/s", roofline_seconds(&t, 100, 100), 6.0, 1e-14);
    expect_number("seconds at 10 bytes/s", roofline_seconds(&t, 100, 10), 10.0, 1e-14);
}
END_TEST

// An mlp has 4·N·D·F FLOPs for 4·(2·D·F + 2·N·D) bytes: with F = 40 that is 40 N / (2 (40 + N)),
// and 10 at N = 40.
START_TEST(an_mlp_on_paper)
{
    const ModelSizes mlp = { .ffn = FEED_FORWARD_MLP, .D = 16, .F = 40 };
    expect_number("tokens, of up to 1000", (double)busy_tokens(&mlp, 1e10, 1e9, 1000), 40, 0);
    expect_number("tokens, of up to 40", (double)busy_tokens(&mlp, 1e10, 1e9, 40), 40, 0);
    expect_number("tokens, of up to 39", (double)busy_tokens(&mlp, 1e10, 1e9, 39), 0, 0);
    expect_number("tokens at 0.1 FLOPs per byte, which one token has",
                  (double)busy_tokens(&mlp, 1e9, 1e10, 1000), 1, 0);
    expect_number("tokens at 20 FLOPs per byte, which none reach",
                  (double)busy_tokens(&mlp, 2e10, 1e9, 1000000000L), 0, 0);
}
END_TEST

// FLOPs per byte, if N tokens share the weights.
static double intensity(const ModelSizes *sizes, double N) {
    Traffic t = layer_traffic(sizes, N);
    return t.flops / t.bytes_once;
}

// Every kind, many machines: with the answer the processor is busy, with one token less it is not.
START_TEST(just_enough)
{
    FeedForwardKind kind = (FeedForwardKind)_i;
    const char *name = feed_forward_kinds[kind].name;
    for (int s = 1; s <= 4; s++) {
        for (double balance = 0.6; balance < 60; balance *= 1.9) {
            ModelSizes sizes;
            ck_assert(quarter_scale(&sizes, kind, s));
            long N = busy_tokens(&sizes, balance * 1e9, 1e9, 1L << 40);
            double enough = intensity(&sizes, N > 0 ? (double)N : 0x1p40),
                   fewer = N > 1 ? intensity(&sizes, (double)N - 1) : 0.0;
            ck_assert_msg(N > 0 || enough < balance,
                          "%s at q%d, %g FLOPs per byte: 0 tokens, but 2^40 have %g", name, s,
                          balance, enough);
            ck_assert_msg(N == 0 || enough >= balance,
                          "%s at q%d, %g FLOPs per byte: %ld tokens, but these have only %g", name,
                          s, balance, N, enough);
            ck_assert_msg(N == 0 || fewer < balance,
                          "%s at q%d, %g FLOPs per byte: %ld tokens, but one less has %g", name, s,
                          balance, N, fewer);
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
