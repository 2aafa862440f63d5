// Mixture of experts, beyond what test_ffn.c tests of every layer: ties, padding, experts without
// tokens and tokens without experts, balancing, and the bridges to the dense layer.
#include "reference/check/checked_layer.h"
#include "reference/check/compare.h"
#include "reference/ffn/moe_routing.h"
#include "reference/model/model.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "reference/train/optimizer.h"
#include "tests/harness/slope.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 7, F = 5 };

static Config moe(Routing routing, Pool pool, int T, int E, double budget) {
    Config config = config_default(ffn_find("moe"));
    config.routing = routing;
    config.pool = pool;
    config.T = T;
    config.D = D;
    config.F = F;
    config.E = E;
    config.K = (int)budget;
    config.budget = budget > config.K ? budget : 0.0;
    config.capacity = budget;
    return config;
}

static FfnLayer open_layer(const Config *config, int B, uint64_t seed) {
    FfnLayer layer;
    Error error = { "" };
    ck_assert_msg(checked_layer_new(&layer, config, B, config->T, &error), "%s", error.text);
    ffn_layer_randomize(&layer, seed);
    return layer;
}

static void forward(FfnLayer *layer) {
    Error error = { "" };
    ck_assert_msg(checked_forward(layer, NULL, &error), "%s", error.text);
}

static void backward(FfnLayer *layer) {
    Error error = { "" };
    ck_assert_msg(checked_backward(layer, &error), "%s", error.text);
}

static float *parameter(const FfnLayer *layer, const char *name) {
    const Tensor *tensor = tensors_find(&layer->tensors, name);
    ck_assert_msg(tensor != NULL, "%s", name);
    return layer->parameters + tensor->offset;
}

static float *gradient(const FfnLayer *layer, const char *name) {
    return layer->gradients + tensors_find(&layer->tensors, name)->offset;
}

static bool has(const Gating *gating, int t, int e) {
    for (int i = gating->start[t]; i < gating->start[t + 1]; i++) {
        if (gating->index[i] == e) return true;
    }
    return false;
}

static int tokens_of(const Gating *gating, int e) {
    int count = 0;
    for (int t = 0; t < gating->N; t++) count += has(gating, t, e);
    return count;
}

static bool all_zero(const float *x, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (x[i] != 0.0f) return false;
    }
    return true;
}

// ---- ties

// With a router of zeros all scores are equal. Two rows of four tokens, three experts.
START_TEST(equal_scores_go_to_the_lower_index)
{
    static const struct {
        Routing routing;
        Pool pool;
        double budget;
        const char *chosen; // the experts of each token
    } cases[] = {
        { ROUTING_TOKEN, POOL_STEP, 2, "01 01 01 01 01 01 01 01" },
        { ROUTING_EXPERT, POOL_STEP, 2, "012 012 012 012 012 - - -" }, // 8·2/3 = 5 tokens each
        { ROUTING_UNIFIED, POOL_SEQUENCE, 1.5, "012 012 - - 012 012 - -" },
        { ROUTING_UNIFIED, POOL_STEP, 1.5, "012 012 012 012 - - - -" },
        { ROUTING_UNIFIED, POOL_STEP, 1.25, "01 01 01 01 - - - -" },              // 2.5 rounds to 2
        { ROUTING_UNIFIED, POOL_STEP, 1.75, "012 012 012 012 0 0 0 0" },          // 3.5 to 4
        { ROUTING_UNIFIED, POOL_SEQUENCE, 3, "012 012 012 012 012 012 012 012" }, // all
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Config config = moe(cases[i].routing, cases[i].pool, 4, 3, cases[i].budget);
        FfnLayer layer = open_layer(&config, 2, 1);
        memset(parameter(&layer, "router"), 0, D * 3 * sizeof(float));
        forward(&layer);
        Gating gating = ffn_layer_gating(&layer);
        char text[64] = "";
        for (int t = 0; t < 8; t++) {
            if (t > 0) strcat(text, " ");
            for (int e = gating.start[t]; e < gating.start[t + 1]; e++) {
                strcat(text, (const char *const[]){ "0", "1", "2" }[gating.index[e]]);
            }
            if (gating.start[t] == gating.start[t + 1]) strcat(text, "-");
            if (gating.start[t] == gating.start[t + 1]) ck_assert(all_zero(layer.y + t * D, D));
        }
        ck_assert_str_eq(text, cases[i].chosen);
        backward(&layer);
        ffn_layer_free(&layer);
    }
}
END_TEST

