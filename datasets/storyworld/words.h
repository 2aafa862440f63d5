#ifndef DATASETS_STORYWORLD_WORDS_H
#define DATASETS_STORYWORLD_WORDS_H
#include "datasets/storyworld/template.h"

// The lexicon: what slots are filled with, what is true, and what kind of word each is.

// Every fact of the world: noun (text), adjective (is), and what the tellings need besides.
extern const Word storyworld_facts[];
extern const int storyworld_fact_count;

// The classes that slots draw from, ended by a row whose name is NULL.
extern const WordClass storyworld_classes[];

// The semantic class of each word, for classes.tsv: words in a row are parted by spaces. Ended by
// NULL.
typedef struct {
    const char *name, *words;
} Meaning;
extern const Meaning storyworld_meanings[];

// The plots and all they are made of; the rule "story" is a whole story. Ended by a row whose name
// is NULL.
extern const Rule storyworld_rules[];
#endif
