#ifndef VISUALIZER_SNAPSHOT_H
#define VISUALIZER_SNAPSHOT_H
#include "reference/draw/picture.h"
#include <stddef.h>

// Saves a picture as sgatlin-0001.png, or with the first number that is free, in a thread of its
// own: a large one takes a second.
typedef struct Snapshot Snapshot;

// Of a copy of the picture, in a folder (NULL: the current one). `wake` is called at the end, in
// that thread. NULL on failure.
Snapshot *snapshot_start(const Picture *picture, const char *folder, void (*wake)(void),
                         Error *error);
bool snapshot_is_done(Snapshot *snapshot);
// Waits until it is done and frees it. `said` [size] becomes a line for the reader: where the
// picture is, or what went wrong. NULL is fine: `said` stays.
bool snapshot_end(Snapshot *snapshot, char *said, size_t size);
#endif
