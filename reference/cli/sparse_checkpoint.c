#include "reference/cli/sparse_checkpoint.h"
#include "reference/ffn/ffn.h"
#include <string.h>

static bool refuse_dense(const Checkpoint *checkpoint, Error *error) {
    char sparse[256] = "";
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        size_t used = strlen(sparse);
        if (ffn_kinds[i]->sparse)
            snprintf(sparse + used, sizeof sparse - used, " %s", ffn_kinds[i]->name);
    }
    return fail(error, "%s: a model with ffn=%s has no gates; train one with --ffn and one of:%s",
                checkpoint->path, checkpoint->model.config.ffn->name, sparse);
}

bool sparse_checkpoint_open(Checkpoint *out, const char *path, Error *error) {
    if (!checkpoint_open(out, path, error)) return false;
    if (out->model.config.ffn->sparse) return true;
    refuse_dense(out, error);
    checkpoint_close(out);
    return false;
}

bool recording_open_of(Recording *out, const char *path, const Checkpoint *checkpoint,
                       Error *error) {
    if (!recording_open(out, path, error)) return false;
    if (recording_matches(out, &checkpoint->model, checkpoint->tokenizer, error)) return true;
    recording_close(out);
    return false;
}
