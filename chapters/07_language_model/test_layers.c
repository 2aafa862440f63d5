// Each layer of the model: an example worked out on paper, and finite differences.
#include "chapters/07_language_model/adamw.h"
#include "chapters/07_language_model/attention.h"
#include "chapters/07_language_model/embedding.h"
#include "chapters/07_language_model/loss.h"
#include "chapters/07_language_model/rmsnorm.h"
#include "chapters/07_language_model/rope.h"
#include "chapters/07_language_model/sampling.h"
#include "chapters/07_language_model/special_tokens.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double TINY = 1e-12;

static void expect_near(const double *actual, const double *expected, size_t count,
                        double tolerance) {
    expect_within("values", actual, expected, count, (Tolerance){ .absolute = tolerance });
}

// ---- rmsnorm

// x = [3, 4, 0, 0]: mean(x²) = 25/4, rms = 2.5, so x/rms = [1.2, 1.6, 0, 0], less 8e-8 of that for
// the 1e-6. With dy = [1, 0, 0, 0] and scale 1, mean(g·u) = 1.2/4 = 0.3: dx = ([1, 0, 0, 0] -
// 0.3·[1.2, 1.6, 0, 0]) / 2.5 = [0.256, -0.192, 0, 0], and dscale = dy·u = [1.2, 0, 0, 0].
START_TEST(rmsnorm_on_paper)
{
    double x[] = { 3, 4, 0, 0 }, scale[] = { 1, 10, 1, 1 }, ones[] = { 1, 1, 1, 1 },
           dy[] = { 1, 0, 0, 0 };
    double y[4], dx[4], dscale[4] = { 0.5 };
    rmsnorm(y, x, scale, 4);
    expect_near(y, (double[]){ 1.2, 16, 0, 0 }, 4, 2e-6);
    rmsnorm_backward(dx, dscale, dy, x, ones, 4);
    expect_near(dx, (double[]){ 0.256, -0.192, 0, 0 }, 4, 1e-6);
    expect_near(dscale, (double[]){ 1.7, 0, 0, 0 }, 4, 1e-6); // added to
    double none[4] = { 0 };
    rmsnorm(y, none, scale, 4);
    expect_near(y, none, 4, 0.0); // no division by zero
}
END_TEST

enum { WIDTH = 7 };
typedef struct {
    double x[WIDTH], scale[WIDTH], y[WIDTH], dy[WIDTH], dx[WIDTH], dscale[WIDTH];
} Norm;

static double norm_loss(void *context) {
    Norm *n = context;
    rmsnorm(n->y, n->x, n->scale, WIDTH);
    return weighted_sum(n->y, n->dy, WIDTH);
}

START_TEST(rmsnorm_slopes)
{
    Norm n = { 0 };
    fill(n.x, WIDTH, 1.5, 7, "x");
    fill(n.scale, WIDTH, 1.0, 7, "scale");
    fill(n.dy, WIDTH, 1.0, 7, "dy");
    rmsnorm_backward(n.dx, n.dscale, n.dy, n.x, n.scale, WIDTH);
    const Slopes slopes = { .loss = norm_loss, .context = &n };
    expect_slopes("rmsnorm dx", n.x, n.dx, WIDTH, &slopes);
    expect_slopes("rmsnorm dscale", n.scale, n.dscale, WIDTH, &slopes);
}
END_TEST

// ---- rope

// Dh = 4: two points, (x[0], x[2]) rotated by position radians and (x[1], x[3]) by
// position / 10000^(2/4) = position/100.
START_TEST(rope_on_paper)
{
    double x[] = { 1, 0, 0, 1 };
    rope(x, 0, 4);
    expect_near(x, (double[]){ 1, 0, 0, 1 }, 4, 0.0); // position 0 rotates nothing
    // (1, 0) → (cos 3, sin 3); (0, 1) → (-sin 0.03, cos 0.03)
    rope(x, 3, 4);
    expect_near(x, (double[]){ -0.9899924966, -0.0299955002, 0.1411200081, 0.9995500337 }, 4,
                1e-10);
    rope_backward(x, 3, 4);
    expect_near(x, (double[]){ 1, 0, 0, 1 }, 4, 1e-15);
}
END_TEST

