#ifndef TESTS_HARNESS_FAKE_SCENE_H
#define TESTS_HARNESS_FAKE_SCENE_H
#include "visualizer/scene.h"

// A scene without a model, to draw: a story of invented words and gatings that are the same on
// every machine, with everything a panel may show.
typedef struct {
    const char *kind;  // of the feed-forward layer; NULL: sgatlin
    int L, C, n, K;    // F = n²; of a moe F and E are n, and K experts per token; 0: 4, 4, 16, 8
    int tokens;        // of the story; 0: 60
    bool long_words;   // some words are longer than a line
    bool no_recording; // no neighbours, no map, no usage
    bool no_classes;
    bool training; // losses and a settling grid
    bool patched;  // the story has another end than before
} FakeScene;

// Fails the running test when out of memory.
void fake_scene(Scene *out, const FakeScene *fake);
void fake_scene_free(Scene *scene); // with its lexicon
#endif
