#include "reference/cli/train_run.h"
#include "reference/config/config_json.h"
#include "reference/io/files.h"
#include "reference/train/loss_picture.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

Run run_new(const char *command) {
    return (Run){
        .command = command, .loss = NAN, .valid_loss = NAN, .usage = NAN, .progress = progress_new()
    };
}

void run_free(Run *run) {
    log_close(&run->log);
    trainer_free(&run->trainer);
}

bool run_resume(Run *run, const Backend *backend, const char *folder, const char *data,
                Error *error) {
    run->folder = folder;
    char *checkpoint = checkpoint_find(folder, error);
    if (checkpoint == NULL) return false;
    bool ok =
        strcmp(checkpoint, folder) != 0 ||
        fail(error, "%s: is a checkpoint; --resume wants the folder of the run it lies in", folder);
    ok = ok && trainer_resume(&run->trainer, backend, checkpoint, data, error);
    free(checkpoint);
    return ok;
}

// The first line of the log: what the run is and what it has to beat.
static json_t *describe(const Trainer *t, const Baselines *baselines) {
    json_t *object = json_object();
    ModelCost cost = model_cost(&t->config);
    json_object_set_new(object, "settings", settings_to_json(&t->settings));
    json_object_set_new(object, "model", config_to_json(&t->config));
    json_object_set_new(object, "data", json_string(t->corpus.path));
    json_object_set_new(object, "parameters", json_integer((json_int_t)cost.parameters));
    json_object_set_new(object, "flops_per_step",
                        json_integer((json_int_t)(3 * cost.layers.flops * (double)t->settings.B)));
    json_object_set_new(object, "baselines",
                        json_pack("{s:f,s:f,s:I}", "unigram", baselines->unigram, "trigram",
                                  baselines->trigram, "counted", (json_int_t)baselines->counted));
    return object;
}

// What a killed process had left to do after its last checkpoint or line. The log is locked.
static bool tidy(const char *folder, Error *error) {
    return checkpoint_keep(folder, CHECKPOINTS_KEPT, error) && loss_picture_write(folder, error);
}

bool run_open_log(Run *run, const Baselines *known, Error *error) {
    Baselines baselines;
    char *path = path_join(run->folder, "log.jsonl");
    bool there = path != NULL && path_exists(path);
    free(path);
    if (there) {
        return log_resume(&run->log, run->folder, run->trainer.step, error) &&
               tidy(run->folder, error);
    }
    if (known == NULL && !baselines_measure(&baselines, &run->trainer.corpus.train,
                                            &run->trainer.corpus.valid, error)) {
        return false;
    }
    return folder_make(run->folder, error) &&
           log_create(&run->log, run->folder,
                      describe(&run->trainer, known != NULL ? known : &baselines), error);
}
