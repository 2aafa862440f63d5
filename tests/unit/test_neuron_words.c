// What a neuron reads and writes, against a layer that is given one token, and against logits.
#include "reference/circuits/neuron_words.h"
#include "reference/data/special_tokens.h"
#include "reference/model/layout.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <math.h>
#include <string.h>

enum { V = 29, T = 3, LAYER = 1, CHANNEL = 1, INDEX = 4 };

static TinyModel model_of(const char *kind, int tokens) {
    Config config = config_default(ffn_find(kind));
    config = tiny_config(&config, tokens, T);
    return tiny_model(&config, 1, 8);
}

static void check_list(const TokenValue *list, int count, double sign) {
    for (int i = 0; i < count; i++) {
        ck_assert_int_ne(list[i].token, TOKEN_PAD);
        if (i > 0) ck_assert(sign * list[i - 1].value >= sign * list[i].value);
    }
}

// The table's embeddings alone: no other token has a value beyond the last of a list.
static void check_extreme(const TokenValue *high, const TokenValue *low, const double value[V]) {
    for (int v = TOKEN_PAD + 1; v < V; v++) {
        bool listed_high = false, listed_low = false;
        for (int i = 0; i < NEURON_WORDS; i++) {
            if (high[i].token == v) ck_assert_double_eq_tol(high[i].value, value[v], 1e-5);
            if (low[i].token == v) ck_assert_double_eq_tol(low[i].value, value[v], 1e-5);
            listed_high |= high[i].token == v;
            listed_low |= low[i].token == v;
        }
        ck_assert(listed_high || value[v] <= high[NEURON_WORDS - 1].value + 1e-5);
        ck_assert(listed_low || value[v] >= low[NEURON_WORDS - 1].value - 1e-5);
    }
}

START_TEST(words_are_those_of_the_weights)
{
    static const char *const kinds[] = { "sgatlin", "peer" };
    TinyModel tiny = model_of(kinds[_i], V);
    int D = tiny.model.config.D;
    NeuronWords words;
    ck_assert(neuron_words(&words, &tiny.model, LAYER, CHANNEL, INDEX));
    ck_assert_int_eq(words.count, NEURON_WORDS);
    Neuron neuron = neuron_of(&tiny.model, LAYER, CHANNEL, INDEX);
    int row = _i == 0 ? CHANNEL * tiny.model.config.F + INDEX : INDEX;
    ck_assert_ptr_eq(neuron.in, experts_table(&tiny.model, LAYER, "in") + row * D);
    ck_assert_ptr_eq(neuron.out, experts_table(&tiny.model, LAYER, "out") + row * D);
    const float *embedding = tiny.model.parameters,
                *norm = tiny.model.parameters + model_layer(&tiny.model, LAYER)[FFN_NORM].offset,
                *last = tiny.model.parameters + layout_output_norm(&tiny.model.tensors)->offset;
    double read[V] = { 0 }, write[V] = { 0 };
    for (int v = 0; v < V; v++) {
        double squares = 0;
        for (int d = 0; d < D; d++) {
            float x = embedding[v * D + d];
            squares += x * x;
            read[v] += x * norm[d] * neuron.in[d];
            write[v] += x * last[d] * neuron.out[d];
        }
        read[v] /= sqrt(squares / D + 1e-6);
    }
    check_extreme(words.reads, words.reads_least, read);
    check_extreme(words.promotes, words.suppresses, write);
    check_list(words.reads, words.count, 1);
    check_list(words.reads_least, words.count, -1);
    check_list(words.promotes, words.count, 1);
    check_list(words.suppresses, words.count, -1);
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_small_vocabulary_has_shorter_lists)
{
    TinyModel tiny = model_of("sgatlin", 5);
    NeuronWords words;
    ck_assert(neuron_words(&words, &tiny.model, 0, 0, 0));
    ck_assert_int_eq(words.count, 4);
    check_list(words.reads, 4, 1);
    tiny_free(&tiny);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    const TestRow tests[] = { { words_are_those_of_the_weights, 2 },
                              { a_small_vocabulary_has_shorter_lists } };
    return run_tests("neuron words", tests, COUNT_OF(tests));
}
