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

// Where the points of a map are drawn: one scale for both directions, with the map in the middle of
// an area.
typedef struct {
    float low[2], scale, shift[2];
} MapPlace;
// low, high: of the coordinates of all points.
MapPlace map_fit(const float low[2], const float high[2], Rect area);
void map_place(float out[2], const MapPlace *place, const float xy[2]);

// Draws a name above `at`, or else below it, inside the area and on a background of its own. False:
// there it would overlap one of `drawn` [count]. *out: where it is.
bool map_name(Rect *out, DrawList *list, Rect area, const float at[2], const char *name,
              Color color, Color background, const Rect *drawn, int count);
#endif
