#ifndef CHAPTERS_10_PATCHING_PICTURES_H
#define CHAPTERS_10_PATCHING_PICTURES_H
#include "chapters/10_patching/effect.h"
#include "reference/io/error.h"

// The lesson's pictures, each a PNG.

// Two bars per row of a table: the effect, and how often the other's word comes first.
bool draw_controls(const char *path, const char *const *names, const EffectSums *rows, int count,
                   Error *error);

// How often the other's word comes first, by layer and position: one grid per panel.
enum { PLACES_L = 2, PLACES_T = 6 };
typedef struct {
    const char *title, *words[PLACES_T]; // the first T
    int T;
    float share[PLACES_L * PLACES_T]; // [L,T]
} PlacesPanel;
// Panels [rows,columns].
bool draw_places(const char *path, const PlacesPanel *panels, int rows, int columns, Error *error);

// One bar per named number, to the right if it is above 0.
bool draw_terms(const char *path, const char *title, const char (*names)[64], const double *values,
                int count, Error *error);
#endif
