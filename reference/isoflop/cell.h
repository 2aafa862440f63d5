#ifndef REFERENCE_ISOFLOP_CELL_H
#define REFERENCE_ISOFLOP_CELL_H
#include "reference/model/model.h"
#include "reference/train/backend.h"
#include "reference/train/log_read.h"
#include "reference/train/settings.h"

// One cell of a study at equal compute: one kind of layer at one scale, trained until a budget of
// FLOPs is spent.
enum { CELL_KIND = 64, CELL_SCALE = 8, CELL_NAME = 160 };
typedef struct {
    // What it is. kind: a name of the registry, behind each + an activation, a router or a
    // NAME=VALUE, as in sgatlin+gelu or sgatlin+K=4; scale: one of the ladder's; budget: FLOPs, by
    // the sgatlin authors' count.
    char kind[CELL_KIND], scale[CELL_SCALE];
    double budget, peak;
    int64_t seed;
    // What follows from it: cell_prepare writes these.
    Config config;
    TrainSettings settings;
    ModelCost cost;
    // What came of it; all zero until then.
    LogResult result;
} Cell;

// Texts that are too long for the fields are refused.
bool cell_new(Cell *out, const char *kind, const char *scale, double budget, double peak,
              int64_t seed, Error *error);

// The ladder's model at the cell's scale, with a vocabulary of V, then `set` (words as behind
// --set; a kind takes those it has), then the options of its kind; and as many steps as the budget
// pays for.
bool cell_prepare(Cell *cell, int V, const char *set, Error *error);

// FLOPs of one training step by the authors' count: three times forward, B sequences; and with the
// logits.
double cell_step_flops(const Cell *cell);
double cell_step_flops_full(const Cell *cell);

double cell_memory(const Backend *backend, const Cell *cell); // bytes that training it takes
bool cell_fits(const Backend *backend, const Cell *cell);     // whether this machine has them

// the same kind, scale, budget, peak and seed
bool cell_same(const Cell *a, const Cell *b);
// of its folder: sgatlin+gelu_q2_4e12_p0.002_s1
void cell_name(char out[CELL_NAME], const Cell *cell);
bool cell_done(const Cell *cell); // finished, or it diverged
// INFINITY for one that diverged, NAN for one that is not done
double cell_loss(const Cell *cell);

// A number in few characters: 4e12, 0.002.
typedef struct {
    char text[32];
} NumberText;
NumberText number_text(double number);

// All cells that a study's folder knows, in the order they came.
typedef struct {
    Cell *at;
    int count;
} Cells;
Cell *cells_find(const Cells *cells, const Cell *like); // NULL: none
// a copy; NULL: out of memory. Earlier pointers are lost.
Cell *cells_add(Cells *cells, const Cell *cell);
void cells_free(Cells *cells);
#endif
