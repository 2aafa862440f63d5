#ifndef DATASETS_STORYWORLD_STORYWORLD_H
#define DATASETS_STORYWORLD_STORYWORLD_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A small seeded world of TinyStories-like English with a known truth: facts that hold in every
// story and classes of words. Story i of a seed is a pure function of (seed, i): the same on every
// machine, whole numbers only.
// A leaf: uses nothing but libc.

// Writes story i into out (at most size-1 bytes and a NUL) and returns its length without the NUL.
// STORYWORLD_STORY_MAX bytes are always enough.
enum { STORYWORLD_STORY_MAX = 4096 };
size_t storyworld_story(char *out, size_t size, uint64_t seed, uint64_t i);

// Tab-separated tables with a header line: facts.tsv (noun, adjective), classes.tsv (word, class).
void storyworld_write_facts(FILE *out);
void storyworld_write_classes(FILE *out);
#endif