// NaN loses even to minus infinity; of several NaN the lower index wins.
START_TEST(nan_loses_every_choice)
{
    float logits[] = { NAN, 1, -INFINITY, NAN, NAN, NAN, NAN, NAN }, p[8], sums[2], score[8];
    uint32_t keys[8];
    int32_t start[3], index[8];
    float weight[8];
    Config config = moe(ROUTING_TOKEN, POOL_STEP, 2, 4, 3);
    MoeRouting routing = {
        .config = &config, .B = 1, .T = 2, .logits = logits, .p = p, .log_sum = sums
    };
    Gating gating = {
        .N = 2, .C = 1, .K = 3, .F = 4, .score = weight, .index = index, .start = start
    };
    moe_routing_softmax(&routing);
    moe_routing_select(&gating, &routing, score, keys);
    static const int32_t expected[] = { 1, 2, 0, 0, 1, 2 };
    for (int i = 0; i < 6; i++) ck_assert_int_eq(index[i], expected[i]);
}
END_TEST

// ---- experts without tokens, tokens without experts

// All tokens choose one expert: the gradients of the others are exactly zero.
START_TEST(an_expert_without_tokens_has_no_gradient)
{
    Config config = moe(ROUTING_TOKEN, POOL_STEP, 37, 5, 1);
    FfnLayer layer = open_layer(&config, 1, 2);
    for (int d = 0; d < D; d++) {
        for (int e = 0; e < 5; e++) parameter(&layer, "router")[d * 5 + e] = e == 3 ? 1.0f : 0.0f;
    }
    for (int i = 0; i < 37 * D; i++) layer.x[i] = fabsf(layer.x[i]) + 0.01f;
    forward(&layer);
    backward(&layer);
    Gating gating = ffn_layer_gating(&layer);
    for (int e = 0; e < 5; e++) {
        ck_assert_int_eq(tokens_of(&gating, e), e == 3 ? 37 : 0);
        ck_assert_int_eq(all_zero(gradient(&layer, "experts.up") + e * D * 2 * F, D * 2 * F),
                         e != 3);
        ck_assert_int_eq(all_zero(gradient(&layer, "experts.up_bias") + e * 2 * F, 2 * F), e != 3);
        ck_assert_int_eq(all_zero(gradient(&layer, "experts.down") + e * F * D, F * D), e != 3);
        ck_assert_int_eq(all_zero(gradient(&layer, "experts.down_bias") + e * D, D), e != 3);
    }
    ffn_layer_free(&layer);
}
END_TEST

// A token without an expert has y = 0, and its dy reaches no parameter and not its x.
START_TEST(a_token_without_experts_has_no_effect)
{
    Config config = moe(ROUTING_EXPERT, POOL_STEP, 23, 3, 1);
    FfnLayer layer = open_layer(&config, 1, 3);
    forward(&layer);
    Gating gating = ffn_layer_gating(&layer);
    int left = 0;
    for (int e = 0; e < 3; e++) ck_assert_int_eq(tokens_of(&gating, e), 7); // 23/3
    for (int t = 0; t < 23; t++) {
        if (gating.start[t] < gating.start[t + 1]) continue;
        left++;
        ck_assert(all_zero(layer.y + t * D, D));
        backward(&layer);
        ck_assert(all_zero(layer.dx + t * D, D));
        float *before = malloc(layer.tensors.floats * sizeof *before);
        ck_assert_ptr_nonnull(before);
        memcpy(before, layer.gradients, layer.tensors.floats * sizeof *before);
        for (int d = 0; d < D; d++) layer.dy[t * D + d] += 5.0f;
        backward(&layer);
        for (int i = 0; i < layer.tensors.count; i++) {
            const Tensor *tensor = &layer.tensors.items[i];
            ck_assert(memcmp(before + tensor->offset, layer.gradients + tensor->offset,
                             tensor->count * 4) == 0);
        }
        free(before);
    }
    ck_assert_int_gt(left, 0);
    ffn_layer_free(&layer);
}
END_TEST

