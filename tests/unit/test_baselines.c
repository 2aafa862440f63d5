// What counting alone achieves.
#include "reference/data/baselines.h"
#include "reference/data/tokenizer.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static Scratch scratch;
static const char *train_path, *valid_path;

static void set_up(void) {
    scratch = scratch_new("baselines");
    train_path = scratch_path(&scratch, "train.bin");
    valid_path = scratch_path(&scratch, "valid.bin");
}

static void tear_down(void) { scratch_remove(&scratch); }

enum { A = 2, B = 3 };

// Stories of two tokens each.
static void write_pairs(const char *path, int V, uint64_t hash, const uint32_t (*stories)[2],
                        size_t count) {
    TokenWriter *writer = token_writer_open(path, V, hash, NULL);
    ck_assert_ptr_nonnull(writer);
    for (size_t s = 0; s < count; s++) ck_assert(token_writer_story(writer, stories[s], 2, NULL));
    ck_assert(token_writer_commit(writer, NULL));
}

// Stories of tokens where each depends on the one before; story `first` on.
static void write_random(const char *path, int V, size_t first, size_t count) {
    TokenWriter *writer = token_writer_open(path, V, 0, NULL);
    ck_assert_ptr_nonnull(writer);
    for (size_t s = first; s < first + count; s++) {
        uint32_t ids[50];
        uint64_t key = random_bits(random_key(1, "story"), s);
        size_t size = (size_t)random_below(key, 0, 50);
        for (size_t i = 0; i < size; i++) {
            uint64_t step = random_below(key, i + 1, 4) * random_below(key, i + 100, 4);
            ids[i] = (uint32_t)(2 + (step + (i > 0 ? 3 * ids[i - 1] : 0)) % (uint64_t)(V - 2));
        }
        ck_assert(token_writer_story(writer, ids, size, NULL));
    }
    ck_assert(token_writer_commit(writer, NULL));
}

static TokenFile opened(const char *path) {
    TokenFile file;
    Error error;
    ck_assert_msg(token_file_open(&file, path, &error), "%s", error.text);
    return file;
}

// Stories "a b" and "a a" for counting, "a b" for scoring; V = 4: pad, end, a, b.
// unigram: c = (0, 2, 3, 1) of 6, so p(end) = 3/10, p(a) = 4/10, p(b) = 2/10.
// trigrams: <<a twice; <ab, ab<, <aa, aa< once (< is the end): d3 = 4 / (4 + 2) = 2/3.
// pairs before which one token was seen: <a, ab, b<, aa, a<, nothing seen twice: d2 = 0.75.
// tokens before which others were seen: a 2, end 2, b 1: d1 = 1 / (1 + 4) = 0.2, N(·) = 3, N(··) =
// 5.
START_TEST(a_tiny_example_by_hand)
{
    static const uint32_t train_stories[][2] = { { A, B }, { A, A } },
                          valid_stories[][2] = { { A, B } };
    write_pairs(train_path, 4, 5, train_stories, 2);
    write_pairs(valid_path, 4, 5, valid_stories, 1);
    TokenFile train = opened(train_path), valid = opened(valid_path);
    double a = (2 - 0.2 + 0.2 * 3 / 4) / 5, b = (1 - 0.2 + 0.2 * 3 / 4) / 5, end = a;
    double a_after_end = (1 - 0.75 + 0.75 * 1 * a) / 1;   // N(·<·) = 1, N(<·) = 1
    double b_after_a = (1 - 0.75 + 0.75 * 3 * b) / 3;     // N(·a·) = 3, N(a·) = 3
    double end_after_b = (1 - 0.75 + 0.75 * 1 * end) / 1; // N(·b·) = 1, N(b·) = 1
    double a_after_end_end = (2 - 2.0 / 3 + 2.0 / 3 * 1 * a_after_end) / 2; // c(<<) = 2, N(<<·) = 1
    double b_after_end_a = (1 - 2.0 / 3 + 2.0 / 3 * 2 * b_after_a) / 2;   // c(<a) = 2, N(<a·) = 2
    double end_after_a_b = (1 - 2.0 / 3 + 2.0 / 3 * 1 * end_after_b) / 1; // c(ab) = 1, N(ab·) = 1
    // bb was never a context: p(b|b)
    double b_after_b_b = 0.75 * 1 * b / 1;
    Trigram *trigram = trigram_new(&train, SIZE_MAX, NULL);
    ck_assert_ptr_nonnull(trigram);
    ck_assert_double_eq_tol(trigram_probability(trigram, TOKEN_END, TOKEN_END, A), a_after_end_end,
                            1e-15);
    ck_assert_double_eq_tol(trigram_probability(trigram, TOKEN_END, A, B), b_after_end_a, 1e-15);
    ck_assert_double_eq_tol(trigram_probability(trigram, A, B, TOKEN_END), end_after_a_b, 1e-15);
    ck_assert_double_eq_tol(trigram_probability(trigram, B, B, B), b_after_b_b, 1e-15);
    trigram_free(trigram);
    Baselines baselines;
    Error error;
    ck_assert_msg(baselines_measure(&baselines, &train, &valid, &error), "%s", error.text);
    ck_assert_double_eq_tol(baselines.unigram, -(log(0.4) + log(0.2) + log(0.3)) / 3, 1e-15);
    double expected = -(log(a_after_end_end) + log(b_after_end_a) + log(end_after_a_b)) / 3;
    ck_assert_double_eq_tol(baselines.trigram, expected, 1e-15);
    // the same in numbers: 0.8475, 0.317222, 0.695
    ck_assert_double_eq_tol(baselines.trigram, 0.559154, 1e-6);
    ck_assert_uint_eq(baselines.counted, 6);
    token_file_close(&train);
    token_file_close(&valid);
}
END_TEST

