// The counter-based generator and the blocks of floats: reference/numbers/random.h and memory.h.
#include "reference/numbers/memory.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>

// SplitMix64's published sequence from state 1234567: value i of a stream is output i of the
// generator.
START_TEST(bits_are_splitmix64)
{
    static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u,
                                         9817491932198370423u, 4593380528125082431u,
                                         16408922859458223821u };
    for (uint64_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_uint_eq(random_bits(1234567, i), expected[i]);
    ck_assert_uint_eq(random_bits(0, 0), 0xe220a8397b1dcdafu);
    ck_assert_uint_eq(random_bits(1234567, 2), expected[2]); // any order, same numbers
}
END_TEST

START_TEST(keys_differ_by_seed_and_name)
{
    static const char *const names[] = {
        "", "a", "b", "ab", "ba", "layers.0.ffn.experts.in", "layers.1.ffn.experts.in"
    };
    enum { NAMES = sizeof names / sizeof *names, SEEDS = 5 };
    uint64_t keys[NAMES * SEEDS];
    for (int n = 0; n < NAMES; n++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++)
            keys[n * SEEDS + (int)seed] = random_key(seed, names[n]);
    }
    for (int i = 0; i < NAMES * SEEDS; i++) {
        for (int j = 0; j < i; j++) ck_assert_uint_ne(keys[i], keys[j]);
    }
    ck_assert_uint_eq(random_key(3, "ab"), keys[3 * SEEDS + 3]);
}
END_TEST

enum { DRAWS = 200000 };

// The k-th moment of a draw about zero.
static double moment(double (*draw)(uint64_t, uint64_t), uint64_t key, int k) {
    double sum = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = draw(key, i);
        sum += k == 1 ? x : k == 2 ? x * x : k == 3 ? x * x * x : x * x * x * x;
    }
    return sum / DRAWS;
}

// Every bound below is 5 standard errors of the mean of 200,000 draws.
START_TEST(uniform_fills_its_range_evenly)
{
    enum { BINS = 97 };
    uint64_t key = random_key(1, "uniform");
    int bins[BINS] = { 0 }, outside = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = random_uniform(key, i);
        if (x >= 0 && x < 1)
            bins[(int)(x * BINS)]++;
        else
            outside++;
    }
    ck_assert_int_eq(outside, 0);
    double chi_squared = 0, expected = (double)DRAWS / BINS;
    for (int b = 0; b < BINS; b++)
        chi_squared += (bins[b] - expected) * (bins[b] - expected) / expected;
    ck_assert_double_lt(chi_squared, 96 + 5 * sqrt(2 * 96.0)); // mean 96, variance 2 · 96
    ck_assert_double_gt(chi_squared, 96 - 5 * sqrt(2 * 96.0)); // too even is not random either
    ck_assert_double_eq_tol(moment(random_uniform, key, 1), 1 / 2.0, 5 * sqrt(1 / 12.0 / DRAWS));
}
END_TEST

START_TEST(below_reaches_every_number_and_no_other)
{
    uint64_t key = random_key(2, "below");
    int seen[8] = { 0 };
    for (uint64_t i = 0; i < 70000; i++) {
        uint64_t x = random_below(key, i, 7);
        seen[x < 7 ? x : 7]++;
    }
    ck_assert_int_eq(seen[7], 0);
    for (int x = 0; x < 7; x++) ck_assert_int_lt(abs(seen[x] - 10000), 5 * 93); // sd of a bin: 93
    for (uint64_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(random_below(key, i, 1), 0);
        ck_assert_uint_eq(random_below(key, i, UINT64_C(1) << 63), random_bits(key, i) >> 1);
    }
}
END_TEST

START_TEST(normal_has_the_normal_moments)
{
    uint64_t key = random_key(3, "normal");
    ck_assert_double_eq_tol(moment(random_normal, key, 1), 0, 5 * sqrt(1.0 / DRAWS));
    ck_assert_double_eq_tol(moment(random_normal, key, 2), 1, 5 * sqrt(2.0 / DRAWS));
    ck_assert_double_eq_tol(moment(random_normal, key, 3), 0, 5 * sqrt(15.0 / DRAWS));
    ck_assert_double_eq_tol(moment(random_normal, key, 4), 3, 5 * sqrt(96.0 / DRAWS));
    double largest = 0;
    for (uint64_t i = 0; i < DRAWS; i++) largest = fmax(largest, fabs(random_normal(key, i)));
    ck_assert(largest > 3.5 && largest < 7); // of 200,000: 4.4 is usual
}
END_TEST

