#ifndef CHAPTERS_07_LANGUAGE_MODEL_PARAMETERS_H
#define CHAPTERS_07_LANGUAGE_MODEL_PARAMETERS_H
#include <stdbool.h>
#include <stddef.h>

// Every parameter of a model in one list, named as in its checkpoint. Parameters, gradients and
// AdamW's m and v are four blocks of `doubles` doubles in this order, so that an operation on all
// of them is one loop.
typedef struct {
    char name[64];
    int rank, shape[4];
    size_t offset, count;   // in doubles
    double mean, deviation; // of the normal distribution of the initial values
    bool decays;            // whether weight decay applies
} Parameter;

typedef struct {
    Parameter *items; // [capacity]; NULL while the parameters are only counted
    int count, capacity;
    size_t doubles;
} ParameterList;

// A walk over all parameters, which fills a list, or sets views into a block, or both.
typedef struct {
    ParameterList *list; // NULL: only views
    double *block;       // NULL: only the list
    size_t used;         // doubles so far
    char prefix[32];     // of each name
} ParameterWalk;

enum { DECAYS = true, NO_DECAY = false };

// Declares the next parameter, of shape [rank]: sets *view if there is a block, adds an item if
// there is a list.
void parameter_declare(ParameterWalk *walk, double **view, const char *name, double mean,
                       double deviation, bool decays, int rank, const int *shape);
const Parameter *parameter_find(const ParameterList *list, const char *name); // NULL: not found
#endif
