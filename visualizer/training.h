#ifndef VISUALIZER_TRAINING_H
#define VISUALIZER_TRAINING_H
#include "reference/train/run.h"
#include "visualizer/scene.h"

// Training in a thread of its own, with pause and step. It writes its run's folder as `sgatlin
// train` does; what is shown of it is read from there (run_watch.h), but for how often each neuron
// fired.
typedef struct Training Training;

// Takes over the trainer and the log, which are open, and trains to the end, or until it is
// stopped. The folder's name must outlive it. NULL on failure: the trainer is freed and the log
// closed.
Training *training_start(Trainer *trainer, RunLog *log, const char *folder, Error *error);
// Ends after the step that it is in, with a checkpoint; waits for that. false: training failed or
// diverged, and the error says why. NULL is fine.
bool training_stop(Training *training, Error *error);

bool training_ended(Training *training);
void training_pause(Training *training, bool paused);
void training_step(Training *training); // one step, while paused
// scene.training.mode, running, step and fired; false: nothing is new.
bool training_show(Training *training, Scene *scene);
#endif
