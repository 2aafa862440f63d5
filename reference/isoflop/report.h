#ifndef REFERENCE_ISOFLOP_REPORT_H
#define REFERENCE_ISOFLOP_REPORT_H
#include "reference/draw/chart.h"
#include "reference/isoflop/cell.h"

// What a study's cells say together.

// The cells of one kind, scale, budget and learning rate, over their seeds.
typedef struct {
    const Cell *first;   // of its cells that are done, for what they share
    int order;           // of its kind: kinds in the order in which they first appear
    int seeds, diverged; // done; of them diverged
    double loss;         // mean over the seeds, nats a token; INFINITY when one diverged
    double least, most;  // of the losses
    double seconds;      // mean, of the training steps alone
    // of its kind, scale and budget the one whose learning rate counts: it has the most seeds, or
    // the
    bool chosen;
    // lowest loss of as many
    // of its kind and budget the scale with the lowest loss, among several that are chosen
    bool best;
} Group;

typedef struct {
    Group *at;
    int count;
} Groups;

// By budget, kind, scale and learning rate; cells that are not done are left out. NULL at: out of
// memory. The cells must stay where they are. Paired with free(at).
bool groups_new(Groups *out, const Cells *cells, Error *error);

// Tables in Markdown: one a budget with the chosen groups, the best scale of each kind in bold,
// then what the learning rates gave where more than one was tried.
void report_tables(FILE *out, const Groups *groups);

// Every cell with what it is and, if it is done, what came of it. NULL: out of memory.
json_t *report_cells(const Cells *cells);
// The cells' keys from what report_cells wrote; `where` names the file in messages.
bool report_read_cells(Cells *out, const json_t *array, const char *where, Error *error);

// Perplexity against parameters, or against seconds of training: one panel a budget, one curve a
// kind through its scales, a dot for each cell; kinds with one scale only are left out where there
// are curves.
typedef enum { AGAINST_PARAMETERS, AGAINST_SECONDS } Against;
// Clears `out` and gives it the picture's size; false: out of memory, or nothing is done yet.
bool report_picture(DrawList *out, const Groups *groups, const Cells *cells, Against against,
                    Error *error);
#endif
