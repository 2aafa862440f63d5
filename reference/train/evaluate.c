#include "reference/train/evaluate.h"
#include "reference/data/batches.h"
#include "reference/model/loss.h"
#include "reference/numbers/memory.h"

bool evaluate_batch(Evaluation *evaluation, const Model *model, Activations *activations,
                    const TokenFile *file, int B, int32_t *inputs, int32_t *targets) {
    int rows = eval_batch(file, B, model->config.T, evaluation->batch, inputs, targets);
    if (rows == 0) return false;
    int64_t scored = count_scored(targets, rows * model->config.T);
    model_forward(model, activations, inputs, rows, model->config.T);
    double loss = model_loss(model, activations, targets, scored);
    evaluation->sum += loss * (double)scored;
    evaluation->scored += scored;
    evaluation->batch++;
    return true;
}

bool evaluate_dump(const char *path, const Model *model, Activations *activations,
                   const TokenFile *file, int B, int32_t *inputs, int32_t *targets, Error *error) {
    int T = model->config.T, V = model->config.V;
    B = eval_batch(file, B, T, 0, inputs, targets);
    size_t rows = (size_t)B * (size_t)T, floats = rows * (size_t)V;
    float *logits = floats_new(floats);
    if (logits == NULL)
        return fail(error, "%s: out of memory for %zu logits; a smaller batch has fewer", path,
                    floats);
    model_forward(model, activations, inputs, B, T);
    model_logits(model, activations, 0, B * T, logits);
    float loss = (float)model_loss(model, activations, targets, count_scored(targets, B * T));
    SafeTensor tensors[] = {
        { "inputs", DTYPE_I32, 2, { B, T }, rows, inputs },
        { "targets", DTYPE_I32, 2, { B, T }, rows, targets },
        { "logits", DTYPE_F32, 3, { B, T, V }, floats, logits },
        { "loss", DTYPE_F32, 1, { 1 }, 1, &loss },
    };
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS];
    int count = config_settings(&model->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    bool ok = safetensors_write(path, tensors, 4, metadata, count, error);
    floats_free(logits, floats);
    return ok;
}
