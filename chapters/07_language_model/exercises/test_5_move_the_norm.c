#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/exercises/block.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/toy_language.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { D = MAX_D, F = MAX_F, BLOCKS = 16, STEPS = 90 };
enum { FACTS = TOY_NAMES * TOY_COLORS, WORDS = TOY_NAMES + TOY_COLORS };
enum {
    BLOCK_WEIGHTS = D + 2 * D * F,
    BLOCK_SAVED = 2 * D + 2 * F,
    WEIGHTS = BLOCKS * BLOCK_WEIGHTS + WORDS * D + D + TOY_THINGS * D
};
static const DenseSizes sizes = { D, F };
static const char *const place_names[NORM_PLACES] = { "before the mlp", "after the sum", "none" };

// The embeddings of a name and of a color are added up and go through the blocks and a norm; what
// comes out is compared with a table of things.
typedef struct {
    BlockWeights blocks[BLOCKS];
    double *embedding, *norm, *things; // [WORDS,D], [D], [TOY_THINGS,D]
} StackWeights;

typedef struct {
    double weights[WEIGHTS], gradients[WEIGHTS], m[WEIGHTS], v[WEIGHTS];
    StackWeights w, dw;
    double saved_block[BLOCKS * BLOCK_SAVED];
    BlockSaved saved[BLOCKS];
    double stream[BLOCKS + 1][D], dstream[BLOCKS + 1][D], normed[D], p[TOY_THINGS];
    int L; // the blocks in use
    NormPlace place;
} Stack;

static BlockWeights block_weights(double **from) {
    BlockWeights w = { .norm = take(from, D) };
    w.mlp = (MlpWeights){ .up = take(from, D * F), .down = take(from, F * D) };
    return w;
}

static BlockSaved block_saved(double **from) {
    BlockSaved saved = { .normed = take(from, D), .sum = take(from, D) };
    saved.mlp = (MlpSaved){ .preactivation = take(from, F), .hidden = take(from, F) };
    return saved;
}

static StackWeights views(double *from) {
    StackWeights w;
    for (int l = 0; l < BLOCKS; l++) w.blocks[l] = block_weights(&from);
    w.embedding = take(&from, WORDS * D);
    w.norm = take(&from, D);
    w.things = take(&from, TOY_THINGS * D);
    return w;
}

static void stack_new(Stack *s, int L, NormPlace place, uint64_t seed) {
    *s = (Stack){ .L = L, .place = place };
    double *from = s->saved_block;
    for (int l = 0; l < BLOCKS; l++) s->saved[l] = block_saved(&from);
    s->w = views(s->weights);
    s->dw = views(s->gradients);
    fill(s->weights, WEIGHTS, 1 / sqrt(D), seed, "weights");
    fill(s->w.embedding, WORDS * D, 1 / sqrt(2), seed, "embedding"); // the sum of two has rms 1
    for (int d = 0; d < D; d++) s->w.norm[d] = 1.0;
    for (int l = 0; l < BLOCKS; l++) {
        for (int d = 0; d < D; d++) s->w.blocks[l].norm[d] = 1.0;
    }
}

static double forward(Stack *s, int name, int color) {
    const double *a = s->w.embedding + name * D, *b = s->w.embedding + (TOY_NAMES + color) * D;
    double logits[TOY_THINGS];
    for (int d = 0; d < D; d++) s->stream[0][d] = a[d] + b[d];
    for (int l = 0; l < s->L; l++)
        block_forward(s->stream[l + 1], &s->saved[l], s->stream[l], &s->w.blocks[l], &sizes,
                      s->place);
    rmsnorm(s->normed, s->stream[s->L], s->w.norm, D);
    unembed(logits, s->normed, s->w.things, TOY_THINGS, D);
    return cross_entropy(s->p, logits, toy_facts[name][color], TOY_THINGS);
}

static void backward(Stack *s, int name, int color, double weight) {
    double dlogits[TOY_THINGS], *dlast = s->dstream[s->L];
    cross_entropy_backward(dlogits, s->p, toy_facts[name][color], weight, TOY_THINGS);
    for (int d = 0; d < D; d++) dlast[d] = 0.0;
    unembed_backward(dlast, s->dw.things, dlogits, s->normed, s->w.things, TOY_THINGS, D);
    rmsnorm_backward(dlast, s->dw.norm, dlast, s->stream[s->L], s->w.norm, D);
    for (int l = s->L - 1; l >= 0; l--)
        block_backward(s->dstream[l], &s->dw.blocks[l], s->dstream[l + 1], &s->saved[l],
                       s->stream[l], &s->w.blocks[l], &sizes, s->place);
    embed_backward(s->dw.embedding, s->dstream[0], name, D);
    embed_backward(s->dw.embedding, s->dstream[0], TOY_NAMES + color, D);
}

// x is (1, 7), whose mean square is 25. The one neuron sees 100 times the first number and writes
// (1, 2) times that; gelu leaves so large a number as it is. Without a norm y is (1, 7) + (100,
// 200). After that sum the norm divides by its root mean square and multiplies by the scale (2, 1).
// Before the mlp it makes 2/5 of the first number: y is (1, 7) + (40, 80).
START_TEST(on_paper)
{
    double x[] = { 1, 7 }, norm[] = { 2, 1 }, up[] = { 100, 0 }, down[] = { 1, 2 }, y[2], block[6];
    const BlockWeights w = { norm, { up, down } };
    const BlockSaved saved = { block, block + 2, { block + 4, block + 5 } };
    double r = 1 / sqrt(25 + 1e-6), after = 1 / sqrt((101 * 101 + 207 * 207) / 2.0 + 1e-6);
    block_forward(y, &saved, x, &w, &(DenseSizes){ 2, 1 }, NO_NORM);
    expect_by_hand("y, no norm", y, (double[]){ 101, 207 }, 2);
    block_forward(y, &saved, x, &w, &(DenseSizes){ 2, 1 }, POST_NORM);
    expect_by_hand("y, norm after the sum", y, (double[]){ 2 * 101 * after, 207 * after }, 2);
    block_forward(y, &saved, x, &w, &(DenseSizes){ 2, 1 }, PRE_NORM);
    expect_by_hand("y, norm before the mlp", y, (double[]){ 1 + 200 * r, 7 + 400 * r }, 2);
}
END_TEST

