#include "reference/train/evaluate.h"
#include "reference/data/batches.h"

bool evaluate_batch(Evaluation *evaluation, const Model *model, Activations *activations, const TokenFile *file, int B,
                    int32_t *inputs, int32_t *targets) {
    int rows = eval_batch(file, B, model->config.T, evaluation->batch, inputs, targets);
    if (rows == 0) return false;
    int64_t scored;
    model_forward(model, activations, inputs, rows, model->config.T);
    double loss = model_loss(model, activations, targets, &scored);
    evaluation->sum += loss * (double)scored;
    evaluation->scored += scored;
    evaluation->batch++;
    return true;
}
