#ifndef REFERENCE_ISOFLOP_STUDY_H
#define REFERENCE_ISOFLOP_STUDY_H
#include "reference/config/presets.h"
#include "reference/data/baselines.h"
#include "reference/data/corpus.h"
#include "reference/isoflop/report.h"
#include "reference/isoflop/speeds.h"
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
    Speeds speeds;
} Study;

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
#endif
