#ifndef REFERENCE_CIRCUITS_CIRCUITS_H
#define REFERENCE_CIRCUITS_CIRCUITS_H
#include "reference/circuits/recording.h"

// A circuit: what one layer (and channel) chose at one position, as a sparse vector of F scores
// with at most K that are not zero.
typedef struct {
    int N, K, F;    // circuits; entries of each; neurons
    int32_t *index; // [N,K], 0 to F-1; NO_EXPERT: no entry, nor any after it in its channel
    float *score;   // [N,K]
} Circuits;

// Copies the circuits of all positions of a record in one layer and channel. With channel ALL
// (patch.h) those of all channels together: entry i of channel c is neuron c·F + i of C·F.
bool circuits_new(Circuits *out, const GatingRecord *record, int layer, int channel, Error *error);
void circuits_free(Circuits *circuits);
#endif
