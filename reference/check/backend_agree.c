#include "reference/check/backend_agree.h"
#include "reference/check/choices.h"
#include "reference/check/expert_scores.h"
#include "reference/check/layer_agree.h"
#include "reference/circuits/usage.h"
#include "reference/data/special_tokens.h"
#include "reference/model/layout.h"
#include "reference/model/loss.h"
#include "reference/numbers/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- tolerances

// Between the CPU and the emulator the worst were 3.9e-6, 3.5e-5 and 3.1e-4 (the last in parameters
// whose gradient is nearly 0, since AdamW divides by its size).
static const Tolerances FP32 = { .losses = { .relative = 1e-5 },
                                 .forward = { .relative = 1e-5 },
                                 .backward = { .relative = 1e-4 },
                                 .training = { .relative = 1e-3 },
                                 .move = 0.005,
                                 .other_choices = 0.001 };

// bf16 has 8 significant bits: rounding changes a number by up to 2^-9 of it, and the product of
// two by up to 2^-8. A sum of K products has an error that grows as sqrt(K), since signs are
// random, and so does the sum: the relative error of a matrix product is 2^-8, whatever K is. P
// products one after the other have sqrt(P) times that; the longest way to the logits has
// P = 4L + 1 (value, output, up and down of each layer). Twice that is allowed; for gradients,
// which come back the same way and are differences, twice as much; and for moments, one of which
// is a square, twice again. The worst element may be off by 5 times the mean, as of a million
// normal numbers, and of gradients by 16 times: those of some tokens are far larger than the
// others, and so are their errors. Measured in all kinds with L = 2: means of 0.0075, 0.022 and
// 0.044 (allowed 0.023, 0.047 and 0.094), worst elements of 0.053, 0.31 and 0.74 (allowed 0.12,
// 0.75 and 1.5), losses 0.0005, and other choices in up to 2% of the rows. What is smaller than
// this, fp32 has to show.
static Tolerances bf16_tolerances(int L) {
    double mean = 2 * ldexp(1.0, -8) * sqrt(4.0 * L + 1.0);
    Tolerances out = { .losses = { .relative = ldexp(1.0, -9) }, // the errors of tokens cancel
                       .forward = { .relative = 5 * mean, .mean = mean },
                       .backward = { .relative = 16 * 2 * mean, .mean = 2 * mean },
                       .training = { .relative = 16 * 4 * mean, .mean = 4 * mean },
                       .move = 2.0, // the sign of a gradient that is nearly 0 is open
                       .other_choices = 0.1 };
    return out;
}

Tolerances tolerances_of(Precision precision, int L) {
    return precision == PRECISION_BF16 ? bf16_tolerances(L) : FP32;
}

// ---- both backends

typedef struct {
    const Backend *backend;
    Device *device;
    Choices choices;
    double loss;
    float *logits; // [N,V]
    StepResult result;
    const float *gradients, *parameters, *moments;
} Side;

typedef struct {
    const BackendComparison *comparison;
    BackendErrors *errors;
    Error *error;
    Tensors tensors;
    int N;
    int32_t *inputs, *targets;
    Side actual, expected;
} Pair;

// Random tokens. The last row ends with padding.
static void draw_tokens(Pair *pair) {
    const BackendComparison *c = pair->comparison;
    int T = c->config->T;
    uint64_t key = random_key(c->seed, "tokens");
    for (int t = 0; t < pair->N; t++) {
        uint64_t kinds = (uint64_t)c->config->V - 1;
        pair->targets[t] = 1 + (int32_t)random_below(key, (uint64_t)t, kinds);
        if (t >= pair->N - 2 && T > 2) pair->targets[t] = TOKEN_PAD;
        pair->inputs[t] = t % T == 0 ? TOKEN_END : pair->targets[t - 1];
    }
}

// Initial parameters, but norms and biases moved away from 1 and 0. A balancing bias stays.
static bool draw_model(Model *out, const Config *config, uint64_t seed, Error *error) {
    if (!model_new(out, config, error)) return false;
    tensors_init(&out->tensors, out->parameters, seed);
    for (int i = 0; i < out->tensors.count; i++) {
        const Tensor *tensor = &out->tensors.items[i];
        bool drawn = tensor->init != INIT_ZERO && tensor->init != INIT_ONE;
        if (drawn || strstr(tensor->name, "router_bias") != NULL) continue;
        uint64_t key = random_key(seed, tensor->name);
        for (size_t j = 0; j < tensor->count; j++)
            out->parameters[tensor->offset + j] += 0.1f * (float)random_normal(key, j);
    }
    return true;
}

