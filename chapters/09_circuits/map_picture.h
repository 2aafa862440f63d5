#ifndef CHAPTERS_09_CIRCUITS_MAP_PICTURE_H
#define CHAPTERS_09_CIRCUITS_MAP_PICTURE_H
#include "reference/io/error.h"

// One map of a picture: its points y [N,2], in the colors of their classes [N]; those below 0 are
// dim.
typedef struct {
    const char *title;
    const double *y;
    const int *classes;
} MapPanel;

// Three panels side by side, and a legend of the classes above them.
bool map_picture_write(const char *path, const MapPanel *panels, int count, int N,
                       const char *const *class_names, int classes, Error *error);
#endif
