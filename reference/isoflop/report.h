#ifndef REFERENCE_ISOFLOP_REPORT_H
#define REFERENCE_ISOFLOP_REPORT_H
#include "reference/draw/chart.h"
#include "reference/isoflop/cell.h"

// Summaries of a study's cells: tables, JSON, pictures.

// The cells of one kind, scale, budget and learning rate, over their seeds. Only cells that are
// done.
typedef struct {
    const Cell *first;   // one of them, for what they share
    int order;           // of its kind, in the order in which kinds first appear
    int seeds, diverged; // number of cells; how many of them diverged
    double loss;         // mean over the seeds, nats per token; INFINITY if one diverged
    double min, max;     // of the losses
    double seconds;      // of the training steps, mean over the seeds
    // The learning rate selected for this kind, scale and budget: most seeds, ties broken by lowest
    // loss.
    bool chosen;
    // The scale with the lowest loss for this kind and budget, if there are several.
    bool best;
} Group;

typedef struct {
    Group *items;
    int count;
} Groups;

// Sorted by budget, kind, scale and learning rate. The groups point to the cells, which must not
// move. The caller frees items.
bool groups_new(Groups *out, const Cells *cells, Error *error);

// Tables in Markdown: one per budget with the chosen groups, the best scale of each kind in bold;
// then the results of the learning rates, where several were tried.
void report_tables(FILE *out, const Groups *groups);

// Every cell with its input and, if it is done, its result. NULL: out of memory.
json_t *report_cells(const Cells *cells);
// Reads the input of the cells written by report_cells. `where` names the file in messages.
bool report_read_cells(Cells *out, const json_t *array, const char *where, Error *error);

// Perplexity over parameters, or over seconds of training: one panel per budget, one curve per kind
// through its scales, one dot per cell. Kinds with one scale are drawn only if no kind has several.
typedef enum { AGAINST_PARAMETERS, AGAINST_SECONDS } Against;
// Clears `out` and gives it the size of the picture. Fails when out of memory, or when no cell is
// done.
bool report_picture(DrawList *out, const Groups *groups, const Cells *cells, Against against,
                    Error *error);
#endif
