#include "reference/train/trainer.h"
#include "reference/io/files.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Everything that follows from settings, config and corpus, but the device.
static bool prepare(Trainer *t, Error *error) {
    int B = (int)t->settings.B, T = t->config.T;
    t->schedule = settings_schedule(&t->settings);
    if (!batches_open(&t->batches, &t->corpus.train, (BatchMode)t->settings.batching, B, T,
                      (uint64_t)t->settings.seed, error)) {
        t->batches = (Batches){ 0 };
        return false;
    }
    if (!config_valid(&t->config, error) || !model_countable(&t->config, B, T, error) ||
        !memory_check("training", t->backend->bytes(&t->config, B),
                      "reduce B or T, or the model (--set B=… T=… D=… F=… L=…)", error))
        return false;
    size_t tokens = (size_t)B * (size_t)T;
    t->inputs = calloc(tokens, sizeof *t->inputs);
    t->targets = calloc(tokens, sizeof *t->targets);
    if (t->inputs == NULL || t->targets == NULL) {
        return fail(error, "out of memory for batches of B=%d rows of T=%d tokens", B, T);
    }
    return usage_new(&t->usage, &t->config, error);
}

static bool open_device(Trainer *t, Model *model, float *moments, Error *error) {
    t->device = t->backend->open(model, moments, (int)t->settings.B, (int)t->settings.micro_batch,
                                 DEVICE_TRAINS, error);
    return t->device != NULL;
}

bool trainer_new(Trainer *out, const Backend *backend, const char *data, const Config *config,
                 const TrainSettings *settings, Error *error) {
    *out = (Trainer){ .settings = *settings, .config = *config, .backend = backend, .saved = -1 };
    Model model;
    bool ok = corpus_open(&out->corpus, data, error);
    if (ok) out->config.V = out->corpus.train.V;
    ok = ok && prepare(out, error) && model_new(&model, &out->config, error);
    if (ok) {
        tensors_init(&model.tensors, model.parameters, (uint64_t)settings->seed);
        ok = open_device(out, &model, NULL, error);
    }
    if (!ok) trainer_free(out);
    return ok;
}

// The file of the corpus that is not the one the run began with; NULL: both are.
static const char *other_file(const Corpus *corpus, const TrainState *state) {
    if (corpus->train.tokenizer_hash != state->tokenizer_hash ||
        token_file_hash(&corpus->train) != state->train_sum) {
        return corpus->train.path;
    }
    return token_file_hash(&corpus->valid) != state->valid_sum ? corpus->valid.path : NULL;
}

static bool check_data(const Corpus *corpus, const TrainState *state, Error *error) {
    const char *other = other_file(corpus, state);
    if (other == NULL) return true;
    return fail(error,
                "%s: not the file this run was started with; restore that file, or pass its folder "
                "with --data",
                other);
}

// Whether a file of the corpus is not in the folder.
static bool is_incomplete(const char *data) {
    static const char *const names[] = { "tokenizer.json", "train.bin", "valid.bin" };
    bool missing = false;
    for (int i = 0; !missing && i < COUNT_OF(names); i++) {
        char *path = path_join(data, names[i]);
        missing = path != NULL && !path_exists(path);
        free(path);
    }
    return missing;
}

// Opens the folder given with --data (NULL: not given), or else the one the run was started with.
static bool open_data(Corpus *out, const char *data, const TrainState *state, Error *error) {
    Error why = { "" };
    if (data != NULL) return corpus_open(out, data, error);
    if (corpus_open(out, state->data, &why)) return true;
    if (!is_incomplete(state->data)) return fail(error, "%s", why.text);
    return fail(error, "%.900s; if the data were moved, name their folder with --data DIR",
                why.text);
}

static bool resume_device(Trainer *t, Model *model, const TrainState *state, const char *checkpoint,
                          Error *error) {
    float *moments = floats_new(2 * model->tensors.floats);
    if (moments == NULL) return fail(error, "out of memory for the moments");
    if (!checkpoint_read_moments(moments, &model->tensors, state, checkpoint, error)) {
        floats_free(moments, 2 * model->tensors.floats);
        return false;
    }
    return open_device(t, model, moments, error);
}

