#include "reference/bench/subjects.h"
#include "reference/io/progress.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include <stdlib.h>

bool layer_subject_new(FfnLayer *out, const Config *config, int B, Error *error) {
    if (!ffn_layer_new(out, config, B, config->T, 0, error)) return false;
    ffn_layer_randomize(out, 1);
    return true;
}

void layer_subject_run(void *context, double seconds[BENCH_PARTS]) {
    FfnLayer *layer = context;
    double start = clock_seconds();
    ffn_layer_forward(layer, NULL);
    double middle = clock_seconds();
    ffn_layer_backward(layer);
    seconds[LAYER_FORWARD] = middle - start;
    seconds[LAYER_BACKWARD] = clock_seconds() - middle;
}

// Tokens drawn at random; id 0 is TOKEN_PAD, which is not scored.
static bool make_batch(StepSubject *out, const Config *config, int B, Error *error) {
    size_t tokens = (size_t)B * (size_t)config->T;
    out->inputs = malloc(tokens * sizeof *out->inputs);
    out->targets = malloc(tokens * sizeof *out->targets);
    if (out->inputs == NULL || out->targets == NULL) return fail(error, "out of memory");
    uint64_t key = random_key(1, "tokens");
    for (size_t i = 0; i < tokens; i++) {
        out->inputs[i] = 1 + (int32_t)random_below(key, 2 * i, (uint64_t)config->V - 1);
        out->targets[i] = 1 + (int32_t)random_below(key, 2 * i + 1, (uint64_t)config->V - 1);
    }
    return true;
}

bool step_subject_new(StepSubject *out, const Backend *backend, const Config *config, int B,
                      Error *error) {
    *out = (StepSubject){ .backend = backend };
    Model model;
    bool ok = make_batch(out, config, B, error) && model_new(&model, config, error);
    if (ok) {
        tensors_init(&model.tensors, model.parameters, 1);
        out->device = backend->open(&model, NULL, B, 0, DEVICE_TRAINS, error);
        ok = out->device != NULL;
    }
    if (!ok) step_subject_free(out);
    return ok;
}

void step_subject_free(StepSubject *step) {
    if (step->device != NULL) step->backend->close(step->device);
    free(step->inputs);
    free(step->targets);
    *step = (StepSubject){ 0 };
}

void step_subject_run(void *context, double seconds[BENCH_PARTS]) {
    StepSubject *step = context;
    StepResult result;
    const AdamwSettings settings = { .rate = 1e-3, .peak = 1e-3, .weight_decay = 1e-4, .clip = 2 };
    step->backend->step(step->device, &result, step->inputs, step->targets, &settings,
                        step->step++);
    for (int phase = 0; phase < STEP_PHASES; phase++) seconds[phase] = result.seconds[phase];
}

bool generate_subject_new(GenerateSubject *out, const Backend *backend, const Config *config,
                          Error *error) {
    *out = (GenerateSubject){ .decoder = NULL };
    if (!model_new(&out->model, config, error)) return false;
    tensors_init(&out->model.tensors, out->model.parameters, 1);
    out->candidates = malloc((size_t)config->V * sizeof *out->candidates);
    if (out->candidates == NULL) fail(error, "out of memory");
    if (out->candidates != NULL) out->decoder = decoder_on(backend->reader, &out->model, error);
    if (out->decoder == NULL) generate_subject_free(out);
    return out->decoder != NULL;
}

void generate_subject_free(GenerateSubject *generate) {
    decoder_free(generate->decoder);
    free(generate->candidates);
    model_free(&generate->model);
    *generate = (GenerateSubject){ .decoder = NULL };
}

// Random parameters find all tokens about equally likely. A trained model's draw is among a few of
// them, and so is one with top-k.
void generate_subject_run(void *context, double seconds[BENCH_PARTS]) {
    GenerateSubject *generate = context;
    const Config *config = &generate->model.config;
    const Sampling sampling = { .temperature = 0.8, .top_k = 40 };
    uint64_t key = random_key(1, "sample");
    double start = clock_seconds();
    const float *logits = decoder_start(generate->decoder, NULL, 0, 0, 0, false);
    for (int t = 1; t < config->T; t++) {
        int32_t token = sample_token(logits, config->V, &sampling, random_uniform(key, (uint64_t)t),
                                     generate->candidates);
        logits = decoder_step(generate->decoder, token, NULL);
    }
    seconds[0] = clock_seconds() - start;
}

// Forward, one row: the parameter bytes that grow with the number of tokens are those gathered per
// token.
static double gathered_bytes(const Config *config) {
    return ffn_of(config)->cost(config, config->T).bytes - ffn_of(config)->cost(config, 0).bytes;
}

CountedWork layer_counted(const Config *config, int B) {
    return (CountedWork){ .flops = 3.0 * B * ffn_of(config)->cost(config, config->T).flops,
                          .gathered_bytes = 3.0 * B * gathered_bytes(config) };
}

CountedWork step_counted(const Config *config, int B) {
    ModelCost cost = model_cost(config);
    return (CountedWork){ .flops = 3.0 * B * cost.flops_full,
                          .gathered_bytes = 3.0 * B * config->L * gathered_bytes(config),
                          // reads the gradient twice (norm and update), and reads and writes the
                          // parameters and both moments
                          .update_bytes = 4 * 8 * cost.parameters };
}

CountedWork generate_counted(const Config *config) {
    ModelCost cost = model_cost(config);
    double T = config->T, cached = T * (T + 1) / 2; // tokens that all tokens attend to
    return (CountedWork){ .flops = cost.flops_full,
                          .gathered_bytes = config->L * gathered_bytes(config),
                          .read_bytes = 4 * (T * cost.active_parameters +
                                             cached * config->L * 2.0 * config->D) };
}