// The purpose of RoPE: the dot product of a rotated query and a rotated key depends only on the
// distance of their positions.
START_TEST(rope_depends_only_on_the_distance)
{
    double query[8], key[8], score[3] = { 0 };
    static const int positions[3][2] = { { 5, 2 }, { 103, 100 }, { 5, 1 } };
    for (int i = 0; i < 3; i++) {
        fill(query, 8, 1.0, 7, "query");
        fill(key, 8, 1.0, 7, "key");
        rope(query, positions[i][0], 8);
        rope(key, positions[i][1], 8);
        score[i] = weighted_sum(query, key, 8);
    }
    ck_assert_double_eq_tol(score[0], score[1], TINY);
    ck_assert(fabs(score[0] - score[2]) > 0.01);
}
END_TEST

// A rotation is an orthogonal matrix, whose transpose is its inverse: dx·x = dy·y.
START_TEST(rope_slopes)
{
    double x[6], dy[6], y[6], dx[6];
    fill(x, 6, 1.0, 7, "x");
    fill(dy, 6, 1.0, 7, "dy");
    memcpy(dx, dy, sizeof dx);
    rope_backward(dx, 4, 6);
    memcpy(y, x, sizeof y);
    rope(y, 4, 6);
    ck_assert_double_eq_tol(weighted_sum(x, dx, 6), weighted_sum(y, dy, 6), TINY);
    // linear: the slope along axis i is the image of the unit vector
    for (int i = 0; i < 6; i++) {
        double unit[6] = { 0 };
        unit[i] = 1.0;
        rope(unit, 4, 6);
        ck_assert_double_eq_tol(weighted_sum(unit, dy, 6), dx[i], TINY);
    }
}
END_TEST

// ---- loss

// Logits ln 1, ln 2, ln 5: probabilities 1/8, 2/8, 5/8. Target 1: the loss is -ln(1/4) = ln 4 =
// 1.386 nats, and the gradient of one of two scored targets is (p - [0, 1, 0]) / 2.
START_TEST(cross_entropy_on_paper)
{
    double logits[] = { 0, log(2), log(5) }, p[3], dlogits[3];
    ck_assert_double_eq_tol(cross_entropy(p, logits, 1, 3), log(4), TINY);
    cross_entropy_backward(dlogits, p, 1, 0.5, 3);
    expect_near(dlogits, (double[]){ 0.0625, -0.375, 0.3125 }, 3, TINY);
    double equal[41] = { 0 }, uniform[41];
    ck_assert_double_eq_tol(cross_entropy(uniform, equal, 7, 41), log(41), TINY);
}
END_TEST

// p of the target is e^-2000, which underflows a double; the loss is 2000 nevertheless.
START_TEST(a_probability_of_zero_has_a_finite_loss)
{
    double p[2];
    ck_assert_double_eq_tol(cross_entropy(p, (double[]){ 1000, -1000 }, 1, 2), 2000, 1e-9);
    ck_assert_double_eq(p[1], 0.0);
}
END_TEST

typedef struct {
    double logits[WIDTH], p[WIDTH], dlogits[WIDTH];
} Prediction;

static double prediction_loss(void *context) {
    Prediction *g = context;
    return 0.25 * cross_entropy(g->p, g->logits, 3, WIDTH);
}

START_TEST(cross_entropy_slopes)
{
    Prediction g;
    fill(g.logits, WIDTH, 2.0, 7, "logits");
    prediction_loss(&g);
    cross_entropy_backward(g.dlogits, g.p, 3, 0.25, WIDTH);
    const Slopes slopes = { .loss = prediction_loss, .context = &g };
    expect_slopes("cross-entropy", g.logits, g.dlogits, WIDTH, &slopes);
}
END_TEST

