#ifndef REFERENCE_CLI_TRAIN_PROGRESS_H
#define REFERENCE_CLI_TRAIN_PROGRESS_H
#include "reference/train/run.h"

// run_train as a command runs it: Ctrl-C stops it, and its progress is printed on stderr, in place
// on a terminal and from time to time elsewhere; so is the error, when it diverges or fails.
// command is argv[0].
RunEnd train_with_progress(const char *command, Trainer *trainer, const char *folder, RunLog *log);
#endif
