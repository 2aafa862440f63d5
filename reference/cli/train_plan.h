#ifndef REFERENCE_CLI_TRAIN_PLAN_H
#define REFERENCE_CLI_TRAIN_PLAN_H
#include "reference/train/trainer.h"

// Prints on stderr what a run trains, and the memory and disk space it needs. Fails when the disk
// of the run's folder has not enough.
bool print_plan(const Trainer *trainer, const char *folder, Error *error);

// Prints a warning on stderr when the model's layers are not causal.
void print_causality(const Config *config);
#endif
