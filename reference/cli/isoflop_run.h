#ifndef REFERENCE_CLI_ISOFLOP_RUN_H
#define REFERENCE_CLI_ISOFLOP_RUN_H
#include "reference/isoflop/study.h"

// Trains the cells that are not done, and prints the tables. Returns the exit status.
int study_run(Study *study);
// Prints a table of the cells with their expected times.
void study_dry_run(Study *study);
#endif
