#ifndef REFERENCE_MODEL_READER_H
#define REFERENCE_MODEL_READER_H
#include "reference/model/model.h"

// Forward passes over one sequence, on the CPU or another device (Backend.reader): all that
// generation, recording and patching need of a model.
typedef struct {
    void *context;
    // A pass over tokens [n], which follow the first `cached` tokens of the sequence. Keys and
    // values of those are in the cache, where this pass adds its own. 0: a new sequence.
    void (*read)(void *context, const int32_t *tokens, int n, int cached);
    // out [rows,V]: logits of tokens first .. first+rows-1 of the last pass.
    void (*logits)(void *context, float *out, int first, int rows);
    // The hooks of the following passes (see gating.h), copied; NULL: none. Events have the
    // position 0, as of whole sequences.
    void (*hooks)(void *context, const HookList *hooks);
    void (*free)(void *context);
} Reader;

// READ_WHOLE: passes over up to T tokens, cached = 0. READ_CACHED: up to T tokens in passes of up
// to READER_PASS, for models that are causal.
typedef enum { READ_WHOLE, READ_CACHED } ReaderUse;
enum { READER_PASS = 64 };

// Opens a reader of sequences of up to T <= config.T tokens; the model must outlive it. The
// parameters are those that the model has now. (On the CPU: that it has at each pass.)
typedef bool ReaderOpen(Reader *out, const Model *model, int T, ReaderUse use, Error *error);

// On this machine's CPU. It may be used in another thread than the one that opened it, by one
// thread at a time. There it lowers parallel_threads() to what it was where it was opened.
ReaderOpen cpu_reader;

void reader_free(Reader *reader); // one that was not opened, {0}: nothing
#endif
