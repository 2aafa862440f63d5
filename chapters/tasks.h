#ifndef CHAPTERS_TASKS_H
#define CHAPTERS_TASKS_H
#include "reference/io/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The two tasks of chapter 01, which each layer of chapters 01 to 06 learns for the scoreboard:
// small enough that every layer can learn them from many random starts within seconds.

enum { TASK_MAX_D = 3, TASK_MAX_POINTS = 49 };

typedef struct {
    const char *name;
    int D, points;
    // x [points,D]; the last number of each point is 1, so that its weights act as biases
    double x[TASK_MAX_POINTS * TASK_MAX_D], target[TASK_MAX_POINTS];
} Task;

double wave(double x);   // sin(3x) + x/2
Task wave_task(void);    // 25 points of it, from -2 to 2
Task product_task(void); // a·b on a grid of 7 by 7, from -1 to 1

// The loss is the mean over the points of (y[i,0] - target[i])²: like any such layer, one that
// learns a task has D outputs; the first is the prediction, the others are ignored. y [points,D].
double task_loss(const Task *task, const double *y);
// The slope of the loss with respect to the prediction for point i.
double task_slope(const Task *task, int i, double prediction);

// ---- what learns

// Of a layer with D inputs.
typedef struct {
    int doubles; // all that is trained
    int weights; // of these, those that the first output depends on, for any token
    int flops;   // of one token's first output: a multiplication and an addition per weight that
                 // it uses, the router's included, as chapter 08 counts
} LearnerCost;

enum { MAX_LEARNERS = 8, LEARNER_MAX_DOUBLES = 256 };

typedef struct {
    const char *chapter, *kind, *name; // "02", "moe", "moe, 2 of 6 experts"
    const void *sizes;                 // the layer's own type, without D
    LearnerCost (*cost)(const void *sizes, int D);
    // w [doubles]: random initial weights.
    void (*start)(double *w, const void *sizes, int D, uint64_t seed);
    // y [points,D], written; unless dw is NULL, the gradient of the loss is added to dw [doubles].
    void (*pass)(double *y, double *dw, const double *w, const Task *task, const void *sizes);
} Learner;

// w [count] = normal, of variance 1/inputs; other numbers for another seed or name.
void learner_draw(double *w, int count, int inputs, uint64_t seed, const char *name);

// Trains the weights w [doubles] of the start `seed` on all points at once, and returns the loss.
// The steps are those of Adam (chapter 07), since plain steps need a learning rate of its own for
// each layer; `rate` stays as it is.
enum { LEARNER_STEPS = 300 };
#define LEARNER_RATE 0.1
double learner_train(double *w, const Learner *learner, const Task *task, double rate,
                     uint64_t seed);

// ---- how sure one can be

double median(const double *sorted, int count);
// A quarter of the values is below the first quartile, a quarter above the third. which: 1 or 3
double quartile(const double *sorted, int count, int which);
void sort_doubles(double *values, int count); // NaN comes last

// In how many of `count` starts the loss a is below the loss b. A NaN is never ahead.
int starts_ahead(const double *a, const double *b, int count);
// The sign test: how often a fair coin falls heads at least `heads` times in `count` throws.
double sign_test(int heads, int count);

// ---- the scoreboard of chapters 01 to 06

enum { LEARNER_STARTS = 40 };

// Trains each learner on both tasks, prints the losses and which learner is ahead of which, and
// draws the losses if path is not NULL. chapter: the one whose rows stand out.
bool tasks_show(const char *chapter, const Learner *learners, int count, const char *path,
                Error *error);
// Prints the median losses at four learning rates, LEARNER_RATE among them.
void tasks_show_rates(const Learner *learners, int count);
#endif