// ---- embedding

START_TEST(embedding_on_paper)
{
    // [V,D] = [3,2]
    double table[] = { 1, 2, 3, 4, 5, 6 }, h[2], logits[3], dx[2], dtable[6] = { 0 };
    embed(h, table, 2, 2);
    expect_near(h, (double[]){ 5, 6 }, 2, 0.0);
    unembed(logits, (double[]){ 1, -1 }, table, 3, 2);
    expect_near(logits, (double[]){ -1, -1, -1 }, 3, 0.0);
    embed_backward(dtable, (double[]){ 10, 20 }, 2, 2);
    embed_backward(dtable, (double[]){ 1, 1 }, 2, 2); // the same token again: added
    expect_near(dtable, (double[]){ 0, 0, 0, 0, 11, 21 }, 6, 0.0);
    unembed_backward(dx, dtable, (double[]){ 1, 0, 2 }, (double[]){ 1, -1 }, table, 3, 2);
    expect_near(dx, (double[]){ 11, 14 }, 2, 0.0); // 1·[1, 2] + 2·[5, 6]
    expect_near(dtable, (double[]){ 1, -1, 0, 0, 13, 19 }, 6, 0.0);
}
END_TEST

// ---- attention

// Two tokens, one head of width 2. The query of token 1 is [2, 0]·√2; the keys are [ln 3, 0]/2 and
// [0, 9]: the scores, divided by √2, are ln 3 and 0, the weights 3/4 and 1/4, so of the values
// [4, 0] and [0, 8] the context is [3, 2].
// Backward with dcontext = [1, 1]: dweights = [4, 8], Σ weights·dweights = 5, dscores = [-3/4,
// 3/4], each divided by √2; dquery = -3/4/√2·[ln 3/2, 0] + 3/4/√2·[0, 9], dkeys = ∓3/4/√2·query =
// [∓1.5, 0], dvalues = [3/4, 3/4], [1/4, 1/4].
START_TEST(attention_on_paper)
{
    double query[] = { 2 * sqrt(2), 0 }, keys[] = { log(3) / 2, 0, 0, 9 },
           values[] = { 4, 0, 0, 8 };
    double context[2], weights[2], dquery[2], dkeys[4] = { 0 }, dvalues[4] = { 0 }, dweights[2];
    const AttentionHead head = { query, keys, values, weights, context },
                        dhead = { dquery, dkeys, dvalues, dweights, (double[]){ 1, 1 } };
    attend(&head, 1, 2, 2);
    expect_near(weights, (double[]){ 0.75, 0.25 }, 2, TINY);
    expect_near(context, (double[]){ 3, 2 }, 2, TINY);
    attend_backward(&dhead, &head, 1, 2, 2);
    expect_near(dquery, (double[]){ -0.75 / sqrt(2) * log(3) / 2, 0.75 / sqrt(2) * 9 }, 2, TINY);
    expect_near(dkeys, (double[]){ -1.5, 0, 1.5, 0 }, 4, TINY);
    expect_near(dvalues, (double[]){ 0.75, 0.75, 0.25, 0.25 }, 4, TINY);
    attend(&head, 0, 2, 2); // the first token attends only to itself
    expect_near(context, values, 2, TINY);
}
END_TEST

enum {
    T = 4,
    D = 6,
    DH = 2,
    H = D / DH,
    WEIGHTS = 4 * D * D + 2 * DH,
    SAVED = 6 * T * D + H * T * T
};
static const AttentionSizes attention_sizes = { T, D, DH };
typedef struct {
    double x[T * D], y[T * D], dy[T * D], dx[T * D], weights[WEIGHTS], dweights[WEIGHTS];
    double saved_block[SAVED], scratch_block[SAVED];
    AttentionWeights w, dw;
    AttentionSaved saved, scratch;
} Sequence;

