#ifndef CHAPTERS_07_LANGUAGE_MODEL_EXERCISES_HEAD_H
#define CHAPTERS_07_LANGUAGE_MODEL_EXERCISES_HEAD_H
#include <stdbool.h>

// One attention head over T tokens of width D, without norms and without an output matrix.
enum { MAX_D = 16 };

typedef struct {
    double *query, *key, *value; // [D,D]
} HeadWeights;

// What forward saves for backward; backward has another one for the gradients.
typedef struct {
    double *query, *key, *value; // [T,D]; query and key rotated, if they are
    double *weights;             // [T,T]
} HeadSaved;

// context [T,D] from x [T,D]; rotates: query and key of token t are rotated by position t (rope).
void head_forward(double *context, const HeadSaved *saved, const double *x, const HeadWeights *w,
                  int T, int D, bool rotates);

// dx [T,D] is written, dw added to. dcontext [T,D] is not changed.
void head_backward(double *dx, const HeadWeights *dw, const HeadSaved *gradients, double *dcontext,
                   const HeadSaved *saved, const double *x, const HeadWeights *w, int T, int D,
                   bool rotates);
#endif
