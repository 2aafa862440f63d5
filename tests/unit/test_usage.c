#include "reference/circuits/usage.h"
#include "reference/ffn/ffn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <string.h>

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

// ---- of a recording

enum { T = 5 };

// 5 positions of tokens 1, 3, 1, 1, 3, one layer of two channels of 4 neurons; -1: NO_EXPERT.
static GatingRecord small_record(const Config *config, int32_t *tokens, int32_t *index,
                                 float *score) {
    static const int32_t all_tokens[T] = { 1, 3, 1, 1, 3 };
    static const int32_t all[T * 4] = { 0, 1, 3,      2, /**/ 0, 1, 3,      0, /**/ 0, 2,
                                        3, 2, /**/ 1, 0, 3,      2, /**/ 2, 0, 3,      -1 };
    memcpy(tokens, all_tokens, sizeof all_tokens);
    memcpy(index, all, sizeof all);
    return (GatingRecord){ *config, T, 1, 2, 2, 4, false, 0, tokens, index, score };
}

static Config small_config(const char *kind) {
    return (Config){ .ffn = ffn_find(kind), .V = 5, .L = 1, .C = 2, .F = 4, .K = 2 };
}

START_TEST(positions_of_a_record_are_counted)
{
    Config config = small_config("sgatlin");
    int32_t tokens[T], index[T * 4];
    float score[T * 4] = { 0 };
    GatingRecord record = small_record(&config, tokens, index, score);
    Usage usage;
    ck_assert(usage_of_record(&usage, &record, NULL));
    const uint64_t expected[8] = { 5, 3, 2, 0, /* channel 1 */ 1, 0, 3, 5 };
    ck_assert_mem_eq(usage.fired, expected, sizeof expected);
    ck_assert_double_eq(usage_layer_share(&usage, 0), 6.0 / 8);
    int64_t bins[USAGE_BINS];
    usage_histogram(bins, &usage, 0);
    const int64_t sizes[] = { 2, 1, 3, 2, 0 }; // 0; 1; 2 and 3; 4 to 7; more
    ck_assert_mem_eq(bins, sizes, sizeof sizes);
    usage_free(&usage);
}
END_TEST

START_TEST(a_token_is_counted_once_for_each_neuron)
{
    Config config = small_config("sgatlin");
    int32_t tokens[T], index[T * 4];
    float score[T * 4] = { 0 };
    GatingRecord record = small_record(&config, tokens, index, score);
    Usage usage;
    ck_assert(usage_of_tokens(&usage, &record, 0, NULL));
    const uint64_t expected[8] = { 2, 2, 2, 0, /* channel 1 */ 1, 0, 1, 2 };
    ck_assert_mem_eq(usage.fired, expected, sizeof expected);
    double value;
    ck_assert(usage_gini(&value, &usage, 0, NULL));
    // sorted 0 0 1 1 2 2 2 2, weights -7 -5 … 7: -3 - 1 + 2 · 16 = 28, and 28 / (8 · 10)
    ck_assert_double_eq_tol(value, 28.0 / 80, 1e-15);
    usage_free(&usage);
}
END_TEST

START_TEST(channels_that_share_experts_count_a_token_once)
{
    Config config = small_config("peer");
    int32_t tokens[T], index[T * 4];
    float score[T * 4] = { 0 };
    GatingRecord record = small_record(&config, tokens, index, score);
    Usage usage;
    ck_assert(usage_of_tokens(&usage, &record, 0, NULL));
    const uint64_t expected[4] = { 2, 2, 2, 2 };
    ck_assert_mem_eq(usage.fired, expected, sizeof expected);
    usage_free(&usage);
}
END_TEST

// As many neurons fire as in the record, others for another seed, all of them equally often.
START_TEST(the_control_draws_as_many_neurons_at_random)
{
    enum { MANY = 4000 };
    Config config = { .ffn = ffn_find("sgatlin"), .V = MANY, .L = 1, .C = 2, .F = 4, .K = 2 };
    static int32_t tokens[MANY], index[MANY * 4];
    static float score[MANY * 4];
    for (int t = 0; t < MANY; t++) {
        tokens[t] = t;
        index[4 * t + 1] = 1; // the same two neurons of channel 0, and one of channel 1
        index[4 * t + 3] = NO_EXPERT;
    }
    GatingRecord record = { config, MANY, 1, 2, 2, 4, false, 0, tokens, index, score };
    Usage usage, other;
    ck_assert(usage_of_tokens(&usage, &record, 1, NULL));
    ck_assert(usage_of_tokens(&other, &record, 2, NULL));
    uint64_t sums[2] = { 0 };
    for (int i = 0; i < 8; i++) {
        double expected = i < 4 ? MANY / 2 : MANY / 4; // standard deviation below 32
        ck_assert_double_eq_tol((double)usage.fired[i], expected, 160);
        sums[i / 4] += usage.fired[i];
    }
    ck_assert_uint_eq(sums[0], 2 * MANY);
    ck_assert_uint_eq(sums[1], MANY);
    ck_assert_mem_ne(usage.fired, other.fired, 8 * sizeof *usage.fired);
    usage_free(&usage);
    usage_free(&other);
}
END_TEST

START_TEST(gini_by_hand)
{
    double value;
    ck_assert(gini_coefficient(&value, (uint64_t[]){ 3, 3, 3 }, 3, NULL));
    ck_assert_double_eq(value, 0);
    ck_assert(gini_coefficient(&value, (uint64_t[]){ 0, 0, 8, 0 }, 4, NULL));
    ck_assert_double_eq(value, 0.75);
    ck_assert(gini_coefficient(&value, (uint64_t[]){ 1, 3 }, 2, NULL));
    ck_assert_double_eq(value, 0.25);
    ck_assert(gini_coefficient(&value, (uint64_t[]){ 0, 0 }, 2, NULL));
    ck_assert_double_eq(value, 0);
    ck_assert(gini_coefficient(&value, (uint64_t[]){ 5 }, 1, NULL));
    ck_assert_double_eq(value, 0);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { firing_is_counted_by_layer_channel_and_neuron },
        { shared_experts_are_counted_together },
        { moe_has_one_pool },
        { dense_layers_have_none },
        { positions_of_a_record_are_counted },
        { a_token_is_counted_once_for_each_neuron },
        { channels_that_share_experts_count_a_token_once },
        { the_control_draws_as_many_neurons_at_random },
        { gini_by_hand },
    };
    return run_tests("usage", tests, COUNT_OF(tests));
}
