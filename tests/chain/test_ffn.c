// Every feed-forward layer, on sizes that no golden file has: the reference against the chapters in
// three steps (reference/check/layer_agree.h), both against finite differences, and the same bits
// on 1 and N threads.
#include "reference/check/checked_layer.h"
#include "reference/check/layer_agree.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/chain/chapter_ffn.h"
#include "tests/chain/chapter_moe.h"
#include "tests/harness/layer.h"
#include "tests/harness/slope.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// The worst errors measured, relative to the tensor's rms: scores 9e-7, y 3.3e-6, gradients 1.6e-5
// (gelu, whose argument is large for F = 1). About three times the largest of each, since other
// machines sum in another order.
static const Tolerance FORWARD = { .relative = 1e-5 }, BACKWARD = { .relative = 5e-5 };

typedef struct {
    int B, T, D, F, C, K, Dk;
} Sizes;

// Odd sizes, and both sides of a block of 256 tokens; F is a square and K goes up to its root. Some
// of the product routers fold their queries into their keys, some do not.
static const Sizes sweep[] = {
    { 1, 1, 1, 1, 1, 1, 1 },     { 1, 7, 7, 4, 2, 2, 3 },       { 3, 5, 24, 36, 3, 6, 10 },
    { 1, 255, 24, 36, 1, 4, 7 }, { 2, 128, 65, 121, 2, 11, 5 }, { 1, 257, 24, 121, 3, 8, 16 },
    { 257, 1, 7, 4, 1, 1, 1 },   { 7, 1, 65, 36, 2, 1, 1 },     { 5, 51, 1, 4, 3, 2, 24 },
    { 2, 300, 7, 121, 2, 3, 2 }, { 1, 1, 65, 121, 3, 11, 33 },  { 1, 256, 24, 1, 3, 1, 4 },
};
enum { SWEEP = COUNT_OF(sweep) };

// A moe's K of E: with expert choice K per token on average, with unified routing K + 1/2.
static Config with_experts(Config config, int E, int K) {
    config.E = E;
    config.K = K;
    config.capacity = K * config.T >= E ? K : E;
    if (config.routing == ROUTING_UNIFIED && K < E) config.budget = K + 0.5;
    return config;
}

static Config with_sizes(Config config, const Sizes *sizes) {
    config.D = sizes->D;
    config.F = sizes->F;
    config.T = sizes->T;
    if (!config.ffn->sparse) return config;
    if (config.ffn->ragged) return with_experts(config, sizes->C + sizes->K - 1, sizes->K);
    config.C = sizes->C;
    config.K = sizes->K;
    config.Dk = sizes->Dk;
    return config;
}

// Random numbers for a layer, which floats represent.
static void random_numbers(LayerNumbers *out, const Config *config, int B, int T, uint64_t seed) {
    Error error = { "" };
    FfnLayer layer;
    ck_assert_msg(checked_layer_new(&layer, config, B, T, &error), "%s", error.text);
    ffn_layer_randomize(&layer, seed);
    ck_assert_msg(layer_numbers_new(out, config, B, T, &error), "%s", error.text);
    layer_numbers_from(out, &layer);
    ffn_layer_free(&layer);
}

static void run(bool (*implementation)(LayerNumbers *, Error *), LayerNumbers *numbers,
                const char *name) {
    Error error = { "" };
    ck_assert_msg(implementation(numbers, &error), "%s: %s", name, error.text);
}

// ---- the reference against the chapters

// Gives `to` the choice of `from`, its scores rounded to float.
static void give(LayerNumbers *to, const LayerNumbers *from) {
    if (to->start != NULL)
        memcpy(to->start, from->start, ((size_t)from->N + 1) * sizeof *to->start);
    for (size_t i = 0; i < layer_numbers_entries(from); i++) {
        to->score[i] = (float)from->score[i];
        to->index[i] = from->index[i];
    }
    to->given = true;
}

static void comparison_new(LayerComparison *out, const Config *config, const Sizes *sizes,
                           uint64_t seed, const char *name) {
    *out = (LayerComparison){ .expert_scores = chapter_expert_scores,
                              .forward = FORWARD,
                              .backward = BACKWARD };
    random_numbers(&out->actual, config, sizes->B, sizes->T, seed);
    random_numbers(&out->expected, config, sizes->B, sizes->T, seed);
    if (config->ffn->sparse) {
        random_numbers(&out->own_actual, config, sizes->B, sizes->T, seed);
        random_numbers(&out->own_expected, config, sizes->B, sizes->T, seed);
        run(reference_layer_run, &out->own_actual, name);
        run(chapters_run, &out->own_expected, name);
        give(&out->actual, &out->own_expected);
        give(&out->expected, &out->own_expected);
    }
    run(reference_layer_run, &out->actual, name);
    run(chapters_run, &out->expected, name);
}

