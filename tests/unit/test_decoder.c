// The decoder beside the forward pass of the model: the same logits, token by token and in passes.
#include "reference/check/compare.h"
#include "reference/data/tokenizer.h"
#include "reference/generate/decoder.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
    int count, N; // calls so far; tokens that the next one should have
    bool same;
} Calls;

static void count_call(void *context, const GatingEvent *event) {
    Calls *calls = context;
    calls->count++;
    calls->same = calls->same && event->gating->N == calls->N;
}

START_TEST(the_decoder_agrees_with_the_forward_pass)
{
    enum { V = 31, T = 23 };
    Error error = { "" };
    TinyModel tiny = tiny_variant(_i, V, 1, T, NULL);
    Decoder *decoder = decoder_new(&tiny.model, &error);
    ck_assert_msg(decoder != NULL, "%s", error.text);
    tiny_forward(&tiny);
    float *logits = tiny_logits(&tiny);
    bool ahead = !is_causal(ffn_causality(&tiny.model.config));
    Calls calls = { .N = 1, .same = true };
    HookList hooks = one_hook(count_call, &calls);
    decoder_hooks(decoder, &hooks);
    double worst = 0.0, expected[V];
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < T; t++) {
            ck_assert_int_eq(decoder_position(decoder), t);
            if (ahead) { // forward over the tokens so far
                calls.N = t + 1;
                model_forward(&tiny.model, tiny.activations, tiny.inputs, 1, t + 1);
                model_logits(&tiny.model, tiny.activations, t, 1, logits + t * V);
            }
            const float *actual = decoder_step(decoder, tiny.inputs[t], NULL);
            for (int v = 0; v < V; v++) expected[v] = logits[t * V + v];
            Difference difference; // measured 2.7e-6 of the rms
            bool same = compare_floats(&difference, "logits", actual, V, (Values){ expected, V },
                                       (Tolerance){ 0, 2e-5 });
            ck_assert_msg(same, "position %d: %s", t, difference.problem);
            worst = fmax(worst, difference.worst / difference.rms);
        }
        decoder_rewind(decoder, 0); // once more from the beginning
    }
    ck_assert_int_eq(calls.count, tiny.model.config.ffn->sparse ? 2 * 2 * T : 0);
    ck_assert(calls.same);
    if (getenv("MEASURE")) fprintf(stderr, "decoder %.1e\n", worst);
    free(logits);
    decoder_free(decoder);
    tiny_free(&tiny);
}
END_TEST

// Adds up what a decoder shows of layer 0; rows must come in order, each at its position.
typedef struct {
    int rows, most; // rows so far; most of one pass
    bool ordered;
} Passes;

static void count_passes(void *context, const GatingEvent *event) {
    Passes *passes = context;
    if (event->layer != 0) return;
    int first = event->gating->N - event->fresh;
    passes->ordered =
        passes->ordered && event->position + first == passes->rows - 1; // END is at -1
    passes->rows += event->fresh;
    if (event->fresh > passes->most) passes->most = event->fresh;
}

// A prompt of several passes: the same logits as token by token but for rounding, and the same bits
// for any number of threads.
START_TEST(a_window_is_read_in_passes)
{
    enum { V = 31, T = 160, TOGETHER = 149, COUNT = 151 };
    Error error = { "" };
    TinyModel tiny = tiny_variant(_i, V, 1, T, NULL);
    Decoder *decoder = decoder_new(&tiny.model, &error);
    ck_assert_msg(decoder != NULL, "%s", error.text);
    bool causal = is_causal(ffn_causality(&tiny.model.config));
    double expected[V];
    float bits[V];
    const float *logits = decoder_start(decoder, tiny.inputs, 0, COUNT, 0, false);
    for (int v = 0; v < V; v++) expected[v] = logits[v];
    for (int threads = 1; threads <= 3; threads += 2) {
        parallel_set_threads(threads);
        Decoder *other = decoder_new(&tiny.model, &error);
        Passes passes = { .ordered = true };
        HookList hooks = one_hook(count_passes, &passes);
        ck_assert_msg(other != NULL, "%s", error.text);
        decoder_hooks(other, &hooks);
        logits = decoder_start(other, tiny.inputs, TOGETHER, COUNT, 0, false);
        Difference difference; // measured 1.4e-6 of the rms
        bool same = compare_floats(&difference, "logits", logits, V, (Values){ expected, V },
                                   (Tolerance){ 0, 2e-5 });
        ck_assert_msg(same, "%s", difference.problem);
        if (getenv("MEASURE")) fprintf(stderr, "passes %.1e\n", difference.worst / difference.rms);
        if (threads > 1) ck_assert_mem_eq(bits, logits, sizeof bits);
        memcpy(bits, logits, sizeof bits);
        ck_assert(passes.ordered);
        ck_assert_int_eq(passes.rows, tiny.model.config.ffn->sparse ? 1 + COUNT : 0);
        if (passes.rows > 0) ck_assert_int_eq(passes.most, causal ? READER_PASS : 1 + COUNT);
        decoder_free(other);
    }
    parallel_set_threads(1);
    decoder_free(decoder);
    tiny_free(&tiny);
}
END_TEST

typedef struct {
    Decoder *decoder;
    const int32_t *tokens;
    int count, threads;
    const float *logits; // after the last
} Decoding;

// In another thread OpenMP does not know the number of threads that the program set.
static void *decode_tokens(void *context) {
    Decoding *decoding = context;
    parallel_set_threads(decoding->threads);
    for (int t = 0; t < decoding->count; t++) {
        decoding->logits = decoder_step(decoding->decoder, decoding->tokens[t], NULL);
    }
    return NULL;
}

