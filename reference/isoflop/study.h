#ifndef REFERENCE_ISOFLOP_STUDY_H
#define REFERENCE_ISOFLOP_STUDY_H
#include "reference/config/presets.h"
#include "reference/data/baselines.h"
#include "reference/data/corpus.h"
#include "reference/isoflop/report.h"
#include "reference/train/backend.h"

// What was asked for. Texts belong to the arguments.
enum { LIST_MOST = 32 };
typedef struct {
    const char *at[LIST_MOST];
    int count;
} TextList;
typedef struct {
    double at[LIST_MOST];
    int count;
} NumberList;
typedef struct {
    const Backend *backend;           // where cells are trained and timed
    const char *data, *out, *set;     // set: words for all cells
    bool time;                        // steps anew, in turns
    TextList kinds, variants, scales; // scales from small to large
    NumberList budgets, peaks, seeds, best_seeds;
} Wanted;

// Seconds that a training step of one kind at one scale takes here. timed: in turns with all
// others, by --time.
typedef struct {
    char kind[CELL_KIND], scale[CELL_SCALE];
    double step;
    bool timed;
} Speed;

// A study: what is wanted, and what its folder holds of it. The folder has isoflop.json, which
// names every cell ever begun with what came of it, and a run for each.
typedef struct {
    const char *command; // argv[0]
    Wanted wanted;
    Corpus corpus;
    Baselines baselines;
    bool measured; // the baselines
    Cells cells;   // of the folder
    int lock;      // of the folder; -1: not taken
    Speed *speeds;
    int speed_count;
} Study;

// Calls visit on every cell that is wanted, in the order in which they are trained:
//   1. each kind at the smallest scale with each learning rate and the first seed: which rate is best;
//   2. each kind with it at the other scales and seeds;
//   3. the further seeds at each kind's best scale;
//   4. the variants at the best scale of the kind they vary, with its rate.
// What follows from cells that are not done yet is filled with a guess: certain says whether the
// cell is settled. visit returns false to stop; so does study_walk.
typedef bool StudyVisit(void *context, Study *study, const Cell *cell, bool certain);
bool study_walk(Study *study, StudyVisit *visit, void *context);

// Opens the data and prepares every cell that may come, so that what cannot be met is refused
// before anything is begun. *misused: the arguments are at fault.
bool study_open(Study *out, const char *command, const Wanted *wanted, bool *misused, Error *error);
void study_close(Study *study);

// Reads the folder, if it is there, and holds it against what is wanted.
bool study_read(Study *study, Error *error);
// Makes it, if it was not there.
bool study_make(Study *study, Error *error);
// Reads what came of a cell from its run's log, if there is one.
bool study_read_result(const Study *study, Cell *cell, Error *error);
// What a cell that is done leaves: one checkpoint, and the picture of its losses.
bool study_tidy(const Study *study, const Cell *cell, Error *error);
// Writes isoflop.json, and the pictures once there is something to draw.
bool study_save(const Study *study, Error *error);

// A cell prepared with what the study shares; study_open has tried it, so it cannot fail.
Cell study_cell(const Study *study, const Cell *cell);

double cell_memory(const Backend *backend, const Cell *cell); // bytes that training it takes
bool cell_fits(const Backend *backend, const Cell *cell);     // in this machine's memory
// Times a few training steps of each kind at each scale that is still to come.
bool study_measure(Study *study, Error *error);
// Times a step of each kind and scale that is done, in turns, round after round, and counts seconds
// by the medians.
bool study_time(Study *study, Error *error);
// Seconds by what --time found, where it did.
void study_apply_times(Study *study);
json_t *study_times(const Study *study); // NULL: out of memory
bool study_read_times(Study *study, const json_t *file, const char *path, Error *error);
double study_seconds(const Study *study, const Cell *cell); // of training; NAN: not measured
// of the look at the validation file at its end
double study_look_seconds(const Study *study, const Cell *cell);
#endif
