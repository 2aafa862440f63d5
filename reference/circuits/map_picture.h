#ifndef REFERENCE_CIRCUITS_MAP_PICTURE_H
#define REFERENCE_CIRCUITS_MAP_PICTURE_H
#include "reference/draw/draw.h"
#include "reference/io/error.h"
#include <stdint.h>

// Labels of the points of a map: -1 to count-1; -1: none.
typedef struct {
    const int32_t *label; // [N]
    int count;
    const char *const *names; // [count]
} MapLabels;

typedef struct {
    const char *title;
    int N;
    const float *xy;  // [N,2]
    MapLabels groups; // colour the points; in the legend, largest first
    MapLabels words;  // named where most of their points are; count 0: the groups are
} MapPicture;

// The points in the colours of their groups, with names on the clusters where there is space, and a
// legend.
bool map_picture(DrawList *list, const MapPicture *picture, Error *error);

// Where a point is drawn in a picture of these points: for another one, such as a live one.
void map_place(float out[2], const MapPicture *picture, const float xy[2]);
#endif
