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
    size_t offset, count; // in doubles
    double start, spread; // first value: start + spread · a standard normal number
    bool decays;          // weight decay applies
} Parameter;

typedef struct {
    Parameter *at;
    // capacity: how many `at` has place for; 0 with at NULL while they are being counted
    int count, capacity;
    size_t doubles;
} ParameterList;

// A walk over the list: with a block it hands out views of it, without one it only adds up what is
// wanted.
typedef struct {
    ParameterList *list; // NULL: only views
    double *block;       // NULL: only the list
    size_t used;
    char prefix[32]; // stands before each name
} ParameterWalk;

enum { DECAYS = true, NO_DECAY = false };

// The next parameter: *view (if there is a block) and a line of the list (if there is one). shape
// [rank].
void parameter_place(ParameterWalk *walk, double **view, const char *name, double start,
                     double spread, bool decays, int rank, const int *shape);
const Parameter *parameter_find(const ParameterList *list, const char *name); // NULL: not there
#endif
