#ifndef CHAPTERS_07_LANGUAGE_MODEL_PICTURES_H
#define CHAPTERS_07_LANGUAGE_MODEL_PICTURES_H
#include "reference/io/error.h"

// The pictures of the lesson that need no trained model, each for a DemoPart.

// The parts of the toy sgatlin model, with the shapes of what passes between them.
bool model_picture(const char *picture, Error *error);
// One query, two keys and two values.
bool pair_picture(const char *picture, Error *error);
// Points that rope() rotates, as the hands of clocks.
bool rope_picture(const char *picture, Error *error);
#endif
