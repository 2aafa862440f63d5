#ifndef REFERENCE_CIRCUITS_CKA_H
#define REFERENCE_CIRCUITS_CKA_H
#include "reference/circuits/circuits.h"
#include "reference/model/model.h"

// Linear CKA (Kornblith et al. 2019): how similar the inner products of N vectors are to those of N
// others, from 0 to 1. With few points in many dimensions unrelated vectors come close to 1; the
// unbiased estimator of HSIC (Song et al. 2012) gives about 0 there, and can be below.
typedef struct {
    double biased, unbiased; // NAN: not defined, such as for equal vectors, or for N < 4
} Cka;

// Of x [circuits->N,D] and the circuits. It takes N²·(D + K) multiplications; sums are in double.
bool cka(Cka *out, const float *x, const Circuits *circuits, int D, Error *error);

// Of the embeddings of distinct tokens, at most CKA_POINTS of them, and a layer's gatings at the
// first position of each. Controls: with the words shuffled, so that each has the embedding of
// another; and with as many neurons drawn at random in each channel.
enum { CKA_POINTS = 4096 };
typedef struct {
    int points;
    Cka recorded, shuffled, random;
} EmbeddingCka;
bool cka_of_embeddings(EmbeddingCka *out, const Model *model, const GatingRecord *record, int layer,
                       uint64_t seed, Error *error);
#endif
