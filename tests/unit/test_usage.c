#include "reference/circuits/usage.h"
#include "reference/ffn/ffn.h"
#include "tests/harness/suite.h"
#include <check.h>

START_TEST(firing_is_counted_by_layer_channel_and_neuron)
{
    Config config = { .ffn = ffn_find("sgatlin"), .L = 2, .C = 2, .F = 4, .K = 2 };
    Usage usage;
    ck_assert(usage_new(&usage, &config, NULL));
    ck_assert_double_eq(usage_share(&usage), 0);
    int32_t index[3 * 2 * 2] = { 0,      1, /**/ 3,          2, /* token 1 */ 0, 1,
                                 /**/ 3, 0, /* token 2 */ 1, 0, /**/ 3,          2 };
    float score[3 * 2 * 2] = { 0 };
    usage_count(&usage, 1,
                &(Gating){ .N = 3, .C = 2, .K = 2, .F = 4, .score = score, .index = index });
    const uint64_t expected[2][2][4] = { { { 0 } }, { { 3, 3, 0, 0 }, { 1, 0, 2, 3 } } };
    ck_assert_mem_eq(usage.fired, expected, sizeof expected);
    ck_assert_double_eq(usage_share(&usage), 5.0 / 16);
    int32_t start[4] = { 0, 0, 3, 4 }; // ragged, of a moe: token 0 has none, token 1 three
    usage_count(
        &usage, 0,
        &(Gating){
            .N = 3, .C = 1, .K = 1, .F = 4, .score = score, .index = index, .start = start });
    ck_assert_uint_eq(usage.fired[0] + usage.fired[1] + usage.fired[2] + usage.fired[3], 4);
    usage_clear(&usage);
    ck_assert_double_eq(usage_share(&usage), 0);
    usage_free(&usage);
}
END_TEST

// The heads of peer share their experts: one fires whichever head selects it.
START_TEST(shared_experts_are_counted_together)
{
    Config config = { .ffn = ffn_find("peer"), .L = 1, .C = 2, .F = 4, .K = 2 };
    Usage usage;
    ck_assert(usage_new(&usage, &config, NULL));
    int32_t index[2 * 2 * 2] = { 0, 1, /**/ 3, 1, /* token 1 */ 1, 0, /**/ 0, 3 };
    float score[2 * 2 * 2] = { 0 };
    usage_count(&usage, 0,
                &(Gating){ .N = 2, .C = 2, .K = 2, .F = 4, .score = score, .index = index });
    ck_assert_mem_eq(usage.fired, ((uint64_t[4]){ 3, 3, 0, 2 }), 4 * sizeof *usage.fired);
    ck_assert_double_eq(usage_share(&usage), 3.0 / 4);
    usage_free(&usage);
}
END_TEST

// A moe has one pool of experts; it does not use C.
START_TEST(moe_has_one_pool)
{
    Config config = { .ffn = ffn_find("moe"), .L = 1, .C = 2, .E = 4, .F = 3, .K = 1 };
    Usage usage;
    ck_assert(usage_new(&usage, &config, NULL));
    int32_t index[2] = { 3, 1 }, start[3] = { 0, 1, 2 };
    float score[2] = { 0 };
    usage_count(
        &usage, 0,
        &(Gating){
            .N = 2, .C = 1, .K = 1, .F = 4, .score = score, .index = index, .start = start });
    ck_assert_double_eq(usage_share(&usage), 2.0 / 4);
    usage_free(&usage);
}
END_TEST

START_TEST(dense_layers_have_none)
{
    Config config = { .ffn = ffn_find("mlp"), .L = 2, .F = 4 };
    Usage usage;
    ck_assert(usage_new(&usage, &config, NULL));
    ck_assert_double_eq(usage_share(&usage), 0);
    usage_clear(&usage);
    usage_free(&usage);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { firing_is_counted_by_layer_channel_and_neuron },
        { shared_experts_are_counted_together },
        { moe_has_one_pool },
        { dense_layers_have_none },
    };
    return run_tests("usage", tests, COUNT_OF(tests));
}