// Cut at a = 2: variance 1 - 2 a φ(a) / (2 Φ(a) - 1), about 0.774, fourth moment 3 var - 2 a³ φ(a)
// / (2 Φ(a) - 1).
START_TEST(truncated_normal_is_cut_and_not_rescaled)
{
    uint64_t key = random_key(4, "truncated");
    double density = exp(-2.0) / sqrt(2 * acos(-1.0)), inside = erf(2 / sqrt(2.0));
    double variance = 1 - 4 * density / inside, fourth = 3 * variance - 16 * density / inside;
    ck_assert_double_eq_tol(variance, 0.774, 0.0005);
    double largest = 0;
    for (uint64_t i = 0; i < DRAWS; i++)
        largest = fmax(largest, fabs(random_truncated_normal(key, i)));
    ck_assert(largest <= 2 && largest > 1.999);
    ck_assert_double_eq_tol(moment(random_truncated_normal, key, 1), 0, 5 * sqrt(variance / DRAWS));
    ck_assert_double_eq_tol(moment(random_truncated_normal, key, 2), variance,
                            5 * sqrt((fourth - variance * variance) / DRAWS));
}
END_TEST

static double correlation(uint64_t a, uint64_t b, uint64_t lag) {
    double sum = 0;
    for (uint64_t i = 0; i < DRAWS; i++) sum += random_normal(a, i) * random_normal(b, i + lag);
    return sum / DRAWS;
}

// A stream's values, and the streams of two names or two seeds, know nothing of one another.
START_TEST(streams_are_independent)
{
    uint64_t a = random_key(5, "layers.0.ffn.experts.in"),
             b = random_key(5, "layers.0.ffn.experts.out");
    uint64_t c = random_key(6, "layers.0.ffn.experts.in");
    double bound = 5 / sqrt(DRAWS);
    ck_assert_double_eq_tol(correlation(a, b, 0), 0, bound);
    ck_assert_double_eq_tol(correlation(a, c, 0), 0, bound);
    ck_assert_double_eq_tol(correlation(a, a, 1), 0, bound);
    ck_assert_double_eq_tol(correlation(a, a, 2), 0, bound);
}
END_TEST

START_TEST(blocks_are_zeroed_and_aligned)
{
    static const size_t counts[] = { 0, 1, 15, 16, 17, 1023, 1024, 1025, 1000000 };
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        float *block = floats_new(counts[c]);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 64, 0);
        size_t zeros = 0;
        for (size_t i = 0; i < counts[c]; i++) {
            zeros += block[i] == 0;
            block[i] = (float)i;
        }
        ck_assert_uint_eq(zeros, counts[c]);
        floats_free(block, counts[c]);
    }
    floats_free(NULL, 10);
}
END_TEST

START_TEST(impossible_blocks_are_refused)
{
    ck_assert_ptr_null(floats_new(SIZE_MAX));
    ck_assert_ptr_null(floats_new(SIZE_MAX / sizeof(float)));
    // its bytes, wrapped round, would be 4
    ck_assert_ptr_null(floats_new(SIZE_MAX / sizeof(float) + 2));
}
END_TEST

START_TEST(takes_measure_before_they_allocate)
{
    static const size_t counts[] = { 1, 16, 0, 17, 5 };
    enum { TAKES = sizeof counts / sizeof *counts };
    size_t needed = 0;
    for (int i = 0; i < TAKES; i++) ck_assert_ptr_null(floats_take(NULL, &needed, counts[i]));
    ck_assert_uint_eq(needed, 16 + 16 + 0 + 32 + 16);
    float *block = floats_new(needed);
    size_t used = 0;
    for (int i = 0; i < TAKES; i++) {
        size_t before = used;
        float *at = floats_take(block, &used, counts[i]);
        ck_assert_ptr_eq(at, block + before);
        ck_assert_uint_eq((uintptr_t)at % 64, 0);
        ck_assert_uint_ge(used, before + counts[i]);
    }
    ck_assert_uint_eq(used, needed);
    floats_free(block, needed);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { bits_are_splitmix64 },
        { keys_differ_by_seed_and_name },
        { uniform_fills_its_range_evenly },
        { below_reaches_every_number_and_no_other },
        { normal_has_the_normal_moments },
        { truncated_normal_is_cut_and_not_rescaled },
        { streams_are_independent },
        { blocks_are_zeroed_and_aligned },
        { impossible_blocks_are_refused },
        { takes_measure_before_they_allocate },
    };
    return run_tests("random", tests, COUNT_OF(tests));
}
