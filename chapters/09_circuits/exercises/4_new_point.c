// Exercise 09-4. A new point in an old map.
//
// A map takes a second to draw. A program that follows a story word by word cannot draw it again
// for each word: it puts the new gating into the old map. Give it the mean of the places of its k
// nearest, each weighted as in the fuzzy graph: exp(-max(distance - rho, 0) / sigma), with rho and
// sigma as neighbour_scales finds them.
//
// place [2]; distances [k] of the nearest in ascending order, index [k] their numbers in the map y
// [N,2]. neighbour_scales expects the point itself first, at distance 0: work [k+1] is for that.
//
// Check with: make exercise-09-4
#include "chapters/09_circuits/fuzzy_graph.h"

void place_point(double *place, double *work, const double *distances, const int *index,
                 const double *y, int k) {
    (void)work, (void)distances, (void)index, (void)y, (void)k;
    place[0] = place[1] = 0.0; // yours to write
}
