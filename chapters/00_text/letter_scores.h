#ifndef CHAPTERS_00_TEXT_LETTER_SCORES_H
#define CHAPTERS_00_TEXT_LETTER_SCORES_H
#include "chapters/00_text/ngram.h"
#include "chapters/scoreboard.h"

// The losses of tables with 0, 1 and 2 letters of context.
enum { TABLES = 3 };

// Added to every count where nothing else is said.
#define SMALL_COUNT 0.01

// Counts `counted`, and writes the losses on `held_out`; both are texts (ngram.h) with letters of
// the alphabet. false: out of memory.
bool table_losses(double losses[TABLES], const Alphabet *alphabet, const char *counted,
                  const char *held_out, double extra);

// The first rows of the scoreboard: that of a machine that knows nothing, and those of the tables,
// with SMALL_COUNT.
enum { TABLE_SCORES = TABLES + 1 };
bool table_scores(Score scores[TABLE_SCORES], const Alphabet *alphabet, const char *counted,
                  const char *held_out);
#endif