// ---- padding

// Padding is in no pool: the other tokens are routed as if it were not there.
static void check_padding(Routing routing, Pool pool) {
    enum { T = 9, REAL = 5, E = 4 };
    Config config = moe(routing, pool, T, E, 1.5), shorter = config;
    shorter.T = REAL;
    FfnLayer padded = open_layer(&config, 2, 4), plain = open_layer(&shorter, 2, 4);
    int32_t tokens[2 * T];
    for (int i = 0; i < 2 * T; i++) tokens[i] = i % T < REAL ? 3 + i : 0;
    memcpy(plain.parameters, padded.parameters, padded.tensors.floats * sizeof(float));
    for (int t = 0; t < 2 * REAL; t++) {
        memcpy(plain.x + t * D, padded.x + (t / REAL * T + t % REAL) * D, D * sizeof(float));
    }
    padded.tokens = tokens;
    forward(&padded);
    forward(&plain);
    Gating a = ffn_layer_gating(&padded), b = ffn_layer_gating(&plain);
    ck_assert_int_eq(a.start[2 * T], b.start[2 * REAL]);
    ck_assert_int_gt(b.start[2 * REAL], 0);
    for (int t = 0; t < 2 * T; t++) {
        int count = a.start[t + 1] - a.start[t], same = t / T * REAL + t % T;
        if (tokens[t] == 0) {
            ck_assert_int_eq(count, 0);
            ck_assert(all_zero(padded.y + t * D, D));
            continue;
        }
        ck_assert_int_eq(count, b.start[same + 1] - b.start[same]);
        ck_assert(memcmp(a.index + a.start[t], b.index + b.start[same],
                         (size_t)count * sizeof *a.index) == 0);
        for (int d = 0; d < D; d++)
            ck_assert_float_eq_tol(padded.y[t * D + d], plain.y[same * D + d], 1e-5f);
    }
    ffn_layer_free(&padded);
    ffn_layer_free(&plain);
}

START_TEST(padding_is_in_no_pool)
{
    check_padding(ROUTING_EXPERT, POOL_STEP);
    check_padding(ROUTING_UNIFIED, POOL_STEP);
    check_padding(ROUTING_UNIFIED, POOL_SEQUENCE);
}
END_TEST

// Token choice routes padding, but losses and loads do not count it; a batch of padding has
// neither.
START_TEST(padding_is_not_balanced)
{
    enum { T = 8, E = 4 };
    Config config = moe(ROUTING_TOKEN, POOL_STEP, T, E, 2);
    config.switch_loss = 0.5, config.z_loss = 0.25, config.bias_step = 0.125;
    FfnLayer layer = open_layer(&config, 1, 5);
    int32_t tokens[T] = { 1, 9, 8, 0, 7, 0, 0, 6 };
    memset(parameter(&layer, "router_bias"), 0, E * sizeof(float));
    memset(layer.dy, 0, T * D * sizeof(float));
    layer.tokens = tokens;
    forward(&layer);
    backward(&layer);
    double loss = layer.loss;
    ck_assert_double_gt(loss, 0.0);
    for (int t = 0; t < T; t++) ck_assert_int_eq(all_zero(layer.dx + t * D, D), tokens[t] == 0);
    for (int t = 0; t < T * D; t++) layer.x[t] *= tokens[t / D] == 0 ? -3.0f : 1.0f;
    forward(&layer);
    ck_assert_double_eq(layer.loss, loss);
    memset(tokens, 0, sizeof tokens);
    forward(&layer);
    backward(&layer);
    ck_assert_double_eq(layer.loss, 0.0);
    ck_assert(all_zero(gradient(&layer, "router"), D * E));
    ffn_layer_after_step(&layer);
    ck_assert(all_zero(parameter(&layer, "router_bias"), E));
    ffn_layer_free(&layer);
}
END_TEST

// ---- balancing

static double whole_loss(FfnLayer *layer) {
    double sum = 0.0;
    forward(layer);
    for (int i = 0; i < layer->N * D; i++) sum += (double)layer->y[i] * layer->dy[i];
    return sum + layer->loss;
}

