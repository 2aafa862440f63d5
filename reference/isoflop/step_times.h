#ifndef REFERENCE_ISOFLOP_STEP_TIMES_H
#define REFERENCE_ISOFLOP_STEP_TIMES_H
#include "reference/isoflop/cell.h"

// The time of a training step of one kind at one scale on this machine.
typedef struct {
    char kind[CELL_KIND], scale[CELL_SCALE];
    double seconds; // NAN: not measured
    bool timed;     // by --time, interleaved with all others
} StepTime;

typedef struct {
    StepTime *items;
    int count;
    size_t capacity;
} StepTimes;

const StepTime *step_times_find(const StepTimes *times, const Cell *cell); // NULL: none
// Adds an entry for the cell's kind and scale, not measured. NULL: out of memory. Earlier pointers
// become invalid.
StepTime *step_times_add(StepTimes *times, const Cell *cell, Error *error);
void step_times_free(StepTimes *times);

// Sets the seconds of every cell that is done from its timed entry, if there is one.
void step_times_apply(const StepTimes *times, Cells *cells);

// The timed entries, as `step_times` in isoflop.json. NULL: out of memory.
json_t *step_times_to_json(const StepTimes *times);
bool step_times_read(StepTimes *out, const json_t *file, const char *path, Error *error);
#endif
