// The whole model with every feed-forward layer: gradients, loss, threads, causality, hooks and
// memory.
#include "reference/model/loss.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "reference/train/optimizer.h"
#include "tests/harness/layer.h"
#include "tests/harness/slope.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- slopes

// A hash of the chosen experts of every layer, equal for equal sets in every row.
static uint64_t choice_of(const TinyModel *tiny) {
    uint64_t sum = 0;
    for (int layer = 0; layer < tiny->model.config.L; layer++) {
        Gating gating = model_gating(tiny->activations, layer);
        for (size_t i = 0; gating.N > 0 && i < gating_entries(&gating); i++) {
            sum += random_bits((uint64_t)layer + 1,
                               i / (size_t)gating.K * 4096 + (uint64_t)gating.index[i]);
        }
    }
    return sum;
}

typedef struct {
    TinyModel *tiny;
    const Tensor *tensor; // that is moved
    uint64_t choice;      // at the parameters where the gradient was taken
} Moved;

static void set_tensor(void *context, const double *values) {
    const Moved *moved = context;
    float *parameters = moved->tiny->model.parameters + moved->tensor->offset;
    for (size_t i = 0; i < moved->tensor->count; i++) parameters[i] = (float)values[i];
}

static bool moved_loss(void *context, double *loss) {
    const Moved *moved = context;
    *loss = tiny_loss(moved->tiny);
    return choice_of(moved->tiny) == moved->choice;
}

// Checks five directions of one tensor; if the choice of experts changes, the step is halved.
// Returns the worst error.
static double check_tensor(Moved *moved, const char *name) {
    size_t count = moved->tensor->count, offset = moved->tensor->offset;
    double *base = malloc(3 * count * sizeof *base), *gradient = base + count,
           *direction = gradient + count, worst = 0.0;
    ck_assert_ptr_nonnull(base);
    for (size_t i = 0; i < count; i++) {
        base[i] = moved->tiny->model.parameters[offset + i];
        gradient[i] = moved->tiny->gradients[offset + i];
    }
    Slope slope = { count, base, gradient, set_tensor, moved_loss, moved };
    // relu has a corner, where there is no slope: smaller steps cross it less often.
    bool corners = moved->tiny->model.config.activation == ACTIVATION_RELU;
    int checked = 0;
    for (int which = 0; which < 5; which++) {
        double step = corners ? 2e-3 : 1e-2, error = NAN;
        slope_direction(direction, count, 0.3, which >= 2,
                        random_key((uint64_t)which, moved->tensor->name));
        for (int attempt = 0; isnan(error) && attempt < 6; attempt++, step /= 2)
            error = slope_error(&slope, direction, step);
        if (isnan(error)) continue;
        checked++;
        worst = fmax(worst, error);
        // The worst measured is 3.4e-3 (relu), 1.8e-3 (the others); a gradient that is missing or
        // doubled gives about 1.
        ck_assert_msg(error < 1e-2, "%s: %s, direction %d: off by %.2g", name, moved->tensor->name,
                      which, error);
    }
    ck_assert_msg(checked >= 3, "%s: %s: only %d of 5 directions left the choice as it was", name,
                  moved->tensor->name, checked);
    free(base);
    return worst;
}

START_TEST(gradients_are_the_slopes_of_the_loss)
{
    char name[VARIANT_NAME];
    TinyModel tiny = tiny_variant(_i, 11, 2, 5, name);
    // Rows that begin with the same token have equal scores there, and in a pool rounding would
    // choose between them. So each row begins with another token.
    for (int b = 0; tiny.model.config.ffn->ragged && b < tiny.B; b++) {
        tiny.inputs[b * tiny.T] = 9 + b;
        for (int t = 1; t < tiny.T; t++) ck_assert_int_lt(tiny.inputs[b * tiny.T + t], 9);
    }
    tiny_backward(&tiny);
    double worst = 0.0;
    for (int i = 0; i < tiny.model.tensors.count; i++) {
        Moved moved = { &tiny, &tiny.model.tensors.items[i], choice_of(&tiny) };
        worst = fmax(worst, check_tensor(&moved, name));
    }
    if (getenv("MEASURE")) fprintf(stderr, "%-40s slopes %.1e\n", name, worst);
    tiny_free(&tiny);
}
END_TEST

