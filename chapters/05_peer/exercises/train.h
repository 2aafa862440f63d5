#ifndef CHAPTERS_05_PEER_EXERCISES_TRAIN_H
#define CHAPTERS_05_PEER_EXERCISES_TRAIN_H
#include "chapters/05_peer/peer.h"

// A layer and all that training it needs.
typedef struct {
    Peer sizes;
    int count;                   // of all parameters together
    double *weights, *gradients; // [count]
    PeerWeights w, dw;           // views of them
    PeerToken saved;             // what forward saves for backward, of one token
    int *ints;                   // [2·K] scratch of forward
    double *scratch;             // of backward
} PeerLayer;
#endif
