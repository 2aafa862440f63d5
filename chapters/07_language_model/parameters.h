#ifndef CHAPTER_07_PARAMETERS_H
#define CHAPTER_07_PARAMETERS_H
#include <stdbool.h>
#include <stddef.h>

// Every parameter of a model, named as in its checkpoint, in one list. Parameters, gradients and
// AdamW's two moments are four blocks of `doubles` doubles in the same order, so that whatever is
// done to all of them is one loop.
typedef struct {
    char name[64];
    int rank, shape[4];
    size_t offset, count;   // in doubles
    double mean, deviation; // of the normal distribution that the initial values are drawn from
    bool decays;            // weight decay applies
} Parameter;

typedef struct {
    Parameter *items; // [capacity]; NULL while the parameters are only counted
    int count, capacity;
    size_t doubles;
} ParameterList;

// A walk over the list: with a block it hands out views of it, without one it only adds up what is
// wanted.
typedef struct {
    ParameterList *list; // NULL: only views
    double *block;       // NULL: only the list
    size_t used;
    char prefix[32]; // of each name
} ParameterWalk;

enum { DECAYS = true, NO_DECAY = false };

// The next parameter: *view (if there is a block) and a line of the list (if there is one). shape
// [rank].
void parameter_declare(ParameterWalk *walk, double **view, const char *name, double mean,
                       double deviation, bool decays, int rank, const int *shape);
const Parameter *parameter_find(const ParameterList *list, const char *name); // NULL: not there
#endif