static bool open_side(Side *out, const Backend *backend, Pair *pair) {
    const BackendComparison *c = pair->comparison;
    Model model;
    out->backend = backend;
    out->logits = calloc((size_t)pair->N * (size_t)c->config->V, sizeof *out->logits);
    if (out->logits == NULL) return fail(pair->error, "out of memory for logits");
    if (!choices_new(&out->choices, c->config, c->B, pair->error) ||
        !draw_model(&model, c->config, c->seed, pair->error))
        return false;
    out->device = backend->open(&model, NULL, c->B, c->micro_batch, DEVICE_TRAINS, pair->error);
    if (out->device == NULL) return false;
    HookList hooks = one_hook(choices_hook, &out->choices);
    hooks.key_scores = out->choices.key_scores;
    if (c->config->ffn->sparse) backend->hooks(out->device, &hooks);
    return true;
}

static void close_side(Side *side) {
    if (side->device != NULL) side->backend->close(side->device);
    choices_free(&side->choices);
    free(side->logits);
}

static void pair_free(Pair *pair) {
    close_side(&pair->actual);
    close_side(&pair->expected);
    tensors_free(&pair->tensors);
    free(pair->inputs);
    free(pair->targets);
}

static bool pair_new(Pair *pair) {
    const BackendComparison *c = pair->comparison;
    Model model;
    pair->N = c->B * c->config->T;
    pair->inputs = calloc((size_t)pair->N, sizeof *pair->inputs);
    pair->targets = calloc((size_t)pair->N, sizeof *pair->targets);
    if (pair->inputs == NULL || pair->targets == NULL) return fail(pair->error, "out of memory");
    draw_tokens(pair);
    if (!model_new(&model, c->config, pair->error)) return false;
    pair->tensors = model.tensors; // the table outlives the model
    model.tensors = (Tensors){ 0 };
    model_free(&model);
    pair->actual.choices.forced = NULL;
    if (!open_side(&pair->expected, c->expected, pair) ||
        !open_side(&pair->actual, c->actual, pair))
        return false;
    pair->actual.choices.forced = &pair->expected.choices;
    return true;
}

// ---- comparing

static bool agree(Pair *pair, const char *part, const char *tensor, const float *actual,
                  const float *expected, size_t count, Tolerance tolerance, double *worst) {
    char name[TENSOR_NAME + 40];
    Difference difference;
    double *wide = malloc(count * sizeof *wide);
    if (wide == NULL) return fail(pair->error, "out of memory for %zu values", count);
    for (size_t i = 0; i < count; i++) wide[i] = expected[i];
    snprintf(name, sizeof name, "%s%s%s", part, *tensor ? " of " : "", tensor);
    bool same =
        compare_floats(&difference, name, actual, count, (Values){ wide, count }, tolerance);
    free(wide);
    const BackendComparison *c = pair->comparison;
    if (c->report != NULL) c->report(c->context, part, tensor, &difference);
    if (difference.rms > 0.0) *worst = fmax(*worst, difference.worst / difference.rms);
    return same || fail(pair->error, "%s", difference.problem);
}

static bool numbers_agree(Pair *pair, const char *part, double actual, double expected,
                          Tolerance tolerance) {
    float a = (float)actual, e = (float)expected;
    return agree(pair, part, "", &a, &e, 1, tolerance, &pair->errors->forward);
}

// Each tensor of two blocks.
static bool blocks_agree(Pair *pair, const char *part, const float *actual, const float *expected,
                         Tolerance tolerance, double *worst) {
    for (int i = 0; i < pair->tensors.count; i++) {
        const Tensor *tensor = &pair->tensors.items[i];
        if (!agree(pair, part, tensor->name, actual + tensor->offset, expected + tensor->offset,
                   tensor->count, tolerance, worst))
            return false;
    }
    return true;
}

