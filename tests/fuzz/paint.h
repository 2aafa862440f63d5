#ifndef TESTS_FUZZ_PAINT_H
#define TESTS_FUZZ_PAINT_H
#include "reference/draw/paint.h"
#include "tests/fuzz/fuzz.h"

// Paints a list, which must not be longer than `most` commands, and frees it.
static inline void paint_and_free(DrawList *list, size_t most) {
    Picture picture;
    require(!list->failed && list->count <= most);
    require(picture_new(&picture, list->width, list->height, NULL));
    require(paint_list(&picture, list, NULL));
    picture_free(&picture);
    draw_free(list);
}
#endif
