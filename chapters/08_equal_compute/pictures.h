#ifndef CHAPTERS_08_EQUAL_COMPUTE_PICTURES_H
#define CHAPTERS_08_EQUAL_COMPUTE_PICTURES_H
#include "chapters/07_language_model/feed_forward.h"
#include "reference/io/error.h"

// How fast a data centre's GPU can compute the layers of models of these sizes, one of each kind:
// the roofline (Williams, Waterman, Patterson 2009). sizes [FEED_FORWARD_LAYERS]
bool roofline_picture(const ModelSizes *sizes, const char *scale, const char *path, Error *error);

// What the runs of the lesson came to: perplexity against parameters, at three scales of each kind.
enum { RESULT_SCALES = 3 };
bool results_picture(const ModelSizes (*sizes)[RESULT_SCALES], const char *path, Error *error);
#endif