// A hash of the gating's tokens and experts, equal for equal choices.
static uint64_t choice_of(const FfnLayer *layer) {
    Gating gating = ffn_layer_gating(layer);
    uint64_t sum = 0;
    for (int t = 0; t < gating.N; t++) {
        for (int i = gating.start[t]; i < gating.start[t + 1]; i++)
            sum += random_bits(1, (uint64_t)t * 4096 + (uint64_t)gating.index[i]);
    }
    return sum;
}

typedef struct {
    FfnLayer *layer;
    float *block; // that is moved
    size_t count;
    uint64_t choice; // where the gradient was taken
} Moved;

static void set_block(void *context, const double *values) {
    const Moved *moved = context;
    for (size_t i = 0; i < moved->count; i++) moved->block[i] = (float)values[i];
}

static bool moved_loss(void *context, double *loss) {
    const Moved *moved = context;
    *loss = whole_loss(moved->layer);
    return choice_of(moved->layer) == moved->choice;
}

// The loss is sum(y·dy) and the layer's own losses.
static void check_slope(FfnLayer *layer, float *block, const float *gradient, size_t count,
                        const char *what) {
    double base[512], slopes[512], direction[512];
    int checked = 0;
    ck_assert_uint_le(count, 512);
    for (size_t i = 0; i < count; i++) {
        base[i] = block[i];
        slopes[i] = gradient[i];
    }
    Moved moved = { layer, block, count, choice_of(layer) };
    Slope slope = { count, base, slopes, set_block, moved_loss, &moved };
    for (uint64_t seed = 0; seed < 32 && checked < 6; seed++) {
        slope_direction(direction, count, 1.0, false, random_key(seed, what));
        double error = slope_error(&slope, direction, 1e-3);
        if (isnan(error)) continue;
        if (getenv("MEASURE")) fprintf(stderr, "%s: slope off by %.1e\n", what, error);
        ck_assert_msg(error < 6e-5, "%s: the slope is off by %g", what, error); // measured 1.4e-5
        checked++;
    }
    ck_assert_msg(checked >= 3, "%s: only %d of 32 directions left the choice as it was", what,
                  checked);
}

// With weights so large that a missing gradient would be far off.
START_TEST(gradients_of_the_losses_are_their_slopes)
{
    static const double weights[][2] = { { 30, 0 }, { 0, 10 }, { 30, 10 } };
    Config config = moe(ROUTING_TOKEN, POOL_STEP, 11, 5, 2);
    config.switch_loss = weights[_i][0], config.z_loss = weights[_i][1];
    FfnLayer layer = open_layer(&config, 2, 14); // a seed without nearly equal scores
    forward(&layer);
    backward(&layer);
    ck_assert_double_gt(layer.loss, 1.0);
    float router[D * 5], x[22 * D];
    memcpy(router, gradient(&layer, "router"), sizeof router);
    memcpy(x, layer.dx, sizeof x);
    check_slope(&layer, parameter(&layer, "router"), router, D * 5, "router");
    check_slope(&layer, layer.x, x, 22 * D, "x");
    ffn_layer_free(&layer);
}
END_TEST

// Switch's loss is weight·K if the load is even, and weight·E if all tokens have the same expert.
START_TEST(switch_loss_by_hand)
{
    enum { E = 4 };
    Config config = moe(ROUTING_TOKEN, POOL_STEP, E, E, 1);
    config.switch_loss = 0.01;
    config.D = E;
    FfnLayer layer;
    Error error;
    ck_assert(checked_layer_new(&layer, &config, 1, E, &error));
    ffn_layer_randomize(&layer, 1);
    memset(layer.x, 0, E * E * sizeof(float));
    memset(parameter(&layer, "router"), 0, E * E * sizeof(float));
    for (int t = 0; t < E; t++) layer.x[t * E + t] = 1.0f; // token t is the unit vector t
    for (int e = 0; e < E; e++) parameter(&layer, "router")[e * E + e] = 30.0f;
    forward(&layer);
    ck_assert_double_eq_tol(layer.loss, 0.01, 1e-9); // each has its own expert, and p = 1 for it
    for (int e = 0; e < E; e++) memset(parameter(&layer, "router") + e * E, 0, E * sizeof(float));
    for (int d = 0; d < E; d++) parameter(&layer, "router")[d * E + 2] = 30.0f;
    forward(&layer);
    ck_assert_double_eq_tol(layer.loss, 0.01 * E, 1e-9);
    ffn_layer_free(&layer);
}
END_TEST