static AttentionWeights weights_in(double *block) {
    return (AttentionWeights){ .query = block,
                               .key = block + D * D,
                               .value = block + 2 * D * D,
                               .output = block + 3 * D * D,
                               .query_norm = block + 4 * D * D,
                               .key_norm = block + 4 * D * D + DH };
}

static AttentionSaved saved_in(double *block) {
    return (AttentionSaved){ .query = block,
                             .key = block + T * D,
                             .value = block + 2 * T * D,
                             .rotated_query = block + 3 * T * D,
                             .rotated_key = block + 4 * T * D,
                             .context = block + 5 * T * D,
                             .weights = block + 6 * T * D };
}

static Sequence *sequence_new(void) {
    Sequence *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    s->w = weights_in(s->weights);
    s->dw = weights_in(s->dweights);
    s->saved = saved_in(s->saved_block);
    s->scratch = saved_in(s->scratch_block);
    fill(s->weights, WEIGHTS, 0.8, 7, "weights");
    fill(s->x, T * D, 1.0, 7, "x");
    fill(s->dy, T * D, 1.0, 7, "dy");
    return s;
}

static double sequence_loss(void *context) {
    Sequence *s = context;
    self_attention(s->y, &s->saved, s->x, &s->w, &attention_sizes);
    return weighted_sum(s->y, s->dy, T * D);
}

START_TEST(attention_slopes)
{
    Sequence *s = sequence_new();
    sequence_loss(s);
    fill(s->scratch_block, SAVED, 100.0, 7, "dirt"); // old contents do not matter
    fill(s->dx, T * D, 100.0, 7, "dirt");
    self_attention_backward(s->dx, &s->dw, &s->scratch, s->dy, &s->saved, s->x, &s->w,
                            &attention_sizes);
    const Slopes slopes = { .loss = sequence_loss, .context = s };
    expect_slopes("attention dx", s->x, s->dx, T * D, &slopes);
    expect_slopes("attention query", s->w.query, s->dw.query, D * D, &slopes);
    expect_slopes("attention key", s->w.key, s->dw.key, D * D, &slopes);
    expect_slopes("attention value", s->w.value, s->dw.value, D * D, &slopes);
    expect_slopes("attention output", s->w.output, s->dw.output, D * D, &slopes);
    expect_slopes("attention query_norm", s->w.query_norm, s->dw.query_norm, DH, &slopes);
    expect_slopes("attention key_norm", s->w.key_norm, s->dw.key_norm, DH, &slopes);
    free(s);
}
END_TEST

// The weights of each token add up to 1, those of later tokens are 0. The model knows the order of
// tokens only through RoPE: when the first two are swapped, their weights change.
START_TEST(attention_weights_are_causal_and_add_up_to_1)
{
    Sequence *s = sequence_new();
    sequence_loss(s);
    for (int row = 0; row < H * T; row++) {
        double sum = 0.0;
        for (int i = 0; i < T; i++) {
            double weight = s->saved.weights[row * T + i];
            ck_assert(i <= row % T ? weight > 0.0 : weight == 0.0);
            sum += weight;
        }
        ck_assert_double_eq_tol(sum, 1.0, TINY);
    }
    double first = s->saved.weights[3 * T], second = s->saved.weights[3 * T + 1];
    for (int d = 0; d < D; d++) {
        double swapped = s->x[d];
        s->x[d] = s->x[D + d];
        s->x[D + d] = swapped;
    }
    sequence_loss(s);
    ck_assert(fabs(s->saved.weights[3 * T + 1] - first) > 1e-3 ||
              fabs(s->saved.weights[3 * T] - second) > 1e-3);
    free(s);
}
END_TEST

// ---- AdamW

