#ifndef REFERENCE_DATA_BATCHES_H
#define REFERENCE_DATA_BATCHES_H
#include "reference/data/token_file.h"

typedef enum { BATCH_PACKED, BATCH_PADDED } BatchMode;

// Batches for training: batch `step` is a pure function of (file, mode, B, T, seed, step), so a
// resumed run goes on with the same rows, and any number of threads sees the same.
// packed: the stories of an epoch, shuffled, end to end, epoch after epoch; row r is T targets from
// position r·T. padded: one story a row, cut at T, filled up with TOKEN_PAD (not scored).
// In both a row's input is its targets shifted right behind TOKEN_END.
typedef struct {
    const TokenFile *file;
    BatchMode mode;
    int B, T;
    uint64_t seed;
    uint64_t epoch;  // the epoch whose order stands in `order`, or UINT64_MAX
    uint32_t *order; // [stories]
    uint64_t *start; // [stories + 1]: where each story begins in the shuffled stream
} Batches;

// file must outlive it. Fails when the file holds less than one batch.
bool batches_open(Batches *out, const TokenFile *file, BatchMode mode, int B, int T, uint64_t seed,
                  Error *error);
void batches_close(Batches *batches);
void batches_get(Batches *batches, uint64_t step, int32_t *inputs, int32_t *targets); // [B,T] each
// rounded down, at least 1
uint64_t batches_per_epoch(const Batches *batches);

// Batches for evaluation: stories in file order, each token a target once; the last row is filled
// up with TOKEN_PAD. Returns how many of the B rows hold any target; 0 when `batch` is past the
// end.
int eval_batch(const TokenFile *file, int B, int T, uint64_t batch, int32_t *inputs,
               int32_t *targets);
#endif
