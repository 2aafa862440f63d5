#ifndef CHAPTERS_06_SGATLIN_EXERCISES_TRAIN_H
#define CHAPTERS_06_SGATLIN_EXERCISES_TRAIN_H
#include "chapters/06_sgatlin/sgatlin.h"

// A layer and all that training it needs.
typedef struct {
    Sgatlin sizes;
    int count;                   // of all parameters together
    double *weights, *gradients; // [count]
    SgatlinWeights w, dw;        // views of them
    SgatlinToken saved;          // what forward saves for backward, of one token
    int *ints;                   // [2·K] scratch of forward
    double *scratch;             // of backward
} SgatlinLayer;
#endif
