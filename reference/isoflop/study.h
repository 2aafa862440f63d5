#ifndef REFERENCE_ISOFLOP_STUDY_H
#define REFERENCE_ISOFLOP_STUDY_H
#include "reference/config/presets.h"
#include "reference/data/baselines.h"
#include "reference/data/corpus.h"
#include "reference/isoflop/report.h"
#include "reference/isoflop/step_times.h"
#include "reference/train/backend.h"

// The options of `sgatlin isoflop`. Texts belong to the caller.
enum { MAX_LIST = 32 };
typedef struct {
    const char *items[MAX_LIST];
    int count;
} TextList;
typedef struct {
    double items[MAX_LIST];
    int count;
} NumberList;
typedef struct {
    const Backend *backend;           // where cells are trained and timed
    const char *data, *out, *set;     // set: the settings of all cells, "NAME=VALUE …"
    bool time;                        // time the steps again at the end, interleaved
    TextList kinds, variants, scales; // scales in ascending order
    NumberList budgets, peaks, seeds, best_seeds;
} StudyOptions;

// A study: its options, and the state of its folder. The folder has isoflop.json, which lists every
// cell ever started with its result, and a run for each.
typedef struct {
    const char *command; // argv[0]
    StudyOptions options;
    Corpus corpus;
    Baselines baselines;
    Cells cells; // in the folder
    int lock;    // of the folder; -1: not locked
    StepTimes times;
} Study;

// Opens the data and prepares every cell that may be needed, so that bad options fail before
// anything is started. *misused: the options are at fault.
bool study_open(Study *out, const char *command, const StudyOptions *options, bool *misused,
                Error *error);
void study_close(Study *study);

// Reads the folder if it exists, and checks that it belongs to these options.
bool study_read(Study *study, Error *error);
// Creates the folder if it does not exist.
bool study_create(Study *study, Error *error);
// Reads a cell's result from the log of its run, if there is one.
bool study_read_result(const Study *study, Cell *cell, Error *error);
// Reduces the run of a cell that is done to its last checkpoint, and draws its losses.
bool study_tidy(const Study *study, const Cell *cell, Error *error);
// Writes isoflop.json.
bool study_save(const Study *study, Error *error);
// Draws the pictures, if any cell is done.
bool study_draw(const Study *study, Error *error);

// A copy of the cell, prepared with the study's settings. Cannot fail: study_open has tried it.
Cell study_cell(const Study *study, const Cell *cell);
#endif
