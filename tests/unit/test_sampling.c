#include "reference/data/special_tokens.h"
#include "reference/generate/sampling.h"
#include "reference/io/utf8.h"
#include "reference/numbers/random.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 7, DRAWS = 12000 };

// How often each token is sampled when the draws cover [0, 1) evenly.
static void histogram(int counts[V], const float *logits, const Sampling *sampling) {
    Candidate candidates[V];
    memset(counts, 0, V * sizeof *counts);
    for (int i = 0; i < DRAWS; i++)
        counts[sample_token(logits, V, sampling, (i + 0.5) / DRAWS, candidates)]++;
}

// Token 0 is TOKEN_PAD: it has the highest logit and is never sampled. The others have
// probabilities 1 2 3 4 0 2, divided by 12.
static void make_logits(float logits[V]) {
    static const float weights[V] = { 100, 1, 2, 3, 4, 0, 2 };
    for (int i = 0; i < V; i++) logits[i] = logf(weights[i]);
}

START_TEST(draws_follow_the_softmax)
{
    float logits[V];
    int counts[V];
    make_logits(logits);
    histogram(counts, logits, &(Sampling){ .temperature = 1 });
    const int expected[V] = { 0, 1000, 2000, 3000, 4000, 0, 2000 };
    for (int i = 0; i < V; i++) ck_assert_int_le(abs(counts[i] - expected[i]), 1);
    histogram(counts, logits, &(Sampling){ .temperature = 0.5 }); // squares: 1 4 9 16 0 4 of 34
    const double squares[V] = { 0, 1, 4, 9, 16, 0, 4 };
    for (int i = 0; i < V; i++) ck_assert_double_eq_tol(counts[i], DRAWS * squares[i] / 34, 1.0);
}
END_TEST

START_TEST(top_k_prefers_the_lower_id_of_two_equals)
{
    float logits[V];
    int counts[V];
    make_logits(logits);
    // the 4, the 3, and the first 2
    histogram(counts, logits, &(Sampling){ .temperature = 1, .top_k = 3 });
    const double expected[V] = { 0, 0, 2, 3, 4, 0, 0 };
    for (int i = 0; i < V; i++) ck_assert_double_eq_tol(counts[i], DRAWS * expected[i] / 9, 1.0);
}
END_TEST

START_TEST(top_p_is_the_smallest_set_that_reaches_p)
{
    float logits[V];
    int counts[V];
    make_logits(logits);
    // 4 + 3 of 12
    histogram(counts, logits, &(Sampling){ .temperature = 1, .top_p = 7.0 / 12 - 1e-6 });
    ck_assert_int_eq(counts[4] + counts[3], DRAWS);
    ck_assert_double_eq_tol(counts[4], DRAWS * 4.0 / 7, 1.0);
    // one more is needed
    histogram(counts, logits, &(Sampling){ .temperature = 1, .top_p = 7.0 / 12 + 1e-6 });
    ck_assert_int_eq(counts[4] + counts[3] + counts[2], DRAWS);
    histogram(counts, logits, &(Sampling){ .temperature = 1, .top_p = 1e-9 });
    ck_assert_int_eq(counts[4], DRAWS);
    // of these two, 4/7 is enough
    histogram(counts, logits, &(Sampling){ .temperature = 1, .top_k = 2, .top_p = 0.55 });
    ck_assert_int_eq(counts[4], DRAWS);
}
END_TEST

START_TEST(temperature_0_is_greedy)
{
    float logits[V] = { 9, 1, 5, 5, -INFINITY, NAN, 5 };
    Candidate candidates[V];
    const double temperatures[] = { 0, 1e-9, 1e-300, -1 };
    for (int i = 0; i < 4; i++) {
        Sampling sampling = { .temperature = temperatures[i] };
        ck_assert_int_eq(sample_token(logits, V, &sampling, 0.999, candidates), 2);
    }
    Sampling one = { .temperature = 1, .top_k = 1 };
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(sample_token(logits, V, &one, i / 10.0, candidates), 2);
}
END_TEST

