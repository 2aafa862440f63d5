#ifndef REFERENCE_TRAIN_SETTINGS_H
#define REFERENCE_TRAIN_SETTINGS_H
#include "reference/data/batches.h"
#include "reference/io/json.h"
#include "reference/train/optimizer.h"

// How a model is trained; the counterpart of Config, set through the same --set. Every field is a
// row of one table in settings.c. Whole numbers are int64_t so that one row kind serves all of
// them.
typedef struct {
    int64_t B, steps, seed;          // sequences a step
    double peak, clip, weight_decay; // of AdamW; clip 0: none
    // steps of the schedule's parts; SETTING_AUTO until settings_finish
    int64_t warmup, constant, decay;
    int64_t batching; // a BatchMode
    // in steps; every 0: only at the end
    int64_t log_every, eval_every, eval_batches, checkpoint_every;
} TrainSettings;

enum { SETTING_AUTO = -1 };

TrainSettings settings_default(void);

// One setting by name. found is false (and the result true) when the name is no setting of
// training.
bool settings_set(TrainSettings *settings, const char *name, const char *value, bool *found,
                  Error *error);

// Fills what was left to the number of steps: decay a fifth, warm-up the smaller of warmup_most and
// a tenth, the rest constant. Refuses parts that do not add up to `steps`.
bool settings_finish(TrainSettings *settings, int64_t warmup_most, Error *error);
Schedule settings_schedule(const TrainSettings *settings);

// The names of all settings with what they mean, one a line, for --help. The caller frees it; NULL:
// out of memory.
char *settings_help(void);

json_t *settings_to_json(const TrainSettings *settings); // NULL: out of memory
// Every setting must be there, of the right type and within its limits; `where` names the file in
// messages.
bool settings_from_json(TrainSettings *out, const json_t *object, const char *where, Error *error);
#endif
