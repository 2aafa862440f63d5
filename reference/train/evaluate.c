#include "reference/train/evaluate.h"
#include "reference/data/batches.h"
#include "reference/numbers/memory.h"

bool evaluate_batch(Evaluation *evaluation, const Evaluator *e) {
    int rows = eval_batch(e->file, e->B, e->config->T, evaluation->batch, e->inputs, e->targets);
    if (rows == 0) return false;
    int64_t scored;
    double loss = e->backend->loss(e->device, &scored, e->inputs, e->targets, rows);
    evaluation->sum += loss * (double)scored;
    evaluation->scored += scored;
    evaluation->batch++;
    return true;
}

bool evaluate_dump(const char *path, const Evaluator *e, Error *error) {
    int T = e->config->T, V = e->config->V;
    int rows = eval_batch(e->file, e->B, T, 0, e->inputs, e->targets);
    size_t tokens = (size_t)rows * (size_t)T, floats = tokens * (size_t)V;
    float *logits = floats_new(floats);
    if (logits == NULL) {
        return fail(error, "%s: out of memory for %zu logits; a smaller batch has fewer", path,
                    floats);
    }
    int64_t scored;
    float loss = (float)e->backend->loss(e->device, &scored, e->inputs, e->targets, rows);
    e->backend->logits(e->device, logits, 0, rows * T);
    SafeTensor tensors[] = {
        { "inputs", DTYPE_I32, 2, { rows, T }, tokens, e->inputs },
        { "targets", DTYPE_I32, 2, { rows, T }, tokens, e->targets },
        { "logits", DTYPE_F32, 3, { rows, T, V }, floats, logits },
        { "loss", DTYPE_F32, 1, { 1 }, 1, &loss },
    };
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS];
    int count = config_settings(e->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    bool ok = safetensors_write(path, tensors, 4, metadata, count, error);
    floats_free(logits, floats);
    return ok;
}