// ---- threads

enum { STEPS = 4 };

// Trains a few steps on one batch and writes their losses [STEPS]. The caller closes the device.
static Device *train(const TinyModel *tiny, double *losses) {
    Device *device = tiny_device(tiny, &cpu_backend, DEVICE_TRAINS);
    const AdamwSettings settings = { .rate = 1e-2, .peak = 1e-2, .weight_decay = 1e-4, .clip = 1 };
    for (int step = 0; step < STEPS; step++) {
        StepResult result;
        ck_assert(cpu_backend.step(device, &result, tiny->inputs, tiny->targets, &settings, step));
        losses[step] = result.loss;
    }
    return device;
}

START_TEST(threads_do_not_change_a_bit_of_training)
{
    char name[VARIANT_NAME];
    double expected[STEPS], actual[STEPS];
    parallel_set_threads(1);
    // 261 tokens: odd, and more than one block of 256
    TinyModel tiny = tiny_variant(_i, 521, 3, 87, name);
    Device *one = train(&tiny, expected);
    ck_assert(expected[STEPS - 1] < expected[0]); // it learns its one batch
    size_t bytes = tiny.model.tensors.floats * sizeof(float);
    const float *moments, *other_moments;
    const Model *model = cpu_backend.read(one, &moments, NULL);
    for (int threads = 2; threads <= 3; threads++) {
        parallel_set_threads(threads);
        Device *many = train(&tiny, actual);
        ck_assert_msg(memcmp(expected, actual, sizeof expected) == 0,
                      "%s: another loss with %d threads", name, threads);
        const Model *other = cpu_backend.read(many, &other_moments, NULL);
        ck_assert_msg(memcmp(model->parameters, other->parameters, bytes) == 0,
                      "%s: other parameters with %d threads", name, threads);
        ck_assert_msg(memcmp(moments, other_moments, 2 * bytes) == 0,
                      "%s: other moments with %d threads", name, threads);
        cpu_backend.close(many);
    }
    cpu_backend.close(one);
    tiny_free(&tiny);
}
END_TEST

// ---- causality

// Whether the logits of two runs differ at times first .. last-1 of row b. In any bit; but a moe
// gathers the tokens of an expert, so one token more or less divides its matrix products otherwise,
// which may round the other tokens differently (measured 7e-7; a token that is seen changes at
// least 5e-2).
static bool differ(const TinyModel *tiny, const float *before, const float *after, int b, int first,
                   int last) {
    size_t V = (size_t)tiny->model.config.V, at = ((size_t)b * (size_t)tiny->T + (size_t)first) * V;
    size_t count = (size_t)(last - first) * V;
    if (!tiny->model.config.ffn->ragged)
        return memcmp(before + at, after + at, count * sizeof *before) != 0;
    for (size_t i = at; i < at + count; i++) {
        if (fabsf(before[i] - after[i]) > 1e-5f) return true;
    }
    return false;
}

// A token of the second of two rows is changed. It must change its own logits and later ones in its
// row; those of the other row only if the tokens of a time step choose together, from that time on;
// and earlier ones only if the layer is not causal.
START_TEST(a_later_token_changes_no_earlier_logit)
{
    enum { V = 13, B = 2, T = 9 };
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    Causality causality = ffn_causality(&tiny.model.config);
    int leaks = 0, others = 0;
    tiny_forward(&tiny);
    float *before = tiny_logits(&tiny);
    for (int t = 0; t < T; t++) {
        int32_t whole = tiny.inputs[T + t];
        tiny.inputs[T + t] = whole == 5 ? 6 : 5;
        tiny_forward(&tiny);
        float *after = tiny_logits(&tiny);
        leaks += differ(&tiny, before, after, 0, 0, t) || differ(&tiny, before, after, 1, 0, t);
        others += differ(&tiny, before, after, 0, t, T);
        ck_assert(differ(&tiny, before, after, 1, t, t + 1));
        if (t + 1 < T) ck_assert(differ(&tiny, before, after, 1, T - 1, T));
        tiny.inputs[T + t] = whole;
        free(after);
    }
    ck_assert_msg((leaks > 0) == !is_causal(causality),
                  "%d of %d tokens were seen before their time", leaks, T);
    ck_assert_msg((others > 0) == mixes_batch_rows(causality),
                  "%d of %d tokens were seen in the other row", others, T);
    free(before);
    tiny_free(&tiny);
}
END_TEST

