#ifndef REFERENCE_CIRCUITS_ATTRIBUTION_PICTURE_H
#define REFERENCE_CIRCUITS_ATTRIBUTION_PICTURE_H
#include "reference/circuits/attribution.h"
#include "reference/draw/draw.h"

// The first `shown` terms as bars to the right and left of zero, the sum of the others, and the
// total. Clears the list and sets its size; at most 60 terms are shown, and the others are summed.
void attribution_picture(DrawList *list, const Attribution *attribution, int shown,
                         const char *title);
#endif
