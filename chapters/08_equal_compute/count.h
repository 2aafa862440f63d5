#ifndef CHAPTERS_08_EQUAL_COMPUTE_COUNT_H
#define CHAPTERS_08_EQUAL_COMPUTE_COUNT_H
#include "chapters/07_language_model/feed_forward.h"

// The cost of a model, counted as the sgatlin paper's code does: matrix products only, a
// multiplication and an addition as two FLOPs, attention without the causal mask. Integers in
// doubles: exact below 2^53.

// FLOPs of one sequence of T tokens, forward, by part, of all L layers. D = H·Dh: H heads of width
// Dh.
typedef struct {
    double projections; // query, key, value, output: 8·T·D²
    double attention;   // 4·H·T²·Dh
    double router;      // 2·T per weight
    double experts;     // 2·T per weight multiplied; a dense layer is one expert
    double logits;      // 2·T·D·V, once: not part of the count
} Flops;
Flops count_flops(const ModelSizes *sizes);
double counted_flops(const Flops *f); // what budgets count: everything except the logits
double full_flops(const Flops *f);    // including the logits

// One training step on B sequences: three times forward, since the backward pass costs twice as
// much as the forward pass (chapter 07).
double step_flops(const ModelSizes *sizes, int B);
double full_step_flops(const ModelSizes *sizes, int B);

// Parameters of the whole model, embedding and norms included. active: those used by one token.
typedef struct {
    double stored, active;
} Weights;
Weights count_weights(const ModelSizes *sizes);

// What a budget of training FLOPs buys: whole steps of B sequences. false: less than one step, or
// the budget is NaN, or more steps than a double can count; *out is then all 0.
typedef struct {
    double steps, tokens;
    double flops, full; // spent: as counted, and including the logits
} Purchase;
bool buy_training(Purchase *out, double budget, const ModelSizes *sizes, int B);
#endif
