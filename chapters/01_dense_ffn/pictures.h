#ifndef CHAPTERS_01_DENSE_FFN_PICTURES_H
#define CHAPTERS_01_DENSE_FFN_PICTURES_H
#include "chapters/01_dense_ffn/neuron.h"
#include "reference/io/error.h"

// The pictures of the lesson that are more than a chart.

// A plus sign of half the width w and the height h at each point (x, y), as one stroke that never
// goes left: 7 vertices (px, py) per point, the last of which breaks the line.
void plus_signs(double *px, double *py, const double *x, const double *y, int points, double w,
                double h);
// gelu and its slope. For a DemoPart.
bool gelu_picture(const char *picture, Error *error);
// Dot products of vectors and the angle between them. For a DemoPart.
bool dot_picture(const char *picture, Error *error);

// What layers make of the points (x, target): one panel for each, with its curve through
// (line_x, line).
enum { FIT_PANELS = 6 };
typedef struct {
    const double *x, *target; // [points]
    int points;
    const double *line_x; // [line_points], from -2 to 2
    int line_points;
    struct {
        char name[32];
        double loss;
        const double *line; // [line_points]
    } panels[FIT_PANELS];
} FitCurves;
bool fits_picture(const FitCurves *fits, const char *path, Error *error);

// Points to learn, and a neuron before its first step. x, target [points]
typedef struct {
    const double *x, *target;
    int points;
    Neuron start;
    double learning_rate;
} NeuronTask;

// The loss against `out`, with the steps that move only `out`, at three learning rates.
bool steps_picture(const NeuronTask *task, const char *path, Error *error);
// The loss over bias and out, with the path of the steps that move only these two.
bool valley_picture(const NeuronTask *task, const char *path, Error *error);
#endif