START_TEST(a_decoder_may_be_used_in_another_thread)
{
    enum { V = 13, T = 5 };
    TinyModel tiny = tiny_variant(_i, V, 1, T, NULL);
    Error error = { "" };
    // more threads than where it was made
    Decoding decoding = { decoder_new(&tiny.model, &error), tiny.inputs, T, 16, NULL };
    pthread_t thread;
    ck_assert_msg(decoding.decoder != NULL, "%s", error.text);
    ck_assert_int_eq(pthread_create(&thread, NULL, decode_tokens, &decoding), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    tiny_forward(&tiny);
    float *expected = tiny_logits(&tiny);
    for (int v = 0; v < V; v++)
        ck_assert_float_eq_tol(decoding.logits[v], expected[(T - 1) * V + v], 1e-4f);
    free(expected);
    decoder_free(decoding.decoder);
    tiny_free(&tiny);
}
END_TEST

// When the context is full, the oldest half is dropped; what is left is like a row of training:
// TOKEN_END, the remaining tokens, the new one.
START_TEST(the_decoder_drops_the_oldest_half)
{
    static const int lengths[] = { 1, 2, 3, 8, 9 };
    enum { V = 17 };
    Config kind;
    ck_assert(layer_variant(_i, &kind, NULL));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int T = lengths[i];
        Error error = { "" };
        Config config = tiny_config(&kind, V, T);
        TinyModel tiny = tiny_model(&config, 1, 5);
        Decoder *decoder = decoder_new(&tiny.model, &error);
        ck_assert_msg(decoder != NULL, "%s", error.text);
        int64_t dropped = 0, moves = 0;
        int32_t fed[64];
        for (int t = 0; t < 3 * T + 2; t++) {
            fed[t] = t == 0 ? TOKEN_END : 2 + (int32_t)random_below(77, (uint64_t)t, V - 2);
            int64_t fell = dropped;
            bool full = decoder_cached(decoder) == T;
            const float *actual = decoder_step(decoder, fed[t], &dropped);
            int position = decoder_cached(decoder);
            ck_assert_int_eq(decoder_position(decoder), t + 1);
            ck_assert_int_ge(position, 1);
            ck_assert_int_le(position, T);
            ck_assert_int_eq(dropped > fell, full);
            // Every token that was fed, and the TOKEN_END of every move, was dropped or is cached.
            moves += dropped > fell;
            ck_assert_int_eq(position, t + 1 - dropped + (T > 1 ? moves : 0));
            for (int p = 0; p < position; p++) tiny.inputs[p] = fed[t + 1 - position + p];
            if (dropped > 0 && position > 1) tiny.inputs[0] = TOKEN_END;
            model_forward(&tiny.model, tiny.activations, tiny.inputs, 1, position);
            float expected[V];
            model_logits(&tiny.model, tiny.activations, position - 1, 1, expected);
            for (int v = 0; v < V; v++) ck_assert_float_eq_tol(actual[v], expected[v], 1e-4f);
        }
        ck_assert_int_gt(dropped, 0);
        decoder_free(decoder);
        tiny_free(&tiny);
    }
}
END_TEST

// The keys of more tokens than a block has.
START_TEST(a_long_context_is_decoded_as_the_forward_pass_says)
{
    enum { V = 17, T = 600 };
    Config kind;
    ck_assert(layer_variant(0, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    TinyModel tiny = tiny_model(&config, 1, 5);
    Error error = { "" };
    Decoder *decoder = decoder_new(&tiny.model, &error);
    ck_assert_msg(decoder != NULL, "%s", error.text);
    tiny_forward(&tiny);
    for (int t = 0; t < T; t++) {
        float expected[V];
        const float *actual = decoder_step(decoder, tiny.inputs[t], NULL);
        model_logits(&tiny.model, tiny.activations, t, 1, expected);
        for (int v = 0; v < V; v++) ck_assert_float_eq_tol(actual[v], expected[v], 1e-4f);
    }
    decoder_free(decoder);
    tiny_free(&tiny);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__    // under which blocks are written when they are allocated
static long peak_memory(void) { // KiB on Linux
    struct rusage usage;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

// A context window of four million tokens costs nothing until they are read. What three tokens
// take depends on the size of a page: 17 MiB measured with huge ones. The rotations of all would be
// 64 MiB.
START_TEST(a_decoder_takes_memory_for_what_it_reads)
{
    Config kind;
    ck_assert(layer_variant(0, &kind, NULL));
    Config config = tiny_config(&kind, 17, 1 << 22);
    Model model;
    Error error = { "" };
    ck_assert_msg(model_new(&model, &config, &error), "%s", error.text);
    long before = peak_memory();
    Decoder *decoder = decoder_new(&model, &error);
    ck_assert_msg(decoder != NULL, "%s", error.text);
    for (int32_t token = 2; token < 5; token++) decoder_step(decoder, token, NULL);
    long taken = peak_memory() - before;
    ck_assert_msg(taken < 40 << 10, "%ld KiB for three tokens", taken);
    decoder_free(decoder);
    model_free(&model);
}
END_TEST
#endif

int main(void) {
    sgemm_setup();
    parallel_set_threads(1); // the models are tiny
    int variants = layer_variants();
    const TestRow tests[] = {
        { the_decoder_agrees_with_the_forward_pass, variants },
        { a_window_is_read_in_passes, variants, .threads = USES_THREADS },
        { a_decoder_may_be_used_in_another_thread, variants, .threads = USES_THREADS },
        { the_decoder_drops_the_oldest_half, variants },
        { a_long_context_is_decoded_as_the_forward_pass_says },
#ifndef __SANITIZE_ADDRESS__
        { a_decoder_takes_memory_for_what_it_reads },
#endif
    };
    return run_tests("decoder", tests, COUNT_OF(tests));
}
