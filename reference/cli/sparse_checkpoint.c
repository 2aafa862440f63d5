#include "reference/cli/sparse_checkpoint.h"
#include "reference/ffn/ffn.h"

bool sparse_checkpoint_open(Checkpoint *out, const char *path, Error *error) {
    if (!checkpoint_open(out, path, error)) return false;
    Error why;
    if (ffn_has_gating(&out->model.config, &why)) return true;
    fail(error, "%s: %s", out->path, why.text);
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
