#ifndef REFERENCE_DATA_BATCHES_H
#define REFERENCE_DATA_BATCHES_H
#include "reference/data/token_file.h"

typedef enum { BATCH_PACKED, BATCH_PADDED } BatchMode;

// Batches for training. Batch `step` is a pure function of (file, mode, B, T, seed, step), so a
// resumed run continues with the same rows.
// packed: the shuffled stories of each epoch, end to end; row r is the T targets from position r·T.
// padded: one story per row, truncated to T or padded with TOKEN_PAD (never scored).
// In both, the input of a row is TOKEN_END followed by its targets without the last.
typedef struct {
    const TokenFile *file;
    BatchMode mode;
    int B, T;
    uint64_t seed;
    uint64_t epoch;  // the epoch of `order`, or UINT64_MAX
    uint32_t *order; // [stories]
    uint64_t *start; // [stories + 1]: where each story begins in the shuffled stream
} Batches;

// file must outlive it. Fails when the file has less than one batch.
bool batches_open(Batches *out, const TokenFile *file, BatchMode mode, int B, int T, uint64_t seed,
                  Error *error);
void batches_close(Batches *batches);
void batches_get(Batches *batches, uint64_t step, int32_t *inputs, int32_t *targets); // [B,T] each
// rounded down, at least 1
uint64_t batches_per_epoch(const Batches *batches);

// Batches for evaluation: stories in file order, each token a target exactly once; the last row is
// padded with TOKEN_PAD. Returns how many of the B rows have targets; 0 when `batch` is past the
// end.
int eval_batch(const TokenFile *file, int B, int T, uint64_t batch, int32_t *inputs,
               int32_t *targets);
#endif
