#ifndef CHAPTERS_SCOREBOARD_H
#define CHAPTERS_SCOREBOARD_H
#include "reference/draw/draw.h"
#include "reference/io/error.h"
#include <stdbool.h>

// The last section of each lesson: the same task, the loss of every chapter so far, and what the
// new one bought. chapters/README.md says what the tasks are and what may be compared.

typedef struct {
    const char *chapter; // "00"
    const char *name;
    double loss;
    const char *note; // printed beside the loss, such as what it cost; NULL: none
    double low, high; // where most losses of many starts are, around `loss`; 0: a single one
} Score;

// One task.
typedef struct {
    const char *title;   // what is lost, and on what
    const char *chapter; // of the demo that draws: its bars stand out
    const Score *scores; // [count], in the order of the chapters
    int count;
} Scoreboard;

// Prints the boards and, if path is not NULL, draws them, one board below the other: losses of a
// single start as bars from 0, losses of many as dots, each on a line from low to high, on an axis
// that has one tick per power of ten.
bool scoreboard_show(const Scoreboard *boards, int count, const char *path, Error *error);
// The picture: an empty list of the right size, and what is drawn into it.
DrawList scoreboard_new(const Scoreboard *boards, int count, Font *font);
void scoreboard_draw(DrawList *list, const Scoreboard *boards, int count);

// ---- the letters' task: stories of the toy corpus storyworld (datasets/), seed 1

#define LETTERS_TASK "Nats per letter, on 20 stories that were held out"

// The first of the stories that `make demo` trains on, and the first of those that it does not.
enum { COUNTED_FIRST = 0, COUNTED_STORIES = 100, HELD_OUT_FIRST = 19000, HELD_OUT_STORIES = 20 };

// A text as chapter 00 reads it: TEXT_START line ends, then the stories, each followed by two line
// ends. The caller frees it. NULL: out of memory.
char *stories_text(int first, int count);

// Prints letters in lines between bars, since spaces are letters too; a line end is a slash.
enum { LETTERS_PER_LINE = 76 };
void print_letters(const char *letters);
#endif