// Of the last pass, layer by layer: each layer's input follows from the same choices before it.
static bool choices_agree(Pair *pair) {
    Choices *actual = &pair->actual.choices, *expected = &pair->expected.choices;
    const BackendComparison *c = pair->comparison;
    LayerErrors errors = { 0 };
    Error why;
    for (int l = 0; l < expected->L; l++) {
        LayerComparison layer = { .own_actual = actual->layers[l],
                                  .own_expected = expected->layers[l],
                                  .expert_scores = expert_scores,
                                  .forward = c->tolerances.forward };
        if (!layer_choices_agree(&layer, &errors, &why))
            return fail(pair->error, "layer %d: %s", l, why.text);
    }
    BackendErrors *all = pair->errors;
    all->forward = fmax(all->forward, errors.scores);
    all->rows += errors.rows;
    all->other_choices += errors.other_choices;
    return true;
}

// Whether the hook of a side saw every token of the last pass once in each layer.
static bool hook_was_called(Pair *pair, Side *side) {
    Error why;
    if (choices_complete(&side->choices, pair->N, &why)) return true;
    return fail(pair->error, "%s: %.900s", side->backend->name, why.text);
}

static bool forward_side(Pair *pair, Side *side) {
    int64_t scored;
    side->loss = side->backend->loss(side->device, &scored, pair->inputs, pair->targets,
                                     pair->comparison->B);
    side->backend->logits(side->device, side->logits, 0, pair->N);
    int64_t expected = count_scored(pair->targets, pair->N);
    if (scored != expected)
        return fail(pair->error, "%s: %lld scored targets, expected %lld", side->backend->name,
                    (long long)scored, (long long)expected);
    return hook_was_called(pair, side);
}

static bool forward_agrees(Pair *pair) {
    const BackendComparison *c = pair->comparison;
    Side *actual = &pair->actual, *expected = &pair->expected;
    if (!forward_side(pair, expected) || !forward_side(pair, actual)) return false;
    if (c->config->ffn->sparse && !choices_agree(pair)) return false;
    return agree(pair, "logits", "", actual->logits, expected->logits,
                 (size_t)pair->N * (size_t)c->config->V, c->tolerances.forward,
                 &pair->errors->forward) &&
           numbers_agree(pair, "loss", actual->loss, expected->loss, c->tolerances.losses);
}

// AdamW divides a gradient by its size, so where a gradient is only rounding error its step is,
// too. What `steps` steps can move a parameter by is rate·steps; Tolerances.move is a share of it.
static const double RATE = 1e-3;

// Every other step clips.
static bool step_side(Pair *pair, Side *side, int step) {
    const AdamwSettings settings = {
        .rate = RATE, .peak = 2 * RATE, .weight_decay = 0.1, .clip = step % 2 == 0 ? 0.5 : 0.0
    };
    if (!side->backend->step(side->device, &side->result, pair->inputs, pair->targets, &settings,
                             step))
        return fail(pair->error, "%s: step %d is not finite", side->backend->name, step);
    if (!hook_was_called(pair, side)) return false;
    side->gradients = side->backend->gradients(side->device, pair->error);
    return side->gradients != NULL;
}

static bool results_agree(Pair *pair) {
    const StepResult *actual = &pair->actual.result, *expected = &pair->expected.result;
    if (actual->tokens != expected->tokens)
        return fail(pair->error, "%lld scored targets, expected %lld", (long long)actual->tokens,
                    (long long)expected->tokens);
    const Tolerances *tolerances = &pair->comparison->tolerances;
    return numbers_agree(pair, "loss", actual->loss, expected->loss, tolerances->losses) &&
           numbers_agree(pair, "balancing loss", actual->balance_loss, expected->balance_loss,
                         tolerances->losses) &&
           numbers_agree(pair, "gradient norm", actual->gradient_norm, expected->gradient_norm,
                         tolerances->forward);
}

static bool read_side(Pair *pair, Side *side) {
    const Model *model = side->backend->read(side->device, &side->moments, pair->error);
    if (model != NULL) side->parameters = model->parameters;
    return model != NULL;
}

// How often the steps chose each expert: exactly equal, as both were given the same choices.
static bool usage_agrees(Pair *pair) {
    Usage actual = { 0 }, expected = { 0 };
    bool ok = usage_new(&actual, pair->comparison->config, pair->error) &&
              usage_new(&expected, pair->comparison->config, pair->error);
    if (ok) {
        pair->actual.backend->usage(pair->actual.device, actual.fired);
        pair->expected.backend->usage(pair->expected.device, expected.fired);
    }
    for (size_t i = 0; ok && i < usage_neurons(&expected); i++) {
        if (actual.fired[i] == expected.fired[i]) continue;
        ok = fail(pair->error,
                  "usage: expert %zu of all layers was chosen %llu times, expected %llu", i,
                  (unsigned long long)actual.fired[i], (unsigned long long)expected.fired[i]);
    }
    usage_free(&actual);
    usage_free(&expected);
    return ok;
}

