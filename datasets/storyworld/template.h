#ifndef DATASETS_STORYWORLD_TEMPLATE_H
#define DATASETS_STORYWORLD_TEMPLATE_H
#include <stddef.h>
#include <stdint.h>

// A small language for texts with random variation that stay grammatical.
//
//   (a|b|)        one of the alternatives with equal probability; up to 32; may be nested or empty
//   [rule]        the text of that rule, which is a template too
//   {ball}        a word: drawn from the class "ball" when first used in a story, then always the
//                 same; {ball2} is another word of that class
//   {hero=girl}   draws a new word of the class "girl" for the slot "hero" and writes nothing
//   {-turtle}     excludes "turtle" from being drawn in the rest of the story
//   {ball.form}   another form of the word, see below; {Ball.form} starts with a capital letter
//   <Hello!>      direct speech in double quotes
//
// Several spaces become one, and spaces at the start or end of a line are dropped, so optional
// parts need no care. Unknown names are written unchanged with their brackets, so tests can find
// them.
//
// Forms: .a (a ball, an apple), .s (balls), .he .him .his (the word's pronouns), .who (who, which),
// .is (what it is: a girl, slow), .all ("turtles were", "the wind was"), .does and .so (templates
// of the word).

// WHO is an animal: "it", but "who" ("the turtle, who was slow").
typedef enum { IT, SHE, HE, WHO } Pronoun;

typedef struct {
    const char *text;   // the word
    const char *plural; // NULL: none, there is only one ("wind")
    // of a character: what it is ("dog"); of a fact's noun: the adjective ("slow")
    const char *is;
    const char *does; // of a fact's noun: what it does, a predicate
    const char *so;   // of a fact's noun: a consequence of the fact, a clause
    Pronoun pronoun;
} Word;

typedef struct {
    const char *name;
    const Word *words;
    int count;
} WordClass;

typedef struct {
    const char *name, *text;
} Rule;

// Both arrays end with a NULL name.
typedef struct {
    const Rule *rules;
    const WordClass *classes;
} Grammar;

// Expands the rule `start` into out, at most size-1 bytes and a NUL, and returns the length. `key`
// seeds the draws. A pure function of grammar and key (integer arithmetic only).
size_t template_expand(char *out, size_t size, const Grammar *grammar, const char *start,
                       uint64_t key);
#endif