START_TEST(the_schedule_has_its_corners)
{
    TrainingPlan plan = { .peak = 0.004, .warmup = 4, .constant = 10, .decay = 4 };
    static const struct {
        int step;
        double fraction; // of the peak
    } corners[] = { { 0, 0 },
                    { 1, 0.25 },
                    { 3, 0.75 },
                    { 4, 1 },
                    { 13, 1 },
                    { 14, 1 },
                    { 15, 0.5 },
                    { 18, 0 },
                    { 19, 0 },
                    { 1000000, 0 },
                    /* 1 - sqrt(2/4) */ { 16, 0.2928932188134524 } };
    for (int i = 0; i < COUNT_OF(corners); i++) {
        ck_assert_double_eq_tol(learning_rate(&plan, corners[i].step), 0.004 * corners[i].fraction,
                                1e-15);
    }
    TrainingPlan constant = { .peak = 1, .constant = 2 };
    ck_assert_double_eq(learning_rate(&constant, 0), 1.0);
    ck_assert_double_eq(learning_rate(&constant, 2), 0.0);
}
END_TEST

// First step of a weight 2 with gradient 0.5, learning rate 0.1 = the peak, weight decay 0.01: m
// and v are corrected to g and g², so Adam's part is 0.1·0.5/0.5 = 0.1, whatever the size of the
// gradient; decay is 0.01·2. 2 - 0.02 - 0.1 = 1.88. Second step, gradient 0: m = 0.9·0.05 = 0.045,
// corrected 0.045/0.19; v = 0.999·0.00025, corrected by 0.001999: 0.236842/√0.124937 = 0.670058;
// 1.88·0.99 - 0.1·0.670058 = 1.794194.
START_TEST(two_steps_of_adamw_on_paper)
{
    double p[] = { 2, 2 }, m[2] = { 0 }, v[2] = { 0 }, g[] = { 0.5, 0 };
    TrainingPlan plan = { .peak = 0.1, .constant = 10, .weight_decay = 0.01 };
    adamw(p, m, v, g, 2, true, &plan, 0);
    expect_near(p, (double[]){ 1.88, 1.98 }, 2, 1e-8);
    expect_near(m, (double[]){ 0.05, 0 }, 2, TINY);
    expect_near(v, (double[]){ 0.00025, 0 }, 2, TINY);
    g[0] = 0.0;
    adamw(p, m, v, g, 2, true, &plan, 1);
    expect_near(p, (double[]){ 1.7941942, 1.9602 }, 2, 1e-7);
    double bias[] = { 2 }, bias_m[] = { 0 }, bias_v[] = { 0 };
    adamw(bias, bias_m, bias_v, g, 1, false, &plan, 0);
    ck_assert_double_eq(bias[0], 2.0); // no gradient, no decay
}
END_TEST

// Decay follows the schedule. At a learning rate of 0.05 and a peak of 0.1, a weight 2 with
// gradient 0 decays by half of 0.01·2. At the first step of a warm-up the learning rate is 0:
// nothing changes.
START_TEST(decay_follows_the_schedule)
{
    double p[] = { 2 }, m[] = { 0 }, v[] = { 0 };
    TrainingPlan plan = { .peak = 0.1, .warmup = 2, .constant = 10, .weight_decay = 0.01 };
    adamw(p, m, v, (double[]){ 7 }, 1, true, &plan, 0);
    ck_assert_double_eq(p[0], 2.0);
    m[0] = v[0] = 0.0;
    adamw(p, m, v, (double[]){ 0 }, 1, true, &plan, 1);
    ck_assert_double_eq_tol(p[0], 1.99, TINY);
}
END_TEST

// eps is added after the root: a gradient of 1e-8 gives a step of 0.1·1e-8/(1e-8 + 1e-8).
START_TEST(eps_is_added_after_the_root)
{
    double p[] = { 0 }, m[] = { 0 }, v[] = { 0 };
    TrainingPlan plan = { .peak = 0.1, .constant = 10 };
    adamw(p, m, v, (double[]){ 1e-8 }, 1, true, &plan, 0);
    ck_assert_double_eq_tol(p[0], -0.05, TINY);
}
END_TEST

