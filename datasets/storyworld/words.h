#ifndef DATASETS_STORYWORLD_WORDS_H
#define DATASETS_STORYWORLD_WORDS_H
#include "datasets/storyworld/template.h"

// The lexicon: the words that fill slots, the facts, and the semantic class of each word.

// The facts: noun (text), adjective (is), and the phrases that state them.
extern const Word storyworld_facts[];
extern const int storyworld_fact_count;

// The classes that slots draw from; ends with a NULL name.
extern const WordClass storyworld_classes[];

// The semantic classes, for classes.tsv; words are separated by spaces. Ends with a NULL name.
typedef struct {
    const char *name, *words;
} Meaning;
extern const Meaning storyworld_meanings[];

// The plots and their parts; the rule "story" is a whole story. Ends with a NULL name.
extern const Rule storyworld_rules[];
#endif