// The bias decides the choice but is not part of the weights; after a batch it moves against the
// load; the optimizer does not change it.
START_TEST(the_bias_only_takes_part_in_the_choice)
{
    enum { T = 64, E = 4 };
    Config config = moe(ROUTING_TOKEN, POOL_STEP, T, E, 1);
    config.bias_step = 0.25;
    FfnLayer layer = open_layer(&config, 1, 7);
    float *bias = parameter(&layer, "router_bias");
    // larger than any difference of probabilities
    for (int e = 0; e < E; e++) bias[e] = e == 1 ? 2.0f : 0.0f;
    forward(&layer);
    backward(&layer);
    Gating gating = ffn_layer_gating(&layer);
    ck_assert_int_eq(tokens_of(&gating, 1), T);
    double sum = 0.0;
    for (int t = 0; t < T; t++) sum += gating.score[t];
    ck_assert(sum > 1.0 && sum < 0.9 * T); // p, which is below 1, without the bias
    ck_assert(all_zero(gradient(&layer, "router_bias"), E));

    float *moments = calloc(2 * layer.tensors.floats, sizeof *moments), before[E];
    ck_assert_ptr_nonnull(moments);
    memcpy(before, bias, sizeof before);
    AdamwSettings settings = { .rate = 0.1, .peak = 0.1, .weight_decay = 0.1, .clip = 1 };
    double norm = gradient_norm(&layer.tensors, layer.gradients, NULL);
    adamw_step(&layer.tensors, layer.parameters, layer.gradients, moments,
               moments + layer.tensors.floats, norm, 0, &settings);
    ck_assert(memcmp(before, bias, sizeof before) == 0);
    free(moments);

    ffn_layer_after_step(&layer);
    for (int e = 0; e < E; e++) ck_assert_float_eq(bias[e], before[e] + (e == 1 ? -0.25f : 0.25f));
    ffn_layer_free(&layer);
}
END_TEST

START_TEST(an_even_load_leaves_the_bias)
{
    Config config = moe(ROUTING_TOKEN, POOL_STEP, 6, 3, 3); // every token has every expert
    config.bias_step = 0.25;
    FfnLayer layer = open_layer(&config, 1, 7);
    float before[3];
    memcpy(before, parameter(&layer, "router_bias"), sizeof before);
    forward(&layer);
    ffn_layer_after_step(&layer);
    ck_assert(memcmp(before, parameter(&layer, "router_bias"), sizeof before) == 0);
    ffn_layer_free(&layer);
}
END_TEST

// ---- bridges

// With one expert, of weight 1, the layer is the dense one: the same bits forward and backward.
START_TEST(one_expert_is_the_dense_layer)
{
    enum { T = 67 };
    Config config = moe((Routing)_i, POOL_SEQUENCE, T, 1, 1),
           dense = config_default(ffn_find("glu"));
    config.alpha = 0.0;
    dense.T = T, dense.D = D, dense.F = F;
    FfnLayer mixture = open_layer(&config, 2, 9), glu = open_layer(&dense, 2, 9);
    static const char *const names[] = { "up", "up_bias", "down", "down_bias" };
    char name[32];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "experts.%s", names[i]);
        memcpy(parameter(&glu, names[i]), parameter(&mixture, name),
               tensors_find(&glu.tensors, names[i])->count * sizeof(float));
    }
    forward(&mixture);
    forward(&glu);
    backward(&mixture);
    backward(&glu);
    ck_assert(memcmp(mixture.y, glu.y, 2 * T * D * sizeof(float)) == 0);
    ck_assert(memcmp(mixture.dx, glu.dx, 2 * T * D * sizeof(float)) == 0);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "experts.%s", names[i]);
        ck_assert(memcmp(gradient(&mixture, name), gradient(&glu, names[i]),
                         tensors_find(&glu.tensors, names[i])->count * sizeof(float)) == 0);
    }
    ck_assert(all_zero(gradient(&mixture, "router"), D)); // a softmax over one is constant
    ffn_layer_free(&mixture);
    ffn_layer_free(&glu);
}
END_TEST

