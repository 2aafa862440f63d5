#ifndef REFERENCE_ISOFLOP_CELL_H
#define REFERENCE_ISOFLOP_CELL_H
#include "reference/model/model.h"
#include "reference/train/backend.h"
#include "reference/train/log_read.h"
#include "reference/train/settings.h"

// One cell of an isoFLOP study: one kind of layer at one scale, trained until a budget of FLOPs is
// spent.
enum { CELL_KIND = 64, CELL_SCALE = 8, CELL_NAME = 160 };
typedef struct {
    // Input. kind: the name of an FfnKind, then options, each after a +: an activation, a router or
    // NAME=VALUE, as in sgatlin+gelu or sgatlin+K=4. scale: one of scale_names. budget: FLOPs, by
    // the sgatlin paper's count. peak: learning rate.
    char kind[CELL_KIND], scale[CELL_SCALE];
    double budget, peak;
    int64_t seed;
    // Derived by cell_prepare.
    Config config;
    TrainSettings settings;
    ModelCost cost;
    // Result; all zero before training.
    LogResult result;
} Cell;

// Fails for a kind or scale that is too long for its field.
bool cell_new(Cell *out, const char *kind, const char *scale, double budget, double peak,
              int64_t seed, Error *error);

// Derives the model and the settings: the model of the scale with a vocabulary of V, changed by
// `set` ("NAME=VALUE …", from which a kind takes the settings it uses) and then by the options of
// the kind; as many steps as the budget allows.
bool cell_prepare(Cell *cell, int V, const char *set, Error *error);

// FLOPs of one training step of B sequences by the paper's count, three times the forward pass;
// the second with the logits.
double cell_step_flops(const Cell *cell);
double cell_step_flops_full(const Cell *cell);

double cell_memory(const Backend *backend, const Cell *cell); // bytes that training it takes
bool cell_fits(const Backend *backend, const Cell *cell);     // whether this machine has them

// Whether kind, scale, budget, peak and seed are equal.
bool cell_same(const Cell *a, const Cell *b);
// The name of its folder: sgatlin+gelu_q2_4e12_p0.002_s1.
void cell_name(char out[CELL_NAME], const Cell *cell);
bool cell_done(const Cell *cell);   // finished, or diverged
double cell_loss(const Cell *cell); // INFINITY: diverged; NAN: not done

// A short form of a number for tables and names: 4e12, 0.002.
typedef struct {
    char text[32];
} NumberText;
NumberText number_text(double number);

// All cells in a study's folder, in the order they were added.
typedef struct {
    Cell *items;
    int count;
    size_t capacity;
} Cells;
Cell *cells_find(const Cells *cells, const Cell *like); // NULL: none
// Adds a copy. NULL: out of memory. Earlier pointers become invalid.
Cell *cells_add(Cells *cells, const Cell *cell);
void cells_free(Cells *cells);
#endif