// One block of a stack, with x in stream[0] and dy in dstream[1].
static double loss(void *context) {
    Stack *s = context;
    block_forward(s->stream[1], &s->saved[0], s->stream[0], &s->w.blocks[0], &sizes, s->place);
    return weighted_sum(s->stream[1], s->dstream[1], D);
}

static void one_block(Stack *s, NormPlace place) {
    stack_new(s, 1, place, 1);
    fill(s->stream[0], D, 1.0, 2, "x");
    fill(s->dstream[1], D, 1.0, 2, "dy");
    fill(s->w.blocks[0].norm, D, 1.0, 2, "norm");
    loss(s);
    block_backward(s->dstream[0], &s->dw.blocks[0], s->dstream[1], &s->saved[0], s->stream[0],
                   &s->w.blocks[0], &sizes, place);
}

// The gradients of x, of the mlp's two matrices, and of the norm's scale, which has none without a
// norm; for each place.
START_TEST(backward_is_finite_difference)
{
    static Stack s;
    one_block(&s, (NormPlace)_i);
    const BlockWeights *w = &s.w.blocks[0], *dw = &s.dw.blocks[0];
    const Slopes slopes = { .loss = loss, .context = &s };
    expect_slopes("dx", s.stream[0], s.dstream[0], D, &slopes);
    expect_slopes("dw.mlp.up", w->mlp.up, dw->mlp.up, D * F, &slopes);
    expect_slopes("dw.mlp.down", w->mlp.down, dw->mlp.down, F * D, &slopes);
    if (_i == NO_NORM)
        expect_no_slopes("dw.norm", w->norm, dw->norm, D, &slopes);
    else
        expect_slopes("dw.norm", w->norm, dw->norm, D, &slopes);
}
END_TEST

// All tokens share the weights: backward, called twice, adds each weight's gradient twice.
START_TEST(gradients_add_up)
{
    static Stack s;
    double expected[BLOCK_WEIGHTS];
    one_block(&s, (NormPlace)_i);
    for (int i = 0; i < BLOCK_WEIGHTS; i++) expected[i] = 2 * s.gradients[i];
    block_backward(s.dstream[0], &s.dw.blocks[0], s.dstream[1], &s.saved[0], s.stream[0],
                   &s.w.blocks[0], &sizes, s.place);
    expect_by_hand("dw.norm, dw.mlp", s.gradients, expected, BLOCK_WEIGHTS);
}
END_TEST

typedef struct {
    double stream; // root mean square after the last block, before the first step
    double loss;   // mean over the 64 facts, after the last step
} Outcome;

// AdamW at a rate of 0.03 from the first step on, all 64 facts in each step.
static Outcome trained(int L, NormPlace place) {
    static Stack s;
    const TrainingPlan plan = { .peak = 0.03, .constant = STEPS + 1 };
    Outcome outcome = { 0 };
    stack_new(&s, L, place, 1);
    for (int step = 0; step <= STEPS; step++) {
        memset(s.gradients, 0, sizeof s.gradients);
        outcome.loss = 0.0;
        for (int i = 0; i < FACTS; i++) {
            int name = i / TOY_COLORS, color = i % TOY_COLORS;
            outcome.loss += forward(&s, name, color) / FACTS;
            if (step == 0) outcome.stream += 1 / one_over_rms(s.stream[L], D) / FACTS;
            backward(&s, name, color, 1.0 / FACTS);
        }
        adamw(s.weights, s.m, s.v, s.gradients, WEIGHTS, false, &plan, step);
    }
    return outcome;
}

// The loss after 90 steps, in nats per fact, and the size of the stream before the first one.
START_TEST(deep_and_shallow)
{
    Outcome shallow[NORM_PLACES], deep[NORM_PLACES];
    printf("                    2 blocks        %d blocks\nnorm              stream   loss    "
           "stream   loss\n",
           BLOCKS);
    for (int place = 0; place < NORM_PLACES; place++) {
        shallow[place] = trained(2, (NormPlace)place);
        deep[place] = trained(BLOCKS, (NormPlace)place);
        printf("%-15s %8.2f %6.3f  %8.2f %6.3f\n", place_names[place], shallow[place].stream,
               shallow[place].loss, deep[place].stream, deep[place].loss);
    }
    for (int place = 0; place < NORM_PLACES; place++) {
        double loss = deep[place].loss;
        ck_assert_msg(shallow[place].loss < 0.05, "2 blocks, norm %s: %.3f, expected under 0.05",
                      place_names[place], shallow[place].loss);
        if (place == PRE_NORM)
            ck_assert_msg(loss < 0.05, "%d blocks, norm before the mlp: %.3f, expected under 0.05",
                          BLOCKS, loss);
        else
            ck_assert_msg(loss > 1.5, "%d blocks, norm %s: %.3f, expected over 1.5", BLOCKS,
                          place_names[place], loss);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { backward_is_finite_difference, NORM_PLACES },
        { gradients_add_up, NORM_PLACES },
        { deep_and_shallow },
    };
    return run_tests("07-5 move the norm", tests, COUNT_OF(tests));
}
