#ifndef REFERENCE_CLI_TRAIN_OPTIONS_H
#define REFERENCE_CLI_TRAIN_OPTIONS_H
#include "reference/cli/options.h"
#include "reference/train/run.h"

// The options of `sgatlin train`: what to train, and where. The visualizer takes them too.
typedef struct {
    const char *data, *out, *resume, *preset, *ffn;
    const Backend *backend;
    SetWords words;       // of --set and of the options that are short for one
    const char *settings; // the first option that --resume does not allow, NULL: none
    int threads;
} TrainOptions;

// Parses and checks them; 0, or the exit status: what is wrong was printed.
int train_options_parse(TrainOptions *out, int argc, char **argv);
void train_options_free(TrainOptions *options);

const char *train_options_run(const TrainOptions *options); // the run's folder
// Opens the trainer of a new run, or of one that continues. Close the log in any case, and free the
// trainer, which may be empty. *misused: the settings are wrong.
bool train_options_open(Trainer *out, RunLog *log, const TrainOptions *options, bool *misused,
                        Error *error);
#endif