static void comparison_free(LayerComparison *comparison) {
    layer_numbers_free(&comparison->own_actual);
    layer_numbers_free(&comparison->own_expected);
    layer_numbers_free(&comparison->actual);
    layer_numbers_free(&comparison->expected);
}

START_TEST(the_reference_agrees_with_the_chapters)
{
    Config kind;
    char name[VARIANT_NAME], what[VARIANT_NAME + 64];
    Error error = { "" };
    ck_assert(layer_variant(_i, &kind, name));
    parallel_set_threads(1); // threads_do_not_change_a_bit has more
    LayerErrors errors = { 0 };
    for (int i = 0; i < SWEEP; i++) {
        const Sizes *s = &sweep[i];
        Config config = with_sizes(kind, s);
        LayerComparison both;
        snprintf(what, sizeof what, "%s B %d T %d D %d F %d C %d K %d Dk %d", name, s->B, s->T,
                 s->D, s->F, s->C, s->K, s->Dk);
        comparison_new(&both, &config, s, 100 + (uint64_t)i, what);
        ck_assert_msg(layers_agree(&both, &errors, &error), "%s: %s", what, error.text);
        comparison_free(&both);
    }
    ck_assert_int_eq(kind.ffn->sparse, errors.rows > 0);
    ck_assert_msg(errors.other_choices * 1000 <= errors.rows, "%s: %ld of %ld rows chose otherwise",
                  name, errors.other_choices, errors.rows);
    if (getenv("MEASURE"))
        fprintf(stderr, "%-40s score %.1e y %.1e gradients %.1e, %ld of %ld rows\n", name,
                errors.scores, errors.forward, errors.backward, errors.other_choices, errors.rows);
}
END_TEST

// ---- errors are found

static void must_break(const LayerComparison *both, const char *name, const char *what) {
    LayerErrors errors = { 0 };
    Error error;
    ck_assert_msg(!layers_agree(both, &errors, &error), "%s: %s was not found", name, what);
}

// NaN, infinity, or a thousandth of the tensor's rms, in one element.
static void plant_values(const LayerComparison *both, const char *name, const char *what,
                         double *values, size_t count) {
    double *value = &values[random_below(random_key(3, what), 0, count)], right = *value;
    const double planted[] = { NAN, INFINITY, -INFINITY,
                               right + 1e-3 * root_mean_square(values, count) };
    for (int i = 0; i < COUNT_OF(planted); i++) {
        *value = planted[i];
        must_break(both, name, what);
    }
    *value = right;
}

static void swap_ranks(LayerNumbers *numbers, bool scores_too) {
    double score = numbers->score[0];
    int32_t index = numbers->index[0];
    numbers->index[0] = numbers->index[1];
    numbers->index[1] = index;
    if (!scores_too) return;
    numbers->score[0] = numbers->score[1];
    numbers->score[1] = score;
}

// Wrong choices: ranks out of order, an expert twice, one that does not exist, and the next best.
static void plant_choices(LayerComparison *both, const char *name) {
    LayerNumbers *actual = &both->own_actual;
    const Config *config = &actual->config;
    for (int scores_too = 0; scores_too < 2; scores_too++) {
        swap_ranks(actual, scores_too);
        must_break(both, name, "two ranks in the wrong order");
        swap_ranks(actual, scores_too);
    }
    int32_t last = actual->index[config->K - 1], next[16];
    double last_score = actual->score[config->K - 1], scores[16];
    const int32_t wrong[] = { actual->index[0], -1, config->F };
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        actual->index[config->K - 1] = wrong[i];
        must_break(both, name, "an expert chosen twice, or one that does not exist");
    }
    Config more = *config;
    more.K++;
    chapter_top(&more, both->own_expected.scores, 0, scores, next);
    actual->index[config->K - 1] = next[config->K];
    actual->score[config->K - 1] = scores[config->K]; // the score is right for it
    must_break(both, name, "the expert of the next rank");
    actual->index[config->K - 1] = last;
    actual->score[config->K - 1] = last_score;
}