static bool training_agrees(Pair *pair) {
    const BackendComparison *c = pair->comparison;
    Side *actual = &pair->actual, *expected = &pair->expected;
    for (int step = 0; step < c->steps; step++) {
        Error why;
        if (!step_side(pair, expected, step) || !step_side(pair, actual, step)) return false;
        bool ok =
            results_agree(pair) &&
            (step > 0 || blocks_agree(pair, "gradient", actual->gradients, expected->gradients,
                                      c->tolerances.backward, &pair->errors->backward));
        why = *pair->error;
        if (!ok) return fail(pair->error, "step %d: %.900s", step, why.text);
    }
    size_t floats = pair->tensors.floats;
    double *worst = &pair->errors->training;
    Tolerance training = c->tolerances.training, parameters = training;
    parameters.absolute += c->tolerances.move * RATE * c->steps;
    return usage_agrees(pair) && read_side(pair, actual) && read_side(pair, expected) &&
           blocks_agree(pair, "parameter", actual->parameters, expected->parameters, parameters,
                        worst) &&
           blocks_agree(pair, "first moment", actual->moments, expected->moments, training,
                        worst) &&
           blocks_agree(pair, "second moment", actual->moments + floats, expected->moments + floats,
                        training, worst);
}

bool few_other_choices(const BackendComparison *comparison, long others, long rows, Error *error) {
    double share = comparison->tolerances.other_choices;
    return (double)others <= share * (double)rows ||
           fail(error, "other choices in %ld of %ld rows, more than %g%%", others, rows,
                100 * share);
}

bool backends_agree(BackendErrors *errors, const BackendComparison *comparison, Error *error) {
    Pair pair = { .comparison = comparison, .errors = errors, .error = error };
    *errors = (BackendErrors){ 0 };
    bool ok = pair_new(&pair) && forward_agrees(&pair) && training_agrees(&pair);
    pair_free(&pair);
    return ok && few_other_choices(comparison, errors->other_choices, errors->rows, error);
}

// ---- NaN

// A step on the opened side must fail and leave parameters [floats] and moments as they are.
static bool step_refused(Pair *pair, Side *side, const float *parameters) {
    const AdamwSettings settings = { .rate = 1e-3, .peak = 1e-3, .weight_decay = 0.1 };
    if (side->backend->step(side->device, &side->result, pair->inputs, pair->targets, &settings, 0))
        return fail(pair->error, "%s: a step with a NaN succeeds", side->backend->name);
    if (!read_side(pair, side)) return false;
    size_t floats = pair->tensors.floats;
    bool same = memcmp(side->parameters, parameters, floats * sizeof *parameters) == 0;
    for (size_t i = 0; i < 2 * floats; i++) same = same && side->moments[i] == 0.0f;
    return same || fail(pair->error, "%s: a refused step changes the model", side->backend->name);
}

bool backend_refuses_nan(const Backend *backend, const Config *config, int B, Error *error) {
    BackendComparison comparison = {
        .actual = backend, .expected = backend, .config = config, .B = B, .seed = 1
    };
    Pair pair = { .comparison = &comparison, .error = error };
    Model model = { 0 };
    bool ok = pair_new(&pair) && draw_model(&model, config, 1, error);
    size_t floats = pair.tensors.floats;
    float *parameters = ok ? malloc(floats * sizeof *parameters) : NULL;
    if (ok && parameters == NULL) ok = fail(error, "out of memory");
    if (ok) {
        model.parameters[layout_output_norm(&model.tensors)->offset] = NAN;
        memcpy(parameters, model.parameters, floats * sizeof *parameters);
        backend->close(pair.actual.device);
        pair.actual.device = backend->open(&model, NULL, B, 0, DEVICE_TRAINS, error);
        ok = pair.actual.device != NULL && step_refused(&pair, &pair.actual, parameters);
    }
    free(parameters);
    model_free(&model);
    pair_free(&pair);
    return ok;
}
