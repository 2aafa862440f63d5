#ifndef DATASETS_STORYWORLD_TEMPLATE_H
#define DATASETS_STORYWORLD_TEMPLATE_H
#include <stddef.h>
#include <stdint.h>

// A small language for texts that come out differently each time, and always grammatical.
//
//   (a|b|)          one of the alternatives, each as likely; up to 32; they nest, and one may be empty
//   [rule]          the text of that rule, itself a template
//   {ball}          a word: drawn from the class of that name at its first use in a story, and kept; {ball2} is another
//   {hero=girl}     draws a new word of the class "girl" for the slot "hero" and writes nothing
//   {-turtle}       keeps "turtle" from being drawn in the rest of the story
//   {ball.form}     the word in another form, see below; {Ball.form} begins with a capital letter
//   <Hello!>        speech in double quotes
//
// Spaces that meet become one, and none stands at the start or the end of a line, so optional parts
// need no care. What is not known is written as it stands, brackets and all, where a test can see
// it.
//
// Forms: .a (a ball, an apple), .s (balls), .he .him .his (after the word's pronoun), .who (who,
// which),
//        .is (what it is: a girl, slow), .all ("turtles were", "the wind was"), .does and .so (templates of the word).

// WHO: an animal, "it" and "who" ("the turtle, who was slow")
typedef enum { IT, SHE, HE, WHO } Pronoun;

typedef struct {
    const char *text;   // the word
    const char *plural; // NULL: there is but one ("wind")
    // of a character what it is ("dog"), of a fact's noun its adjective ("slow")
    const char *is;
    const char *does; // of a fact's noun: what it does, to follow it in a sentence
    const char *so;   // of a fact's noun: what follows from the fact, a clause of its own
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

// Ended by a row whose name is NULL.
typedef struct {
    const Rule *rules;
    const WordClass *classes;
} Grammar;

// Writes the rule `start`, expanded with the draws of `key`, into out (at most size-1 bytes and a
// NUL), and returns the length. A pure function of grammar and key; whole numbers only.
size_t template_expand(char *out, size_t size, const Grammar *grammar, const char *start,
                       uint64_t key);
#endif