// The same for a ragged gating.
static void plant_ragged(LayerComparison *both, const char *name) {
    LayerNumbers *actual = &both->own_actual;
    int E = actual->config.E, K = actual->config.K, *last = &actual->index[K - 1], right = *last;
    double rank[64], weight[64], score = actual->score[K - 1];
    swap_ranks(actual, true);
    must_break(both, name, "two ranks in the wrong order");
    swap_ranks(actual, true);
    const int32_t wrong[] = { actual->index[0], -1, E };
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        *last = wrong[i];
        must_break(both, name, "an expert chosen twice, or one that does not exist");
    }
    chapter_moe_row(rank, weight, &actual->config, both->own_expected.scores);
    for (int e = 0; e < E; e++) { // the weight is right for it
        bool chosen = false;
        for (int k = 0; k < K; k++) chosen = chosen || both->own_expected.index[k] == e;
        if (chosen) continue;
        *last = e;
        actual->score[K - 1] = weight[e];
        must_break(both, name, "an expert that was not among the best");
    }
    *last = right;
    actual->score[K - 1] = score;
    for (int t = 0; t <= actual->N; t += actual->N) {
        actual->start[t]++;
        must_break(both, name, "an entry too many, or one too few");
        actual->start[t]--;
    }
    actual->start[1]++;
    must_break(both, name, "an entry with another token");
    actual->start[1]--;
}

START_TEST(planted_errors_are_found)
{
    static const Sizes sizes = { 1, 9, 24, 36, 3, 5, 10 };
    Config kind;
    char name[VARIANT_NAME];
    LayerComparison both;
    LayerErrors errors = { 0 };
    Error error = { "" };
    ck_assert(layer_variant(_i, &kind, name));
    Config config = with_sizes(kind, &sizes);
    comparison_new(&both, &config, &sizes, 5, name);
    LayerNumbers *actual = &both.actual;
    size_t rows = (size_t)actual->N * config.D;
    if (config.ffn->sparse) {
        size_t scores = (size_t)actual->N * (size_t)ffn_gating(&config, NULL, 1).keys;
        plant_values(&both, name, "all scores", both.own_actual.scores, scores);
        plant_values(&both, name, "score", both.own_actual.score,
                     layer_numbers_entries(&both.own_actual));
        (config.ffn->ragged ? plant_ragged : plant_choices)(&both, name);
    }
    plant_values(&both, name, "y", actual->y, rows);
    plant_values(&both, name, "dx", actual->dx, rows);
    for (int i = 0; i < actual->tensors.count; i++) {
        const Tensor *tensor = &actual->tensors.items[i];
        plant_values(&both, name, tensor->name, actual->gradients + tensor->offset, tensor->count);
    }
    // Everything is put back.
    ck_assert_msg(layers_agree(&both, &errors, &error), "%s: %s", name, error.text);
    comparison_free(&both);
}
END_TEST

// ---- threads

// Runs a layer with this number of threads; the caller frees it.
static void run_threads(FfnLayer *out, const Config *config, const Sizes *sizes, int threads) {
    Error error = { "" };
    parallel_set_threads(threads);
    ck_assert_msg(checked_layer_new(out, config, sizes->B, sizes->T, &error), "%s", error.text);
    ffn_layer_randomize(out, 7);
    ck_assert_msg(checked_forward(out, NULL, &error) && checked_backward(out, &error), "%s",
                  error.text);
}

static void same_bits(const char *name, const char *what, int threads, const void *a, const void *b,
                      size_t bytes) {
    ck_assert_msg(memcmp(a, b, bytes) == 0, "%s: %s has other bits with %d threads than with 1",
                  name, what, threads);
}