START_TEST(nan_and_infinity_are_handled)
{
    Candidate candidates[V];
    int counts[V];
    float some[V] = { 1, NAN, 2, NAN, NAN, -INFINITY, NAN };
    histogram(counts, some, &(Sampling){ .temperature = 1 });
    ck_assert_int_eq(counts[2], DRAWS);
    float none[V] = { 1, NAN, NAN, NAN, NAN, NAN, NAN };
    ck_assert_int_ne(sample_token(none, V, &(Sampling){ .temperature = 1 }, 0.5, candidates), 0);
    float infinite[V] = { 1, 2, INFINITY, 3, 4, INFINITY, 5 };
    ck_assert_int_eq(sample_token(infinite, V, &(Sampling){ .temperature = 1 }, 0.9, candidates),
                     2);
    float huge[V] = { 0, -3e38f, 3e38f, -3e38f, 0, 0, 0 };
    ck_assert_int_eq(sample_token(huge, V, &(Sampling){ .temperature = 100 }, 0.9999, candidates),
                     2);
}
END_TEST

// ---- the same rule on a sorted vocabulary

static int compare(const void *left, const void *right) {
    const Candidate *a = left, *b = right;
    if (a->logit != b->logit) return a->logit > b->logit ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

// The sum of p [count] up to where it reaches target, and how many that are. *close: the sum came
// so near to the target before that another order of additions could stop elsewhere.
static double reach(int *count, const double *p, double target, bool *close) {
    double sum = 0;
    for (int i = 0; i < *count; i++) {
        sum += p[i];
        if (fabs(sum - target) <= 1e-12 * target && i + 1 < *count) *close = true;
        if (sum >= target) *count = i + 1;
    }
    return sum;
}

static int32_t sample_sorted(const float *logits, int size, const Sampling *sampling, double draw,
                             Candidate *sorted, double *p, bool *close) {
    int count = 0;
    double sum = 0;
    for (int32_t id = 0; id < size; id++) {
        if (id != TOKEN_PAD && !isnan(logits[id])) sorted[count++] = (Candidate){ logits[id], id };
    }
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    if (isinf(sorted[0].logit)) return sorted[0].id;
    if (sampling->top_k > 0 && sampling->top_k < count) count = sampling->top_k;
    for (int i = 0; i < count; i++) {
        p[i] = exp(((double)sorted[i].logit - sorted[0].logit) / sampling->temperature);
        sum += p[i];
    }
    if (sampling->top_p > 0 && sampling->top_p < 1)
        sum = reach(&count, p, sampling->top_p * sum, close);
    // the first token where the sum is above draw·sum
    reach(&count, p, draw * sum > 0 ? draw * sum : 1e-300, close);
    return sorted[count - 1].id;
}

// Some equal, some NaN, some -infinity, and now and then the best of them infinite.
static void make_many(float *logits, int size, uint64_t key) {
    double spread = 1 + 5 * random_uniform(key, 1);
    for (int id = 0; id < size; id++) {
        uint64_t special = random_below(key, 10 + 2 * (uint64_t)id, 50);
        logits[id] = (float)(spread * random_normal(key, 11 + 2 * (uint64_t)id));
        if (special < 10) logits[id] = roundf(logits[id]);
        if (special == 10 && id > 1) logits[id] = NAN;
        if (special == 11) logits[id] = -INFINITY;
    }
    if (random_below(key, 2, 50) == 0) logits[size / 2] = INFINITY;
}

START_TEST(the_choice_is_that_of_a_sorted_vocabulary)
{
    enum { MOST = 1021, CASES = 20000 };
    static const int sizes[] = { 2, 3, 5, 64, 65, 129, 130, MOST };
    static const double temperatures[] = { 0.3, 0.8, 1, 5 }, top_ps[] = { 0, 0.2, 0.9, 0.999, 1 };
    static float logits[MOST];
    static double p[MOST];
    static Candidate candidates[MOST], sorted[MOST];
    int skipped = 0;
    for (uint64_t i = 0; i < CASES; i++) {
        uint64_t key = random_key(i, "logits");
        int size = sizes[random_below(key, 3, COUNT_OF(sizes))];
        static const int top_ks[] = { 0, 1, 2, 40, 128, 129, 2000 };
        Sampling sampling = { temperatures[random_below(key, 4, COUNT_OF(temperatures))],
                              top_ks[random_below(key, 5, COUNT_OF(top_ks))],
                              top_ps[random_below(key, 6, COUNT_OF(top_ps))] };
        double draw = random_uniform(key, 7);
        if (random_below(key, 8, 4) == 0) draw = 1 - 1e-3 * draw; // among the unlikely tokens
        bool close = false;
        make_many(logits, size, key);
        int32_t expected = sample_sorted(logits, size, &sampling, draw, sorted, p, &close);
        skipped += close;
        int32_t actual = sample_token(logits, size, &sampling, draw, candidates);
        ck_assert_msg(close || actual == expected, "case %d: token %d, expected %d", (int)i, actual,
                      expected);
    }
    ck_assert_int_eq(skipped, 0);
}
END_TEST

static void feed(char *out, const char *bytes, size_t size) {
    Utf8Stream stream = { 0 };
    char piece[UTF8_OUT];
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        size_t actual = utf8_feed(&stream, (unsigned char)bytes[i], piece);
        memcpy(out + used, piece, actual);
        used += actual;
    }
    size_t actual = utf8_end(&stream, piece);
    memcpy(out + used, piece, actual);
    out[used + actual] = '\0';
}

