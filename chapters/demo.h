#ifndef CHAPTERS_DEMO_H
#define CHAPTERS_DEMO_H
#include "reference/io/error.h"

typedef enum { NO_PICTURE, WITH_PICTURE, ONLY_PICTURE } DemoPicture;

// One experiment of a chapter's demo: build/chapter-NN NAME [--picture FILE].
typedef struct {
    const char *name, *summary; // one line of --help
    DemoPicture draws;
    // Prints, and draws a PNG unless picture is NULL.
    bool (*show)(const char *picture, Error *error);
} DemoPart;

// The main function of a demo: shows the part that the arguments name, or the first one. Returns
// the exit status: 0 done, 1 failed, 2 wrong usage.
int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments);
#endif