START_TEST(rows_do_not_see_each_other)
{
    enum { V = 13, B = 3, T = 7 };
    TinyModel tiny = tiny_variant(_i, V, B, T, NULL);
    bool joined = mixes_batch_rows(ffn_causality(&tiny.model.config));
    tiny_forward(&tiny);
    float *before = tiny_logits(&tiny);
    // all of row 1
    for (int t = 0; t < T; t++) tiny.inputs[T + t] = 1 + (tiny.inputs[T + t] + 3) % (V - 1);
    tiny_forward(&tiny);
    float *after = tiny_logits(&tiny);
    ck_assert(differ(&tiny, before, after, 0, 0, T) == joined);
    ck_assert(differ(&tiny, before, after, 2, 0, T) == joined);
    ck_assert(differ(&tiny, before, after, 1, 0, T));
    free(before);
    free(after);
    tiny_free(&tiny);
}
END_TEST

// ---- the hook

typedef struct {
    int calls, layers[8];
    bool shape_matches;
    Config config;
    int N;
    int replace;   // the layer whose gating is replaced, or -1
    int32_t first; // by experts first, first + 1, … in every row, with score 1
} Watch;

static void watch(void *context, const GatingEvent *event) {
    Watch *w = context;
    Gating *gating = event->gating;
    int layer = event->layer;
    if (w->calls < 8) w->layers[w->calls] = layer;
    w->calls++;
    Gating shape = ffn_gating(&w->config, NULL, w->N);
    w->shape_matches = w->shape_matches && gating->N == w->N && gating->C == shape.C &&
                       gating->K == shape.K && gating->F == shape.F &&
                       (gating->start != NULL) == w->config.ffn->ragged &&
                       (gating->start == NULL || gating_entries(gating) <= gating->capacity);
    if (layer != w->replace) return;
    for (int t = 0; gating->start != NULL && t <= gating->N; t++) gating->start[t] = t * gating->K;
    for (size_t i = 0; i < gating_entries(gating); i++) {
        gating->index[i] = (w->first + (int32_t)(i % (size_t)gating->K)) % gating->F;
        gating->score[i] = 1.0f;
    }
}

START_TEST(the_hook_sees_every_sparse_layer_once_in_order)
{
    TinyModel tiny = tiny_variant(_i, 13, 2, 5, NULL);
    bool sparse = tiny.model.config.ffn->sparse;
    Watch w = { .shape_matches = true, .config = tiny.model.config, .N = 10, .replace = -1 };
    tiny_forward(&tiny);
    float *before = tiny_logits(&tiny);
    HookList hooks = one_hook(watch, &w);
    model_hooks(tiny.activations, &hooks);
    tiny_forward(&tiny);
    float *after = tiny_logits(&tiny);
    ck_assert(memcmp(before, after, 10 * 13 * sizeof *before) == 0); // it only reads
    ck_assert_int_eq(w.calls, sparse ? 2 : 0);
    ck_assert(!sparse || (w.layers[0] == 0 && w.layers[1] == 1));
    ck_assert(w.shape_matches);
    model_hooks(tiny.activations, NULL);
    tiny_forward(&tiny);
    ck_assert_int_eq(w.calls, sparse ? 2 : 0);
    free(before);
    free(after);
    tiny_free(&tiny);
}
END_TEST

// The dense kinds come first.
static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