START_TEST(probabilities_add_up_to_one)
{
    enum { V = 37 };
    write_random(train_path, V, 0, 200);
    TokenFile train = opened(train_path);
    Trigram *trigram = trigram_new(&train, SIZE_MAX, NULL);
    ck_assert_ptr_nonnull(trigram);
    for (uint16_t u = 0; u < V; u++) { // contexts that were seen often, once, and never
        for (uint16_t v = 0; v < V; v++) {
            double sum = 0;
            for (uint16_t w = 0; w < V; w++) {
                double p = trigram_probability(trigram, u, v, w);
                ck_assert_double_gt(p, 0);
                sum += p;
            }
            ck_assert_double_eq_tol(sum, 1, 1e-13);
        }
    }
    trigram_free(trigram);
    token_file_close(&train);
}
END_TEST

START_TEST(a_trigram_model_learns_what_a_unigram_model_cannot)
{
    enum { V = 37 };
    write_random(train_path, V, 0, 2000);
    write_random(valid_path, V, 2000, 300);
    TokenFile train = opened(train_path), valid = opened(valid_path);
    Baselines one, many;
    parallel_set_threads(1);
    ck_assert(baselines_measure(&one, &train, &valid, NULL));
    parallel_set_threads(5);
    ck_assert(baselines_measure(&many, &train, &valid, NULL));
    ck_assert(memcmp(&one, &many, sizeof one) == 0);
    ck_assert_double_lt(one.trigram, one.unigram - 1);
    ck_assert_double_lt(one.unigram, log(V) + 0.1); // no worse than knowing nothing
    token_file_close(&train);
    token_file_close(&valid);
}
END_TEST

START_TEST(only_the_first_tokens_are_counted_on_request)
{
    static const uint32_t stories[][2] = { { A, B }, { A, A } };
    write_pairs(train_path, 4, 5, stories, 2);
    write_pairs(valid_path, 4, 5, stories, 1); // the first of them alone
    TokenFile both = opened(train_path), first = opened(valid_path);
    Trigram *cut = trigram_new(&both, 3, NULL), *alone = trigram_new(&first, 3, NULL);
    for (uint16_t i = 0; i < 64; i++) {
        uint16_t u = i / 16, v = i / 4 % 4, w = i % 4;
        ck_assert_double_eq(trigram_probability(cut, u, v, w), trigram_probability(alone, u, v, w));
    }
    trigram_free(cut);
    trigram_free(alone);
    token_file_close(&both);
    token_file_close(&first);
}
END_TEST

START_TEST(files_of_different_tokenizers_are_refused)
{
    static const uint32_t stories[][2] = { { A, B } };
    write_pairs(train_path, 4, 5, stories, 1);
    write_pairs(valid_path, 4, 6, stories, 1);
    TokenFile train = opened(train_path), valid = opened(valid_path);
    Baselines baselines;
    Error error;
    ck_assert(!baselines_measure(&baselines, &train, &valid, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "tokenizers"));
    token_file_close(&train);
    token_file_close(&valid);
}
END_TEST

int main(void) {
    static const TestFixture fixture = { set_up, tear_down };
    const TestRow tests[] = {
        { a_tiny_example_by_hand },
        { probabilities_add_up_to_one },
        { a_trigram_model_learns_what_a_unigram_model_cannot, .threads = USES_THREADS },
        { only_the_first_tokens_are_counted_on_request },
        { files_of_different_tokenizers_are_refused },
    };
    return run_tests_with(&fixture, "baselines", tests, COUNT_OF(tests));
}
