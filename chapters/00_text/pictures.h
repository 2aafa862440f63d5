#ifndef CHAPTERS_00_TEXT_PICTURES_H
#define CHAPTERS_00_TEXT_PICTURES_H
#include "chapters/00_text/ngram.h"
#include "reference/io/error.h"

// The pictures of the lesson, apart from the scoreboard.

// The rows and columns of the picture of pairs.
extern const char *const pair_letters;
// How probable `next` is after `letter`, in a table of one letter of context; 0 for letters that do
// not occur.
double pair_probability(const Ngram *table, char letter, char next);
bool pairs_picture(const Ngram *table, const char *path, Error *error);

// -ln p against p, with the surprise at one of V letters marked.
bool surprise_picture(int V, const char *path, Error *error);
#endif
