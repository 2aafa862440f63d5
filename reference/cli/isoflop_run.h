#ifndef REFERENCE_CLI_ISOFLOP_RUN_H
#define REFERENCE_CLI_ISOFLOP_RUN_H
#include "reference/isoflop/study.h"

// Trains what is not done yet, and prints the tables. Returns the exit status.
int study_run(Study *study);
// Prints what each cell is and how long it will take.
void study_dry_run(Study *study);
#endif
