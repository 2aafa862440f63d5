#ifndef TESTS_GOLDEN_GOLDEN_CHAPTER_MODEL_H
#define TESTS_GOLDEN_GOLDEN_CHAPTER_MODEL_H
#include "chapters/07_language_model/language_model.h"
#include "tests/golden/golden_file.h"

// A config as chapter 07 writes it; the kind is one that the chapters know.
ModelSizes chapter_sizes(const Config *config);

// Chapter 07's whole model against an open file of golden/model/, to 1e-10: the same numbers as
// golden_check_model.
void golden_check_chapter_model(GoldenFile *golden);
#endif
