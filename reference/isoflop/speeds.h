#ifndef REFERENCE_ISOFLOP_SPEEDS_H
#define REFERENCE_ISOFLOP_SPEEDS_H
#include "reference/isoflop/cell.h"

// Seconds that a training step of one kind at one scale takes on this machine. timed: measured by
// --time, interleaved with all others.
typedef struct {
    char kind[CELL_KIND], scale[CELL_SCALE];
    double step;
    bool timed;
} Speed;

typedef struct {
    Speed *items;
    int count;
} Speeds;

const Speed *speeds_find(const Speeds *speeds, const Cell *cell); // NULL: none
// A speed for the cell's kind and scale, NAN until it is measured. NULL: out of memory. Earlier
// pointers are lost.
Speed *speeds_add(Speeds *speeds, const Cell *cell, Error *error);
void speeds_free(Speeds *speeds);

// Counts the seconds of every cell that is done by its timed speed, where it has one.
void speeds_apply(const Speeds *speeds, Cells *cells);

// The timed ones, as `step_times` of isoflop.json. NULL: out of memory.
json_t *speeds_to_json(const Speeds *speeds);
bool speeds_read(Speeds *out, const json_t *file, const char *path, Error *error);
#endif