static const struct {
    const char *bytes, *expected;
} streams[] = {
    { "plain", "plain" },
    { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa2!",
      "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa2!" },
    { "a\xc3", "a\xef\xbf\xbd" },                   // cut off at the end
    { "\xe2\x82z", "\xef\xbf\xbdz" },               // cut off by another character
    { "\xe2\x82\xc3\xbc", "\xef\xbf\xbd\xc3\xbc" }, // ... by another sequence
    { "\x80\xff", "\xef\xbf\xbd\xef\xbf\xbd" },     // not lead bytes
    { "\xed\xa0\x80", "\xef\xbf\xbd" },             // a surrogate
    { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },     // an overlong form of '/'
};

START_TEST(sequences_are_completed)
{
    char out[100];
    feed(out, streams[_i].bytes, strlen(streams[_i].bytes));
    ck_assert_str_eq(out, streams[_i].expected);
}
END_TEST

START_TEST(incomplete_sequences_are_held_back)
{
    Utf8Stream stream = { 0 };
    char out[UTF8_OUT];
    ck_assert_uint_eq(utf8_feed(&stream, 0xf0, out), 0);
    ck_assert_uint_eq(utf8_feed(&stream, 0x9f, out), 0);
    ck_assert_uint_eq(utf8_feed(&stream, 0x90, out), 0);
    ck_assert_uint_eq(utf8_feed(&stream, 0xa2, out), 4);
    ck_assert_uint_eq(utf8_end(&stream, out), 0);
}
END_TEST

static const struct {
    const char *text, *plain, *json;
} escapes[] = {
    { "gr\xc3\xbc\xc3\x9f\n\t\xf0\x9f\x90\xa2", "gr\xc3\xbc\xc3\x9f\n\t\xf0\x9f\x90\xa2", NULL },
    { "a\x1b[31mb", "a\\x1b[31mb", "a\\u001b[31mb" },
    { "\r\a\x7f", "\\x0d\\x07\\x7f", "\\u000d\\u0007\\u007f" },
    { "\xc2\x9b"
      "5m",
      "\\x9b"
      "5m",
      "\\u009b"
      "5m" }, // CSI in one character
    { "\xc2\xa0", "\xc2\xa0", NULL },
    { "\x9b"
      "5\xc3",
      "\\x9b"
      "5\\xc3",
      NULL }, // not UTF-8
};

START_TEST(control_characters_are_escaped)
{
    for (int form = ESCAPE_TEXT; form <= ESCAPE_JSON; form++) {
        const char *expected = form == ESCAPE_TEXT ? escapes[_i].plain : escapes[_i].json;
        char *out = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&out, &size);
        ck_assert_ptr_nonnull(stream);
        utf8_print_escaped(stream, escapes[_i].text, strlen(escapes[_i].text), (EscapeForm)form);
        ck_assert_int_eq(fclose(stream), 0);
        if (expected != NULL) ck_assert_str_eq(out, expected);
        free(out);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { draws_follow_the_softmax },
        { top_k_prefers_the_lower_id_of_two_equals },
        { top_p_is_the_smallest_set_that_reaches_p },
        { temperature_0_is_greedy },
        { nan_and_infinity_are_handled },
        { the_choice_is_that_of_a_sorted_vocabulary },
        { sequences_are_completed, COUNT_OF(streams) },
        { incomplete_sequences_are_held_back },
        { control_characters_are_escaped, COUNT_OF(escapes) },
    };
    return run_tests("sampling", tests, COUNT_OF(tests));
}
