#ifndef CHAPTER_08_COUNT_H
#define CHAPTER_08_COUNT_H
#include "chapters/07_language_model/feed_forward.h"

// What a model costs, counted as the sgatlin authors' code does: matrix products alone, a
// multiplication and an addition as two, nobody stopped from looking ahead. Whole numbers in
// doubles: exact below 2^53.

// FLOPs of one sequence of T tokens, forward, by part, of all L layers. H heads of Dh make D =
// H·Dh.
typedef struct {
    double projections; // query, key, value, output: 8·T·D²
    double attention;   // 4·H·T²·Dh
    double router;      // 2·T for each weight of it
    double experts;     // 2·T for each weight multiplied; all of a dense layer
    double logits;      // 2·T·D·V, once: no part of the count
} Flops;
Flops count_flops(const ModelSizes *sizes);
double counted_flops(const Flops *f); // what budgets count: all but the logits
double full_flops(const Flops *f);    // with them

// One step of training on B sequences: three times forward, since the way back costs twice as much
// (chapter 07).
double step_flops(const ModelSizes *sizes, int B);
double full_step_flops(const ModelSizes *sizes, int B);

// Parameters of the whole model, embedding and norms too. active: those that one token can touch.
typedef struct {
    double stored, active;
} Weights;
Weights count_weights(const ModelSizes *sizes);

// What a budget of FLOPs of training buys, by the count: whole steps of B sequences. false: not one
// step, or a budget that is no number, or more steps than a double can count; then *out is all 0.
typedef struct {
    double steps, tokens;
    double flops, full; // spent, by the count and with the logits
} Purchase;
bool buy_training(Purchase *out, double budget, const ModelSizes *sizes, int B);
#endif
