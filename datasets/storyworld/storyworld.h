#ifndef DATASETS_STORYWORLD_STORYWORLD_H
#define DATASETS_STORYWORLD_STORYWORLD_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A seeded generator of English stories in the style of TinyStories with known ground truth: facts
// that are true in every story, and word classes. Story i is a pure function of (seed, i), the same
// on every machine (integer arithmetic only). Uses nothing but libc.

// Writes story i to out, at most size-1 bytes and a NUL, and returns its length without the NUL.
// STORYWORLD_STORY_MAX bytes are always enough.
enum { STORYWORLD_STORY_MAX = 4096 };
size_t storyworld_story(char *out, size_t size, uint64_t seed, uint64_t i);

// Tab-separated tables with a header line: facts.tsv (noun, adjective), classes.tsv (word, class).
void storyworld_write_facts(FILE *out);
void storyworld_write_classes(FILE *out);
#endif