START_TEST(threads_do_not_change_a_bit)
{
    static const int counts[] = { 2, 3 };
    Config kind;
    char name[VARIANT_NAME];
    ck_assert(layer_variant(_i, &kind, name));
    for (int i = 0; i < SWEEP; i++) {
        Config config = with_sizes(kind, &sweep[i]);
        FfnLayer one;
        run_threads(&one, &config, &sweep[i], 1);
        size_t rows = (size_t)one.N * config.D * sizeof *one.y;
        for (int j = 0; j < 2; j++) {
            FfnLayer many;
            run_threads(&many, &config, &sweep[i], counts[j]);
            same_bits(name, "y", counts[j], one.y, many.y, rows);
            same_bits(name, "dx", counts[j], one.dx, many.dx, rows);
            for (int t = 0; t < one.tensors.count; t++) {
                const Tensor *tensor = &one.tensors.items[t];
                same_bits(name, tensor->name, counts[j], one.gradients + tensor->offset,
                          many.gradients + tensor->offset, tensor->count * sizeof *one.gradients);
            }
            Gating a = ffn_layer_gating(&one), b = ffn_layer_gating(&many);
            ck_assert_int_eq(a.N, config.ffn->sparse ? one.N : 0);
            if (a.start != NULL)
                same_bits(name, "start", counts[j], a.start, b.start,
                          ((size_t)a.N + 1) * sizeof *a.start);
            if (a.N > 0)
                same_bits(name, "score", counts[j], a.score, b.score,
                          gating_entries(&a) * sizeof *a.score);
            if (a.N > 0)
                same_bits(name, "index", counts[j], a.index, b.index,
                          gating_entries(&a) * sizeof *a.index);
            ffn_layer_free(&many);
        }
        ffn_layer_free(&one);
    }
}
END_TEST

// ---- finite differences

// sum(y·dy) in double.
static double loss_of(const LayerNumbers *numbers) {
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)numbers->N * numbers->config.D; i++)
        sum += numbers->y[i] * numbers->dy[i];
    return sum;
}

// The first entry of a row of the choice: of a token, or of a token and channel.
static size_t row_start(const LayerNumbers *numbers, size_t row) {
    return numbers->start != NULL ? (size_t)numbers->start[row] : row * (size_t)numbers->config.K;
}

// Whether every row has the same experts, in any order.
static bool same_sets(const LayerNumbers *numbers, const LayerNumbers *base) {
    if (!base->config.ffn->sparse) return true;
    size_t rows = (size_t)base->N * (base->start != NULL ? 1 : (size_t)base->config.C);
    for (size_t row = 0; row < rows; row++) {
        size_t first = row_start(base, row), last = row_start(base, row + 1);
        if (row_start(numbers, row) != first || row_start(numbers, row + 1) != last) return false;
        for (size_t i = first; i < last; i++) {
            size_t j = first;
            while (j < last && base->index[j] != numbers->index[i]) j++;
            if (j == last) return false;
        }
    }
    return true;
}

// A block of the numbers that is moved.
typedef struct {
    bool (*run)(LayerNumbers *, Error *);
    LayerNumbers *numbers; // those that move
    const LayerNumbers *base;
    double *block; // in numbers
    size_t count;
    const char *name;
} Moved;

static void set_block(void *context, const double *values) {
    const Moved *moved = context;
    memcpy(moved->block, values, moved->count * sizeof *values);
}

static bool moved_loss(void *context, double *loss) {
    const Moved *moved = context;
    run(moved->run, moved->numbers, moved->name);
    *loss = loss_of(moved->numbers);
    return same_sets(moved->numbers, moved->base);
}

typedef struct {
    const char *name;
    bool (*run)(LayerNumbers *, Error *);
    double step, tolerance; // in units of the direction; of |gradient|·|step|
} Differentiated;

// The worst errors measured: chapters 6e-10, reference 4.8e-4 (rounding of the loss).
static const Differentiated implementations[] = {
    { "chapters", chapters_run, 1e-5, 1e-8 },
    { "reference", reference_layer_run, 1e-3, 2e-3 },
};

// gradient and base [count] are those of the moved block.
static void check_block(const Differentiated *tested, const Moved *moved, const double *gradient,
                        const double *base, double *worst) {
    size_t count = moved->count;
    double *direction = malloc(count * sizeof *direction);
    ck_assert_ptr_nonnull(direction);
    Slope slope = { count, base, gradient, set_block, moved_loss, (void *)moved };
    // relu has a corner, where there is no slope: smaller steps cross it less often.
    bool corners = moved->numbers->config.activation == ACTIVATION_RELU;
    double step = corners ? 0.5 * tested->step : tested->step,
           size = fmax(root_mean_square(base, count), 0.1);
    int checked = 0;
    for (int which = 0; which < 6; which++) {
        slope_direction(direction, count, size, which >= 3,
                        random_key((uint64_t)which, moved->name));
        double error = slope_error(&slope, direction, step);
        if (isnan(error)) continue;
        checked++;
        *worst = fmax(*worst, error);
        ck_assert_msg(error <= tested->tolerance, "%s %s, direction %d: off by %.3g", tested->name,
                      moved->name, which, error);
    }
    ck_assert_msg(checked >= 4, "%s %s: only %d of 6 directions left the choice as it was",
                  tested->name, moved->name, checked);
    free(direction);
}

