#ifndef TESTS_CHAIN_CHAPTER_MODEL_H
#define TESTS_CHAIN_CHAPTER_MODEL_H
#include "chapters/07_language_model/language_model.h"
#include "reference/model/model.h"

// Chapter 07's model with the shape and the weights of the reference's. Tensors of other names,
// shapes or decay fail the test. Free with language_model_free.
LanguageModel chapter_model_of(const Model *model);
#endif
