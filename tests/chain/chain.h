#ifndef TESTS_CHAIN_CHAIN_H
#define TESTS_CHAIN_CHAIN_H
#include "reference/check/layer_numbers.h"

// chapters ← reference: one feed-forward layer of the fast rung held against the plain one, in the
// three steps that sparse layers need (the house style): the scores, the choice, and the output
// given the same choice.

// What was seen on the way: worst errors, relative to rms, and of how many choices (a token's of a
// channel, or a pool's) some were others.
typedef struct {
    double scores, forward, backward;
    long rows, other_choices;
} Seen;

// One layer on the same numbers, four times: each rung by itself, and each given the chapter's
// choice, with scores that a float holds. Dense layers choose nothing: theirs are `reference` and
// `chapter` alone.
typedef struct {
    LayerNumbers own_reference, own_chapter, reference, chapter;
} Chain;

// False: where they part, in one line.
bool chain_holds(const Chain *chain, Seen *seen, Error *error);
#endif