static void check_gradients(const Differentiated *tested, const Config *config, int B, int T,
                            const char *variant, double *worst) {
    LayerNumbers base, moving;
    random_numbers(&base, config, B, T, 12); // a seed away from relu's corners
    random_numbers(&moving, config, B, T, 12);
    run(tested->run, &base, variant);
    char name[VARIANT_NAME + TENSOR_NAME];
    Moved moved = { tested->run, &moving, &base, moving.x, (size_t)base.N * config->D, name };
    snprintf(name, sizeof name, "%s x", variant);
    check_block(tested, &moved, base.dx, base.x, worst);
    for (int i = 0; i < base.tensors.count; i++) {
        const Tensor *tensor = &base.tensors.items[i];
        snprintf(name, sizeof name, "%s %s", variant, tensor->name);
        moved.block = moving.parameters + tensor->offset;
        moved.count = tensor->count;
        check_block(tested, &moved, base.gradients + tensor->offset,
                    base.parameters + tensor->offset, worst);
    }
    layer_numbers_free(&base);
    layer_numbers_free(&moving);
}

START_TEST(backward_is_the_slope_of_forward)
{
    static const Sizes sizes[] = { { 1, 3, 5, 4, 2, 2, 3 },
                                   { 2, 3, 7, 9, 1, 3, 4 },
                                   { 1, 2, 3, 16, 3, 1, 1 } };
    Config kind;
    char name[VARIANT_NAME];
    ck_assert(layer_variant(_i, &kind, name));
    parallel_set_threads(1); // thousands of tiny runs
    for (int r = 0; r < COUNT_OF(implementations); r++) {
        double worst = 0.0;
        for (int i = 0; i < COUNT_OF(sizes); i++) {
            Config config = with_sizes(kind, &sizes[i]);
            check_gradients(&implementations[r], &config, sizes[i].B, sizes[i].T, name, &worst);
        }
        if (getenv("MEASURE"))
            fprintf(stderr, "%-40s %s: slopes agree to %.1e\n", name, implementations[r].name,
                    worst);
    }
}
END_TEST

START_TEST(every_kind_has_a_chapter)
{
    Config kind;
    char name[VARIANT_NAME];
    ck_assert(layer_variant(_i, &kind, name));
    ck_assert_msg(chapters_know(&kind), "%s", name);
    ck_assert_ptr_eq(ffn_find(kind.ffn->name), kind.ffn);
    ck_assert_int_eq(kind.ffn->sparse, ffn_of(&kind)->gating != NULL);
}
END_TEST

// A clamp or a maximum must not turn a NaN into a number.
START_TEST(a_nan_that_goes_in_comes_out)
{
    Config kind;
    char name[VARIANT_NAME];
    FfnLayer layer;
    Error error;
    ck_assert(layer_variant(_i, &kind, name));
    Config config = with_sizes(kind, &sweep[SWEEP - 1]);
    config.capacity = config.E; // so that two tokens are enough
    ck_assert_msg(checked_layer_new(&layer, &config, 1, 2, &error), "%s: %s", name, error.text);
    ffn_layer_randomize(&layer, 3);
    ck_assert_msg(checked_forward(&layer, NULL, &error), "%s: %s", name, error.text);
    layer.x[0] = NAN;
    layer.x[config.D] = NAN; // in both tokens: a pool may leave out one of them
    ck_assert_msg(!checked_forward(&layer, NULL, &error), "%s: the NaN is lost", name);
    ffn_layer_free(&layer);
}
END_TEST

int main(void) {
    sgemm_setup();
    const TestRow tests[] = {
        { every_kind_has_a_chapter, layer_variants() },
        { the_reference_agrees_with_the_chapters, layer_variants() },
        { planted_errors_are_found, layer_variants() },
        { a_nan_that_goes_in_comes_out, layer_variants() },
        { threads_do_not_change_a_bit, layer_variants(), .threads = NEEDS_THREADS },
        { backward_is_the_slope_of_forward, layer_variants() },
    };
    return run_tests("ffn", tests, COUNT_OF(tests));
}
