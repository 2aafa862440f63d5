#include "reference/circuits/story_recorder.h"
#include "reference/circuits/predictions.h"
#include "reference/data/special_tokens.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/parallel.h"
#include <stdlib.h>
#include <string.h>

enum { LOGIT_ROWS = 64 }; // at a time

bool story_recorder_on(StoryRecorder *out, ReaderOpen *open, const Model *model, int max,
                       Error *error) {
    size_t V = (size_t)model->config.V;
    *out = (StoryRecorder){ .model = model, .max = max };
    out->P = recorded_predictions(&model->config);
    size_t predictions = (size_t)max * (size_t)out->P;
    if (!gating_record_new(&out->record, &model->config, max, error)) return false;
    bool opened = open(&out->reader, model, max + 1, READ_WHOLE, error);
    out->predictions = malloc(predictions * sizeof *out->predictions);
    out->probabilities = malloc(predictions * sizeof *out->probabilities);
    out->logits = malloc(LOGIT_ROWS * V * sizeof *out->logits);
    out->inputs = malloc(((size_t)max + 1) * sizeof *out->inputs);
    if (opened && out->predictions != NULL && out->probabilities != NULL && out->logits != NULL &&
        out->inputs != NULL) {
        out->record.first = 1;
        HookList hooks = one_hook(gating_record_hook, &out->record);
        out->reader.hooks(out->reader.context, &hooks);
        return true;
    }
    if (opened) fail(error, "out of memory for stories of %d tokens", max);
    story_recorder_free(out);
    return false;
}

bool story_recorder_new(StoryRecorder *out, const Model *model, int max, Error *error) {
    return story_recorder_on(out, cpu_reader, model, max, error);
}

void story_recorder_free(StoryRecorder *recorder) {
    reader_free(&recorder->reader);
    gating_record_free(&recorder->record);
    free(recorder->predictions);
    free(recorder->probabilities);
    free(recorder->logits);
    free(recorder->inputs);
    *recorder = (StoryRecorder){ .model = NULL };
}

// Predictions after tokens first to first+rows-1.
static bool predict_rows(StoryRecorder *recorder, int first, int rows) {
    int V = recorder->model->config.V, P = recorder->P, failures = 0;
    // Row 0 of the pass is TOKEN_END.
    recorder->reader.logits(recorder->reader.context, recorder->logits, first + 1, rows);
#pragma omp parallel for reduction(+ : failures)
    for (int row = 0; row < rows; row++) {
        Prediction best[RECORDED_PREDICTIONS];
        size_t at = (size_t)(first + row) * (size_t)P;
        failures += !predictions_of(best, recorder->logits + (size_t)row * (size_t)V, P, V);
        for (int p = 0; p < P; p++) {
            recorder->predictions[at + (size_t)p] = best[p].token;
            recorder->probabilities[at + (size_t)p] = (float)best[p].probability;
        }
    }
    return failures == 0;
}

bool story_recorder_run(StoryRecorder *recorder, const int32_t *tokens, int count, Error *error) {
    recorder->record.T = count;
    recorder->inputs[0] = TOKEN_END;
    memcpy(recorder->inputs + 1, tokens, (size_t)count * sizeof *tokens);
    recorder->reader.read(recorder->reader.context, recorder->inputs, count + 1, 0);
    for (int first = 0; first < count; first += LOGIT_ROWS) {
        int rows = count - first < LOGIT_ROWS ? count - first : LOGIT_ROWS;
        if (!predict_rows(recorder, first, rows))
            return fail(error,
                        "the logits are NaN: the model is damaged, or its training diverged");
    }
    return true;
}
