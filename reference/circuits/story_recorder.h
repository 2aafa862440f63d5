#ifndef REFERENCE_CIRCUITS_STORY_RECORDER_H
#define REFERENCE_CIRCUITS_STORY_RECORDER_H
#include "reference/circuits/recording.h"
#include "reference/model/reader.h"

// Of each position: the most likely next tokens, which TOKEN_PAD is never one of.
enum { RECORDED_PREDICTIONS = 5 };
static inline int recorded_predictions(const Config *config) {
    return config->V - 1 < RECORDED_PREDICTIONS ? config->V - 1 : RECORDED_PREDICTIONS;
}

// Runs a sparse model over stories, one at a time, and records each: gatings and predictions.
typedef struct {
    const Model *model;
    int max, P;           // tokens of a story at most; recorded_predictions
    GatingRecord record;  // of the last story: T tokens, without the TOKEN_END in front
    int32_t *predictions; // [T,P] the most likely next tokens, best first
    float *probabilities; // [T,P]
    Reader reader;
    float *logits;   // scratch
    int32_t *inputs; // scratch
} StoryRecorder;

// For stories of at most `max` tokens, 1 <= max < config.T; the model must outlive it. A dense
// kind is an error. story_recorder_new runs on the CPU, story_recorder_on where `open` does.
bool story_recorder_new(StoryRecorder *out, const Model *model, int max, Error *error);
bool story_recorder_on(StoryRecorder *out, ReaderOpen *open, const Model *model, int max,
                       Error *error);
void story_recorder_free(StoryRecorder *recorder);

// One forward pass over TOKEN_END and the tokens [count], 1 <= count <= max, each below V. false:
// the logits are NaN.
bool story_recorder_run(StoryRecorder *recorder, const int32_t *tokens, int count, Error *error);
#endif
