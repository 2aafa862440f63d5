#ifndef REFERENCE_SUPPORT_DEMO_H
#define REFERENCE_SUPPORT_DEMO_H
#include "reference/io/error.h"

// One experiment of a chapter's demo. picture is where it is to be drawn, NULL: it is not.
typedef struct {
    const char *name, *summary;
    bool (*show)(const char *picture, Error *error);
    bool draws;
} DemoPart;

// The main function of a demo, `PROGRAM PART [PICTURE.png]`: shows the part, or says how it is
// used. Returns the exit status.
int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments);
#endif
