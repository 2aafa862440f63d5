#include "reference/train/trainer.h"
#include "reference/model/loss.h"
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double training_bytes(const Config *config, const Tensors *parameters, int B) {
    size_t activations = model_activation_floats(config, B, config->T, true);
    return 4.0 * (4.0 * (double)parameters->floats + (double)activations + 2.0 * B * config->T);
}

// Everything but the model, which stands already.
static bool take_memory(Trainer *t, Error *error) {
    int B = (int)t->settings.B, T = t->model.config.T;
    size_t floats = t->model.tensors.floats;
    t->schedule = settings_schedule(&t->settings);
    if (!batches_open(&t->batches, &t->corpus.train, (BatchMode)t->settings.batching, B, T,
                      (uint64_t)t->settings.seed, error)) {
        t->batches = (Batches){ 0 };
        return false;
    }
    if (!moments_declare(&t->moment_table, &t->model.tensors, error)) return false;
    t->moments = floats_new(2 * floats);
    t->gradients = floats_new(floats);
    t->inputs = calloc((size_t)B * (size_t)T, sizeof *t->inputs);
    t->targets = calloc((size_t)B * (size_t)T, sizeof *t->targets);
    if (t->moments == NULL || t->gradients == NULL || t->inputs == NULL || t->targets == NULL) {
        return fail(error,
                    "out of memory: gradients and moments take %.0f MB; a smaller model needs less",
                    12e-6 * (double)floats);
    }
    t->activations = model_activations_new(&t->model.config, B, T, true, error);
    return t->activations != NULL && usage_new(&t->usage, &t->model.config, error);
}

bool trainer_new(Trainer *out, const char *data, const Config *config,
                 const TrainSettings *settings, Error *error) {
    *out = (Trainer){ .settings = *settings };
    Config sized = *config;
    bool ok = corpus_open(&out->corpus, data, error);
    if (ok) sized.V = out->corpus.train.V;
    ok = ok && model_new(&out->model, &sized, error) && take_memory(out, error);
    if (ok) tensors_init(&out->model.tensors, out->model.parameters, (uint64_t)settings->seed);
    if (!ok) trainer_free(out);
    return ok;
}

static bool same_data(const Corpus *corpus, const TrainState *state, Error *error) {
    const char *which = corpus->train.tokenizer_hash != state->tokenizer_hash ? corpus->train.path
                        : token_file_sum(&corpus->train) != state->train_sum  ? corpus->train.path
                        : token_file_sum(&corpus->valid) != state->valid_sum  ? corpus->valid.path
                                                                              : NULL;
    if (which == NULL) return true;
    return fail(error,
                "%s: is not the file this run began with; bring that one back, or name its folder "
                "with --data",
                which);
}

bool trainer_resume(Trainer *out, const char *checkpoint, const char *data, Error *error) {
    *out = (Trainer){ 0 };
    TrainState state = { 0 };
    Checkpoint whole = { 0 };
    bool ok = checkpoint_read_state(&state, checkpoint, error) &&
              checkpoint_open(&whole, checkpoint, error) &&
              corpus_open(&out->corpus, data != NULL ? data : state.data, error) &&
              same_data(&out->corpus, &state, error);
    if (ok) {
        out->settings = state.settings;
        out->step = state.step;
        out->model = whole.model; // moves: the checkpoint no longer owns it
        whole.model = (Model){ 0 };
        ok = take_memory(out, error) &&
             checkpoint_read_moments(&out->moment_table, out->moments, &state, checkpoint, error);
    }
    checkpoint_close(&whole);
    state_free(&state);
    if (!ok) trainer_free(out);
    return ok;
}

void trainer_free(Trainer *t) {
    if (t->batches.file != NULL) batches_close(&t->batches);
    if (t->activations != NULL) model_activations_free(t->activations);
    usage_free(&t->usage);
    free(t->inputs);
    free(t->targets);
    floats_free(t->gradients, t->model.tensors.floats);
    floats_free(t->moments, 2 * t->model.tensors.floats);
    tensors_free(&t->moment_table);
    if (t->model.parameters != NULL) model_free(&t->model);
    corpus_close(&t->corpus);
    *t = (Trainer){ 0 };
}

static const char *first_bad(const Tensors *tensors, const float *block) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        for (size_t j = 0; j < tensor->count; j++) {
            if (!isfinite(block[tensor->offset + j])) return tensor->name;
        }
    }
    return NULL;
}

static bool fail_step(const Trainer *t, const StepReport *report, const Tensor *bad, Error *error) {
    long long step = (long long)t->step + 1;
    const char *weight = first_bad(&t->model.tensors, t->model.parameters);
    const char *what = weight != NULL ? "weights of" : "gradient of";
    const char *name = weight != NULL ? weight : bad != NULL ? bad->name : "all tensors together";
    return fail(error,
                "step %lld: not finite: loss %g, norm of the gradient %g, first in the %s %s; a "
                "lower peak or clip "
                "may help",
                step, report->loss, report->norm, what, name);
}

bool trainer_step(Trainer *t, StepReport *report, Error *error) {
    const Config *config = &t->model.config;
    int B = (int)t->settings.B;
    const Tensor *bad = NULL;
    batches_get(&t->batches, (uint64_t)t->step, t->inputs, t->targets);
    *report = (StepReport){ .rate = schedule_learning_rate(&t->schedule, t->step) };
    report->tokens = count_scored(t->targets, B * config->T);
    model_forward(&t->model, t->activations, t->inputs, B, config->T);
    for (int layer = 0; config->ffn->sparse && layer < config->L; layer++) {
        const Gating gating = model_gating(t->activations, layer);
        usage_count(&t->usage, layer, &gating);
    }
    report->loss = model_backward(&t->model, t->activations, t->inputs, t->targets, report->tokens,
                                  t->gradients);
    report->balance_loss = model_balance_loss(t->activations);
    report->norm = gradient_norm(&t->model.tensors, t->gradients, &bad);
    if (!isfinite(report->loss) || !isfinite(report->norm) || bad != NULL)
        return fail_step(t, report, bad, error);
    AdamwSettings settings = { report->rate, t->settings.peak, t->settings.weight_decay,
                               t->settings.clip };
    adamw_step(&t->model.tensors, t->model.parameters, t->gradients, t->moments,
               t->moments + t->model.tensors.floats, report->norm, t->step, &settings);
    model_after_step(&t->model, t->activations);
    t->step++;
    return true;
}

bool trainer_evaluate(Trainer *t, Evaluation *evaluation) {
    return evaluate_batch(evaluation, &t->model, t->activations, &t->corpus.valid,
                          (int)t->settings.B, t->inputs, t->targets);
}

const char *trainer_not_finite(const Trainer *t) {
    const char *bad = first_bad(&t->model.tensors, t->model.parameters);
    return bad != NULL ? bad : first_bad(&t->moment_table, t->moments);
}

bool trainer_save(const Trainer *t, const char *run, Error *error) {
    TrainState state = { .step = t->step,
                         .settings = t->settings,
                         .data = t->corpus.path,
                         .train_sum = token_file_sum(&t->corpus.train),
                         .valid_sum = token_file_sum(&t->corpus.valid),
                         .tokenizer_hash = tokenizer_hash(t->corpus.tokenizer) };
    const char *bad = trainer_not_finite(t);
    if (bad != NULL) {
        return fail(error, "step %lld: not finite: the values of %s; a lower peak or clip may help",
                    (long long)t->step, bad);
    }
    return checkpoint_write(run, &t->model, &t->moment_table, t->moments, &state,
                            t->corpus.tokenizer, error);
}
