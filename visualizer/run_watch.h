#ifndef VISUALIZER_RUN_WATCH_H
#define VISUALIZER_RUN_WATCH_H
#include "visualizer/scene.h"

// Follows a run that another thread or process is training: its log, line by line, its checkpoints,
// and whether the process is still there. It only reads.
typedef struct {
    const char *run;
    bool own;          // a thread of this process trains it
    char *checkpoint;  // the newest that was seen; NULL: none yet
    uint64_t identity; // of its folder: a run that was replaced by another has the same names
    int64_t log_size;  // of the log, when it was read last; -1: not read yet
} RunWatch;

// own: a thread of this process trains the run, and who looks says whether it does.
RunWatch run_watch_new(const char *run, bool own);
void run_watch_free(RunWatch *watch);

// Reads the log into scene.training where it has grown. *newer: there is another checkpoint than
// before, at watch->checkpoint. false: the run is gone, or its log cannot be read or is damaged;
// what was read before stays.
bool run_watch_look(RunWatch *watch, Scene *scene, bool *newer, Error *error);
#endif
