#include "chapters/07_language_model/adamw.h"
#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/exercises/head.h"
#include "chapters/07_language_model/loss.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Words 1 to 8 and the question 0: sequences `a b ?` with two different words.
enum { V = 9, T = 3, D = 8, WORDS = V - 1, SEQUENCES = WORDS * (WORDS - 1) };
enum { TABLE = V * D, SQUARE = D * D, WEIGHTS = TABLE + 3 * SQUARE + V * D };

// The last token's context is compared with a second table, and so names the answer.
typedef struct {
    double *embedding, *answer; // [V,D]
    HeadWeights head;
} ModelWeights;

typedef struct {
    double weights[WEIGHTS], gradients[WEIGHTS], m[WEIGHTS], v[WEIGHTS];
    ModelWeights w, dw;
    double saved_block[3 * T * D + T * T], gradient_block[3 * T * D + T * T];
    HeadSaved saved, saved_gradients;
    double x[T * D], context[T * D], dx[T * D], dcontext[T * D], p[V];
    bool rotates;
} Model;

static ModelWeights views(double *block) {
    double *square = block + TABLE;
    return (ModelWeights){ block,
                           square + 3 * SQUARE,
                           { square, square + SQUARE, square + 2 * SQUARE } };
}

static HeadSaved saved_views(double *block) {
    return (HeadSaved){ block, block + T * D, block + 2 * T * D, block + 3 * T * D };
}

static void model_new(Model *model, bool rotates, uint64_t seed) {
    memset(model, 0, sizeof *model);
    model->w = views(model->weights);
    model->dw = views(model->gradients);
    model->saved = saved_views(model->saved_block);
    model->saved_gradients = saved_views(model->gradient_block);
    model->rotates = rotates;
    fill(model->weights, WEIGHTS, 0.5, seed, "weights");
    fill(model->gradient_block, COUNT_OF(model->gradient_block), 1.0, seed, "left over");
}

// Sequence i of all: its first word is the answer.
static void sequence(int tokens[T], int i) {
    int a = i / (WORDS - 1), b = i % (WORDS - 1);
    tokens[0] = 1 + a;
    tokens[1] = 1 + b + (b >= a);
    tokens[2] = 0;
}

static double forward(Model *m, const int tokens[T]) {
    double logits[V];
    for (int t = 0; t < T; t++) embed(m->x + t * D, m->w.embedding, tokens[t], D);
    head_forward(m->context, &m->saved, m->x, &m->w.head, T, D, m->rotates);
    unembed(logits, m->context + (T - 1) * D, m->w.answer, V, D);
    return cross_entropy(m->p, logits, tokens[0], V);
}

static void backward(Model *m, const int tokens[T], double weight) {
    double dlogits[V];
    memset(m->dcontext, 0, sizeof m->dcontext);
    cross_entropy_backward(dlogits, m->p, tokens[0], weight, V);
    unembed_backward(m->dcontext + (T - 1) * D, m->dw.answer, dlogits, m->context + (T - 1) * D,
                     m->w.answer, V, D);
    head_backward(m->dx, &m->dw.head, &m->saved_gradients, m->dcontext, &m->saved, m->x, &m->w.head,
                  T, D, m->rotates);
    for (int t = 0; t < T; t++) embed_backward(m->dw.embedding, m->dx + t * D, tokens[t], D);
}

// Tokens (1, 0) and (0, 1), all matrices the identity. The second one's scores are 0 and 1, over
// √2. Rotated by 1 radian its query is (-sin 1, cos 1): the scores are -sin 1 and 1.
START_TEST(on_paper)
{
    double x[] = { 1, 0, 0, 1 }, identity[] = { 1, 0, 0, 1 }, context[4], block[16];
    const HeadWeights w = { identity, identity, identity };
    const HeadSaved saved = { block, block + 4, block + 8, block + 12 };
    double first = 1 / (1 + exp(1 / sqrt(2))), rotated = 1 / (1 + exp((1 + sin(1)) / sqrt(2)));
    head_forward(context, &saved, x, &w, 2, 2, false);
    expect_by_hand("context", context, (double[]){ 1, 0, first, 1 - first }, 4);
    head_forward(context, &saved, x, &w, 2, 2, true);
    expect_by_hand("context, rotated", context, (double[]){ 1, 0, rotated, 1 - rotated }, 4);
}
END_TEST

typedef struct {
    Model *model;
    double dcontext[T * D];
} Example;

static double loss(void *context) {
    Example *e = context;
    Model *m = e->model;
    head_forward(m->context, &m->saved, m->x, &m->w.head, T, D, m->rotates);
    return weighted_sum(m->context, e->dcontext, T * D);
}

// The gradients of x and of the three matrices, with positions and without.
START_TEST(backward_is_finite_difference)
{
    static Model m;
    Example e = { .model = &m };
    model_new(&m, _i == 1, 1);
    fill(m.x, T * D, 1.0, 2, "x");
    fill(e.dcontext, T * D, 1.0, 2, "dcontext");
    memcpy(m.dcontext, e.dcontext, sizeof e.dcontext);
    loss(&e);
    head_backward(m.dx, &m.dw.head, &m.saved_gradients, m.dcontext, &m.saved, m.x, &m.w.head, T, D,
                  m.rotates);
    const Slopes slopes = { .loss = loss, .context = &e };
    expect_slopes("dx", m.x, m.dx, T * D, &slopes);
    expect_slopes("dw.query", m.w.head.query, m.dw.head.query, SQUARE, &slopes);
    expect_slopes("dw.key", m.w.head.key, m.dw.head.key, SQUARE, &slopes);
    expect_slopes("dw.value", m.w.head.value, m.dw.head.value, SQUARE, &slopes);
}
END_TEST

// The mean loss over all sequences after 300 steps of AdamW.
static double trained(bool rotates) {
    static Model m;
    const TrainingPlan plan = { .peak = 0.02, .warmup = 10, .constant = 300 };
    double sum = 0.0;
    int tokens[T];
    model_new(&m, rotates, 1);
    for (int step = 0; step <= 300; step++) {
        memset(m.gradients, 0, sizeof m.gradients);
        sum = 0.0;
        for (int i = 0; i < SEQUENCES; i++) {
            sequence(tokens, i);
            sum += forward(&m, tokens) / SEQUENCES;
            backward(&m, tokens, 1.0 / SEQUENCES);
        }
        adamw(m.weights, m.m, m.v, m.gradients, WEIGHTS, false, &plan, step);
    }
    return sum;
}

// Trained to answer which word came first, with positions and without.
START_TEST(which_came_first)
{
    double with = trained(true), without = trained(false);
    printf("The loss is %.4f with positions and %.4f without; ln 2 is %.4f.\n", with, without,
           log(2));
    // `a b ?` and `b a ?` are the same to a head without positions: it gives both answers the same
    // probability in both, at most 1/2, and its loss is at least ln 2. Measured: 0.0001, 0.6958.
    ck_assert_msg(with < 0.05, "with positions: %.4f, expected under 0.05", with);
    ck_assert_msg(without > log(2) - 1e-9, "without: %.9f, expected at least ln 2", without);
    ck_assert_msg(without < 0.75, "without: %.4f, expected under 0.75", without);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { backward_is_finite_difference, 2 },
        { which_came_first },
    };
    return run_tests("07-4 without RoPE", tests, COUNT_OF(tests));
}
