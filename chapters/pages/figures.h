#ifndef CHAPTERS_PAGES_FIGURES_H
#define CHAPTERS_PAGES_FIGURES_H
#include "reference/io/error.h"
#include "reference/io/json.h"

// The numbers of an interactive figure. What draws it, figures/NAME.js, computes the same as the
// chapter's C code, and member `checks` proves it: an array of settings, each with what the C code
// makes of them.
json_t *figure_numbers(const char *name, Error *error); // NULL: failed

// One each. NULL: out of memory.
json_t *neuron_numbers(void);   // chapter 01: seven points, and the neuron that learns them
json_t *keys_numbers(void);     // chapter 04: two lists of sub-scores
json_t *plane_numbers(void);    // chapter 06: a layer, and a plane of inputs
json_t *sampling_numbers(void); // chapter 07: the logits of a trained model for one sentence
json_t *roofline_numbers(void); // chapter 08: the parts of five layers

json_t *json_reals(const double *values, size_t count);
json_t *json_integers(const int *values, size_t count);
#endif