START_TEST(a_replaced_gating_is_used_forward_and_backward)
{
    TinyModel tiny = tiny_variant(_i, 13, 2, 5, NULL);
    const Config *config = &tiny.model.config;
    ck_assert(config->ffn->sparse);
    tiny_forward(&tiny);
    float *before = tiny_logits(&tiny);
    Watch w = { .shape_matches = true, .config = *config, .N = 10, .replace = 1, .first = 4 };
    HookList hooks = one_hook(watch, &w);
    model_hooks(tiny.activations, &hooks);
    tiny_backward(&tiny);
    float *after = tiny_logits(&tiny);
    ck_assert(memcmp(before, after, 10 * 13 * sizeof *before) != 0);
    Gating gating = model_gating(tiny.activations, 1);
    size_t rows = (size_t)ffn_pools(config) * (size_t)gating.F; // of experts
    for (size_t i = 0; i < gating_entries(&gating); i++)
        ck_assert_int_eq(gating.index[i], (4 + (int)i % gating.K) % gating.F);
    const char *name =
        config->ffn->ragged ? "layers.1.ffn.experts.down" : "layers.1.ffn.experts.out";
    const Tensor *experts = tensors_find(&tiny.model.tensors, name);
    const float *gradient = tiny.gradients + experts->offset;
    size_t each = experts->count / rows;
    for (size_t i = 0; i < experts->count; i++) {
        int f = (int)(i / each) % gating.F;
        if ((f - 4 + gating.F) % gating.F >= gating.K) ck_assert_float_eq(gradient[i], 0.0f);
    }
    // All of them, unless relu is 0 for every token.
    for (int f = 4; config->activation != ACTIVATION_RELU && f < 4 + gating.K; f++)
        ck_assert_float_ne(gradient[(size_t)(f % gating.F) * each], 0.0f);
    free(before);
    free(after);
    tiny_free(&tiny);
}
END_TEST

// ---- layout

static void declare_one_more(Tensors *tensors, const Config *config, const char *prefix) {
    ffn_of(&(Config){ .ffn = ffn_find("mlp") })->declare(tensors, config, prefix);
    if (strstr(prefix, ".0.") != NULL)
        tensors_add(tensors, prefix, "extra", INIT_ONE, 0, false, 1, (int[]){ 3 });
}

// A layer may declare more tensors than the others: the same weights give the same logits.
START_TEST(layers_may_have_different_tensors)
{
    enum { V = 13, T = 5 };
    Config kind = config_default(ffn_find("mlp")), config = tiny_config(&kind, V, T);
    Ffn uneven = *ffn_of(&config);
    uneven.declare = declare_one_more;
    TinyModel even = tiny_model(&config, 1, 21);
    config.ffn = &uneven.kind;
    TinyModel tiny = tiny_model(&config, 1, 21);
    ck_assert_int_eq(tiny.model.tensors.count, even.model.tensors.count + 1);
    ck_assert(tiny_backward(&tiny) == tiny_backward(&even));
    for (int i = 0; i < even.model.tensors.count; i++) {
        const Tensor *a = &even.model.tensors.items[i],
                     *b = tensors_find(&tiny.model.tensors, a->name);
        ck_assert_msg(memcmp(even.gradients + a->offset, tiny.gradients + b->offset,
                             a->count * sizeof(float)) == 0,
                      "%s", a->name);
    }
    tiny_free(&even);
    tiny_free(&tiny);
}
END_TEST

// ---- memory

// Bytes of address space of this process; 0 if the system does not report them.
static size_t address_space(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    return pages * 4096;
}

START_TEST(the_arena_is_as_large_as_computed)
{
    Config kind;
    ck_assert(layer_variant(_i, &kind, NULL));
    Config config = tiny_config(&kind, 4001, 1024);
    for (int training = 0; training < 2; training++) {
        Error error = { "" };
        size_t floats = model_activation_floats(&config, 4, 1024, training),
               before = address_space();
        Activations *activations = model_activations_new(&config, 4, 1024, training, &error);
        size_t after = address_space();
        ck_assert_msg(activations != NULL, "%s", error.text);
        ck_assert_uint_gt(floats, (size_t)4 * 1024 * 12 * 2);
        if (before > 0) ck_assert_uint_ge(after - before, floats * sizeof(float));
        if (before > 0) ck_assert_uint_le(after - before, floats * sizeof(float) + (1 << 20));
        // All logits [B·T,V] would be 16 million floats; only blocks of rows are stored.
        ck_assert_uint_lt(floats, (size_t)4 * 1024 * 4001 / 2);
        model_activations_free(activations);
    }
    ck_assert_uint_lt(model_activation_floats(&config, 4, 1024, false),
                      model_activation_floats(&config, 4, 1024, true));
}
END_TEST

