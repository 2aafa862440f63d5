#ifndef CHAPTERS_DEMO_H
#define CHAPTERS_DEMO_H
#include "reference/io/error.h"

// One experiment of a chapter's demo, chosen by the first argument.
typedef struct {
    const char *name;                            // "": without arguments
    const char *summary;                         // for the usage message
    int pictures;                                // how many names of picture files follow
    bool (*show)(char **pictures, Error *error); // pictures ends with NULL
} DemoPart;

// The main function of a demo: shows the part that the arguments name, or says how it is used.
// Returns the exit status.
int demo_main(const char *program, const DemoPart *parts, int parts_count, int count,
              char **arguments);
#endif
