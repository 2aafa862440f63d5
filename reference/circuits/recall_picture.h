#ifndef REFERENCE_CIRCUITS_RECALL_PICTURE_H
#define REFERENCE_CIRCUITS_RECALL_PICTURE_H
#include "reference/circuits/recall.h"
#include "reference/draw/draw.h"

// A heat map: one grid for each measure, one row per place and layers, one column per control.
// Clears the list and sets its size.
void recall_picture(DrawList *list, const RecallTable *table, const char *title);
#endif
