#ifndef REFERENCE_TRAIN_SETTINGS_H
#define REFERENCE_TRAIN_SETTINGS_H
#include "reference/data/batches.h"
#include "reference/io/json.h"
#include "reference/train/optimizer.h"

// How a model is trained; the counterpart of Config, set through the same --set. Every field is a
// row of one table in settings.c. Integers are int64_t so that one kind of row serves all of them.
typedef struct {
    int64_t B, steps, seed;          // B: sequences per step
    int64_t micro_batch;             // of them at a time, see backend.h
    double peak, clip, weight_decay; // of AdamW; clip 0: none
    int64_t warmup, constant, decay; // steps; SETTING_AUTO until settings_finish
    int64_t batching;                // a BatchMode
    // in steps; 0: only at the end
    int64_t log_every, eval_every, eval_batches, checkpoint_every;
} TrainSettings;

enum { SETTING_AUTO = -1 };

TrainSettings settings_default(void);

// Sets one setting by name. *found is false (and the result true) when training has no setting of
// this name.
bool settings_set(TrainSettings *settings, const char *name, const char *value, bool *found,
                  Error *error);

// Fills in the parts of the schedule that are SETTING_AUTO: decay a fifth of the steps, warm-up the
// smaller of max_warmup and a tenth, constant the rest. Refuses parts that do not add up to
// `steps`.
bool settings_finish(TrainSettings *settings, int64_t max_warmup, Error *error);
Schedule settings_schedule(const TrainSettings *settings);

// All settings with their meaning, one per line, for --help. The caller frees it; NULL: out of
// memory.
char *settings_help(void);

json_t *settings_to_json(const TrainSettings *settings); // NULL: out of memory
// Every setting must be present, of the right type and within its limits. `where` names the file in
// messages.
bool settings_from_json(TrainSettings *out, const json_t *object, const char *where, Error *error);
#endif