// √(3² + 4²) = 5; clipping to 1 gives [0.6, 0.8], clipping to 5 or not at all changes nothing.
START_TEST(clipping_on_paper)
{
    double g[] = { 3, 4 };
    ck_assert_double_eq(global_norm(g, 2), 5.0);
    clip_by_global_norm(g, 2, 5.0, 5.0);
    clip_by_global_norm(g, 2, 5.0, 0.0);
    expect_near(g, (double[]){ 3, 4 }, 2, 0.0);
    clip_by_global_norm(g, 2, 5.0, 1.0);
    expect_near(g, (double[]){ 0.6, 0.8 }, 2, TINY);
}
END_TEST

// ---- sampling

// Weights of tokens 1, 2, 3: e^0, e^ln2, e^ln5 = 1, 2, 5; best first 3 (5/8), 2 (2/8), 1 (1/8).
// Token 0 is padding: it has the highest logit and is never sampled.
START_TEST(sampling_on_paper)
{
    double logits[] = { 9, 0, log(2), log(5) }, p[4];
    int order[4];
    static const struct {
        SamplingRule rule;
        double draw;
        int token;
    } cases[] = {
        { { 1, 0, 0 }, 0.0, 3 },      { { 1, 0, 0 }, 0.624, 3 },
        { { 1, 0, 0 }, 0.626, 2 },    { { 1, 0, 0 }, 0.874, 2 },
        { { 1, 0, 0 }, 0.876, 1 },    { { 1, 0, 0 }, 0.999999, 1 },
        { { 0, 0, 0 }, 0.999, 3 },                                 /* greedy */
        { { 1, 1, 0 }, 0.999, 3 },                                 /* top 1 */
        { { 1, 2, 0 }, 0.71, 3 },                                  /* top 2: 5/7 */
        { { 1, 2, 0 }, 0.72, 2 },     { { 1, 0, 0.6 }, 0.999, 3 }, /* 5/8 are enough for 0.6 */
        { { 1, 0, 0.7 }, 0.999, 2 },  { { 1, 0, 0.9 }, 0.999, 1 },
        { { 0.5, 0, 0 }, 0.8333, 3 }, /* squared weights: 25, 4, 1 of 30 */
        { { 0.5, 0, 0 }, 0.8334, 2 }, { { 0.5, 0, 0 }, 0.9667, 1 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        int token = sample_next_token(logits, 4, &cases[i].rule, cases[i].draw, order, p);
        ck_assert_msg(token == cases[i].token, "case %d: token %d", i, token);
    }
}
END_TEST

START_TEST(ties_nan_and_infinity_when_sampling)
{
    double p[4];
    int order[4];
    SamplingRule greedy = { 0 }, any = { .temperature = 1 };
    // equal logits: the lower token
    ck_assert_int_eq(sample_next_token((double[]){ 0, 1, 2, 2 }, 4, &greedy, 0, order, p), 2);
    ck_assert_int_eq(sample_next_token((double[]){ 0, NAN, -5, NAN }, 4, &any, 0.9, order, p), 2);
    ck_assert_int_eq(sample_next_token((double[]){ 0, 1, INFINITY, 2 }, 4, &any, 0.9, order, p), 2);
    ck_assert_int_eq(sample_next_token((double[]){ 0, NAN, NAN, NAN }, 4, &any, 0.9, order, p),
                     TOKEN_END);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { rmsnorm_on_paper },
        { rmsnorm_slopes },
        { rope_on_paper },
        { rope_depends_only_on_the_distance },
        { rope_slopes },
        { cross_entropy_on_paper },
        { a_probability_of_zero_has_a_finite_loss },
        { cross_entropy_slopes },
        { embedding_on_paper },
        { attention_on_paper },
        { attention_slopes },
        { attention_weights_are_causal_and_add_up_to_1 },
        { the_schedule_has_its_corners },
        { two_steps_of_adamw_on_paper },
        { decay_follows_the_schedule },
        { eps_is_added_after_the_root },
        { clipping_on_paper },
        { sampling_on_paper },
        { ties_nan_and_infinity_when_sampling },
    };
    return run_tests("07 layers", tests, COUNT_OF(tests));
}