// With all experts for all tokens, every routing gives the softmax-weighted sum of dense layers.
START_TEST(all_experts_are_the_weighted_sum)
{
    enum { T = 19, E = 3 };
    Config config = moe((Routing)_i, POOL_SEQUENCE, T, E, E),
           dense = config_default(ffn_find("glu"));
    config.alpha = 0.0;
    dense.T = T, dense.D = D, dense.F = F;
    FfnLayer mixture = open_layer(&config, 1, 10), glu = open_layer(&dense, 1, 10);
    double expected[T * D] = { 0 };
    forward(&mixture);
    memcpy(glu.x, mixture.x, T * D * sizeof(float));
    for (int e = 0; e < E; e++) {
        memcpy(parameter(&glu, "up"), parameter(&mixture, "experts.up") + e * D * 2 * F,
               D * 2 * F * sizeof(float));
        memcpy(parameter(&glu, "up_bias"), parameter(&mixture, "experts.up_bias") + e * 2 * F,
               2 * F * sizeof(float));
        memcpy(parameter(&glu, "down"), parameter(&mixture, "experts.down") + e * F * D,
               F * D * sizeof(float));
        memcpy(parameter(&glu, "down_bias"), parameter(&mixture, "experts.down_bias") + e * D,
               D * sizeof(float));
        forward(&glu);
        for (int t = 0; t < T; t++) {
            double logits[E] = { 0 }, sum = 0.0;
            for (int i = 0; i < E; i++) {
                for (int d = 0; d < D; d++)
                    logits[i] +=
                        (double)mixture.x[t * D + d] * parameter(&mixture, "router")[d * E + i];
                sum += exp(logits[i]);
            }
            for (int d = 0; d < D; d++)
                expected[t * D + d] += exp(logits[e]) / sum * glu.y[t * D + d];
        }
    }
    Difference difference; // measured 2e-7
    ck_assert_msg(compare_floats(&difference, "y", mixture.y, T * D, (Values){ expected, T * D },
                                 (Tolerance){ 0, 2e-6 }),
                  "%s", difference.problem);
    ffn_layer_free(&mixture);
    ffn_layer_free(&glu);
}
END_TEST

// With one token, unified routing chooses as token choice does; with alpha = 0, y is the same too.
START_TEST(a_pool_of_one_token_is_token_choice)
{
    for (int pool = 0; pool < POOLS; pool++) {
        for (int K = 1; K <= 5; K++) {
            Config token = moe(ROUTING_TOKEN, POOL_STEP, 1, 5, K),
                   unified = moe(ROUTING_UNIFIED, (Pool)pool, 1, 5, K);
            unified.alpha = _i ? 0.5 : 0.0;
            FfnLayer a = open_layer(&token, 1, 20 + (uint64_t)K),
                     b = open_layer(&unified, 1, 20 + (uint64_t)K);
            forward(&a);
            forward(&b);
            Gating x = ffn_layer_gating(&a), y = ffn_layer_gating(&b);
            ck_assert_int_eq(x.start[1], y.start[1]);
            ck_assert(memcmp(x.index, y.index, (size_t)K * sizeof *x.index) == 0);
            ck_assert_int_eq(memcmp(a.y, b.y, D * sizeof(float)) == 0, _i == 0);
            ffn_layer_free(&a);
            ffn_layer_free(&b);
        }
    }
}
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { equal_scores_go_to_the_lower_index },
        { nan_loses_every_choice },
        { an_expert_without_tokens_has_no_gradient },
        { a_token_without_experts_has_no_effect },
        { padding_is_in_no_pool },
        { padding_is_not_balanced },
        { gradients_of_the_losses_are_their_slopes, 3 },
        { switch_loss_by_hand },
        { the_bias_only_takes_part_in_the_choice },
        { an_even_load_leaves_the_bias },
        { one_expert_is_the_dense_layer, ROUTINGS },
        { all_experts_are_the_weighted_sum, ROUTINGS },
        { a_pool_of_one_token_is_token_choice, 2 },
    };
    return run_tests("moe", tests, COUNT_OF(tests));
}