bool trainer_resume(Trainer *out, const Backend *backend, const char *checkpoint, const char *data,
                    Error *error) {
    *out = (Trainer){ .backend = backend };
    TrainState state = { 0 };
    Checkpoint whole = { 0 };
    bool ok = checkpoint_read_state(&state, checkpoint, error) &&
              checkpoint_open(&whole, checkpoint, error) &&
              open_data(&out->corpus, data, &state, error) &&
              check_data(&out->corpus, &state, error);
    if (ok) {
        out->settings = state.settings;
        out->config = whole.model.config;
        out->step = out->saved = state.step;
        ok = prepare(out, error) && resume_device(out, &whole.model, &state, checkpoint, error);
    }
    checkpoint_close(&whole);
    state_free(&state);
    if (!ok) trainer_free(out);
    return ok;
}

void trainer_free(Trainer *t) {
    if (t->batches.file != NULL) batches_close(&t->batches);
    if (t->device != NULL) t->backend->close(t->device);
    usage_free(&t->usage);
    free(t->inputs);
    free(t->targets);
    corpus_close(&t->corpus);
    *t = (Trainer){ 0 };
}

// The first tensor of a block that has a value that is not finite; NULL: none.
static const char *first_not_finite(const Tensors *tensors, const float *block) {
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        for (size_t j = 0; j < tensor->count; j++) {
            if (!isfinite(block[tensor->offset + j])) return tensor->name;
        }
    }
    return NULL;
}

static bool fail_step(const Trainer *t, const StepResult *result, Error *error) {
    const Model *model = t->backend->read(t->device, NULL, error);
    if (model == NULL) return false;
    const char *what = "weights of", *name = first_not_finite(&model->tensors, model->parameters);
    if (name == NULL) {
        what = "gradient of";
        name = result->not_finite != NULL ? result->not_finite->name : "all tensors together";
    }
    return fail(error,
                "step %lld: not finite: loss %g, gradient norm %g, first in the %s %s; a lower "
                "peak or clip may help",
                (long long)t->step + 1, result->loss, result->gradient_norm, what, name);
}

bool trainer_step(Trainer *t, StepResult *result, Error *error) {
    batches_get(&t->batches, (uint64_t)t->step, t->inputs, t->targets);
    t->learning_rate = schedule_learning_rate(&t->schedule, t->step);
    AdamwSettings settings = { t->learning_rate, t->settings.peak, t->settings.weight_decay,
                               t->settings.clip };
    if (!t->backend->step(t->device, result, t->inputs, t->targets, &settings, t->step))
        return fail_step(t, result, error);
    t->step++;
    return true;
}

Usage *trainer_usage(Trainer *t) {
    t->backend->usage(t->device, t->usage.fired);
    return &t->usage;
}

bool trainer_evaluate(Trainer *t, Evaluation *evaluation) {
    Evaluator evaluator = { .backend = t->backend,
                            .device = t->device,
                            .config = &t->config,
                            .file = &t->corpus.valid,
                            .B = (int)t->settings.B,
                            .inputs = t->inputs,
                            .targets = t->targets };
    return evaluate_batch(evaluation, &evaluator);
}

static bool check_finite(const Model *model, const float *moments, int64_t step, Error *error) {
    const Tensors *tensors = &model->tensors;
    const struct {
        const char *what;
        const float *block;
    } blocks[] = { { "weights", model->parameters },
                   { "first moment", moments },
                   { "second moment", moments + tensors->floats } };
    for (int i = 0; i < 3; i++) {
        const char *name = first_not_finite(tensors, blocks[i].block);
        if (name == NULL) continue;
        return fail(error, "step %lld: not finite: the %s of %s; a lower peak or clip may help",
                    (long long)step, blocks[i].what, name);
    }
    return true;
}

TrainerSave trainer_save(Trainer *t, const char *run, Error *error) {
    TrainState state = { .step = t->step,
                         .settings = t->settings,
                         .data = t->corpus.path,
                         .train_sum = token_file_hash(&t->corpus.train),
                         .valid_sum = token_file_hash(&t->corpus.valid),
                         .tokenizer_hash = tokenizer_hash(t->corpus.tokenizer) };
    const float *moments;
    const Model *model = t->backend->read(t->device, &moments, error);
    if (model == NULL) return TRAINER_SAVE_FAILED;
    if (!check_finite(model, moments, t->step, error)) return TRAINER_NOT_FINITE;
    if (!checkpoint_write(run, model, moments, &state, t->corpus.tokenizer, error))
        return TRAINER_SAVE_FAILED;
    t->saved = t->step;
    return TRAINER_SAVED;
}