START_TEST(an_arena_without_training_gives_the_same_pass)
{
    Error error = { "" };
    TinyModel tiny = tiny_variant(_i, 13, 2, 5, NULL);
    tiny_forward(&tiny);
    float *expected = tiny_logits(&tiny), *actual = malloc(10 * 13 * sizeof *actual);
    ck_assert_ptr_nonnull(actual);
    Activations *plain = model_activations_new(&tiny.model.config, 2, 5, false, &error);
    ck_assert_msg(plain != NULL, "%s", error.text);
    model_forward(&tiny.model, plain, tiny.inputs, 2, 5);
    model_logits(&tiny.model, plain, 0, 10, actual);
    ck_assert(memcmp(expected, actual, 10 * 13 * sizeof *actual) == 0);
    ck_assert(model_loss(&tiny.model, plain, tiny.targets, tiny_scored(&tiny)) == tiny_loss(&tiny));
    model_activations_free(plain);
    free(expected);
    free(actual);
    tiny_free(&tiny);
}
END_TEST

// The largest pass folds product_key_value's query into its keys, the others do not: memory for one
// must suffice for the other.
START_TEST(an_arena_serves_smaller_passes)
{
    static const int sizes[][2] = { { 1, 1 }, { 1, 5 }, { 1, 12 }, { 1, 13 } };
    Error error = { "" };
    TinyModel tiny = tiny_variant(_i, 13, 1, 13, NULL);
    const Model *model = &tiny.model;
    size_t floats = model->tensors.floats;
    // zero, since the floats between tensors are not written
    float *expected = calloc(2 * floats, sizeof *expected), *actual = expected + floats;
    ck_assert_ptr_nonnull(expected);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int B = sizes[i][0], T = sizes[i][1];
        Activations *own = model_activations_new(&model->config, B, T, true, &error);
        ck_assert_msg(own != NULL, "%s", error.text);
        model_forward(model, own, tiny.inputs, B, T);
        model_forward(model, tiny.activations, tiny.inputs, B, T);
        int64_t scored = count_scored(tiny.targets, B * T);
        ck_assert(
            model_backward(model, own, tiny.inputs, tiny.targets, scored, expected) ==
            model_backward(model, tiny.activations, tiny.inputs, tiny.targets, scored, actual));
        ck_assert_msg(memcmp(expected, actual, floats * sizeof *actual) == 0,
                      "gradients of %d rows of %d tokens", B, T);
        model_activations_free(own);
    }
    free(expected);
    tiny_free(&tiny);
}
END_TEST

// What a machine does not have is refused before it is allocated.
START_TEST(more_memory_than_there_is_is_refused)
{
    Config kind;
    ck_assert(layer_variant(0, &kind, NULL));
    Config config = tiny_config(&kind, 17, 1 << 22);
    Error error = { "" };
    ck_assert_ptr_null(model_activations_new(&config, 400, config.T, true, &error));
    ck_assert_msg(strstr(error.text, "not enough memory for the activations: ") != NULL, "%s",
                  error.text);
    ck_assert_msg(strstr(error.text, "TiB needed") != NULL, "%s", error.text);
    config.F = 1 << 24;
    config.D = 1 << 20;
    Model model;
    ck_assert(!model_new(&model, &config, &error));
    ck_assert_msg(strstr(error.text, "not enough memory for the parameters: ") != NULL, "%s",
                  error.text);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1); // the models are tiny
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { gradients_are_the_slopes_of_the_loss, variants },
        { threads_do_not_change_a_bit_of_training, variants, .threads = NEEDS_THREADS },
        { a_later_token_changes_no_earlier_logit, variants },
        { rows_do_not_see_each_other, variants },
        { the_hook_sees_every_sparse_layer_once_in_order, variants },
        { a_replaced_gating_is_used_forward_and_backward, variants - first, .first = first },
        { more_memory_than_there_is_is_refused },
        { layers_may_have_different_tensors },
        { the_arena_is_as_large_as_computed, variants },
        { an_arena_without_training_gives_the_same_pass, variants },
        { an_arena_serves_smaller_passes, variants },
    };
    return run_tests("model", tests, COUNT_OF(tests));
}
