#ifndef REFERENCE_CIRCUITS_RECORDING_FILE_H
#define REFERENCE_CIRCUITS_RECORDING_FILE_H
#include "reference/circuits/story_recorder.h"
#include "reference/data/tokenizer.h"
#include "reference/io/safetensors.h"

// The gatings of many stories, in a safetensors file:
//     tokens, story, position   I32 [T]
//     index, score              I32, F32 [T,L,C,K]
//     predictions               I32 [T,P] the most likely next tokens, best first
//     probabilities             F32 [T,P]
// The metadata have the model's hyperparameters and the hashes of its parameters and its tokenizer.

// A file open for reading, mapped. Everything in it has been checked.
typedef struct {
    GatingRecord gatings;       // views of the file, read-only, of all T positions
    int stories, P;             // P = recorded_predictions
    const int32_t *story;       // [T] from 0 to stories-1
    const int32_t *position;    // [T] in the story, from 0
    const int32_t *predictions; // [T,P]
    const float *probabilities; // [T,P]
    uint64_t model_hash, tokenizer_hash;
    Safetensors file;
} Recording;

// Refuses files that are damaged, of another shape, or something else.
bool recording_open(Recording *out, const char *path, Error *error);
void recording_close(Recording *recording);

// Whether it was recorded with this model and tokenizer; the error says what to do.
bool recording_matches(const Recording *recording, const Model *model, const Tokenizer *tokenizer,
                       Error *error);

// XXH3 of a model's parameters.
uint64_t model_hash(const Model *model);

// Writes story by story, the whole file or nothing; memory does not grow with the stories.
typedef struct RecordingWriter RecordingWriter;
// For T positions in all. NULL on failure.
RecordingWriter *recording_writer_open(const char *path, const Model *model,
                                       const Tokenizer *tokenizer, int T, Error *error);
// Adds the recorder's last story. false: an index or a score is not what the file may contain.
bool recording_writer_add(RecordingWriter *writer, const StoryRecorder *recorder, Error *error);
// For when T positions were added; frees the writer.
bool recording_writer_commit(RecordingWriter *writer, Error *error);
void recording_writer_discard(RecordingWriter *writer);

// The size of a file of T positions, without its header.
double recording_bytes(const Config *config, int T);
#endif
