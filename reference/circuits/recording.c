#include "reference/circuits/recording.h"
#include <stdlib.h>
#include <string.h>

static size_t entry_count(const GatingRecord *record) {
    return gating_record_entry(record, record->T, 0, 0);
}

bool gating_record_sizes(GatingRecord *out, const Config *config, int T, Error *error) {
    *out = (GatingRecord){ .config = *config, .T = T, .L = config->L };
    if (!config->ffn->sparse)
        return fail(error, "a model with ffn=%s has no gatings to record", config->ffn->name);
    Gating shape = ffn_gating(config, NULL, 1);
    out->C = shape.C;
    out->K = config->ffn->ragged ? config->E : shape.K;
    out->F = shape.F;
    out->ragged = config->ffn->ragged;
    return true;
}

bool gating_record_new(GatingRecord *out, const Config *config, int T, Error *error) {
    if (!gating_record_sizes(out, config, T, error)) return false;
    size_t entries = entry_count(out);
    out->tokens = calloc((size_t)T, sizeof *out->tokens);
    out->index = malloc(entries * sizeof *out->index);
    out->score = calloc(entries, sizeof *out->score);
    if (out->tokens == NULL || out->index == NULL || out->score == NULL) {
        gating_record_free(out);
        return fail(error, "out of memory for the gatings of %d tokens", T);
    }
    for (size_t i = 0; i < entries; i++) out->index[i] = NO_EXPERT;
    return true;
}

void gating_record_free(GatingRecord *record) {
    free(record->tokens);
    free(record->index);
    free(record->score);
    *record = (GatingRecord){ .T = 0 };
}

// Copies token `from` of a gating, all channels, to position t.
static void record_token(GatingRecord *record, int t, int layer, const Gating *gating, int from) {
    size_t entry = gating_record_entry(record, t, layer, 0);
    size_t size = (size_t)record->C * (size_t)record->K, count = size, first = (size_t)from * size;
    if (gating->start != NULL) {
        first = (size_t)gating->start[from];
        count = (size_t)(gating->start[from + 1] - gating->start[from]);
    }
    for (size_t i = 0; i < size; i++) {
        bool chosen = i < count;
        record->index[entry + i] = chosen ? gating->index[first + i] : NO_EXPERT;
        record->score[entry + i] = chosen ? gating->score[first + i] : 0.0f;
    }
}

void gating_record_hook(void *context, int layer, Gating *gating) {
    GatingRecord *record = context;
    for (int from = 0; from < gating->N; from++) {
        int t = record->position + from;
        if (t >= 0 && t < record->T) record_token(record, t, layer, gating, from);
    }
}

// ---- files

bool gating_record_write(const GatingRecord *record, const char *path, Error *error) {
    int T = record->T, L = record->L, C = record->C, K = record->K;
    size_t entries = entry_count(record);
    SafeTensor tensors[] = {
        { "tokens", DTYPE_I32, 1, { T }, (size_t)T, record->tokens },
        { "index", DTYPE_I32, 4, { T, L, C, K }, entries, record->index },
        { "score", DTYPE_F32, 4, { T, L, C, K }, entries, record->score },
    };
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS];
    int count = config_settings(&record->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    return safetensors_write(path, tensors, 3, metadata, count, error);
}

// A tensor of the file with this dtype and shape; the others' size follows from T. NULL on failure.
static const SafeTensor *find(const Safetensors *file, const char *name, Dtype dtype, int rank,
                              const int64_t *shape, Error *error) {
    const SafeTensor *tensor = safetensors_find(file, name);
    if (tensor == NULL) {
        fail(error, "%s: no tensor '%s': not a recording of gatings", file->path, name);
        return NULL;
    }
    bool ok = tensor->dtype == dtype && tensor->rank == rank;
    for (int i = 0; ok && i < rank; i++) ok = tensor->shape[i] == shape[i];
    if (ok) return tensor;
    fail(error, "%s: tensor '%s' does not have the dtype and shape that the metadata say",
         file->path, name);
    return NULL;
}

static bool check_entries(const GatingRecord *record, const char *path, Error *error) {
    for (int t = 0; t < record->T; t++) {
        if (record->tokens[t] < 0 || record->tokens[t] >= record->config.V) {
            return fail(error, "%s: tokens[%d] is %d, expected 0 to %d", path, t,
                        (int)record->tokens[t], record->config.V - 1);
        }
    }
    for (size_t i = 0; i < entry_count(record); i++) {
        int32_t index = record->index[i];
        if (index >= record->F || index < NO_EXPERT) {
            return fail(error, "%s: index[%zu] is %d, expected 0 to %d, or %d for none", path, i,
                        (int)index, record->F - 1, NO_EXPERT);
        }
    }
    return true;
}

static bool read_record(GatingRecord *out, const Safetensors *file, Error *error) {
    Config config;
    GatingRecord sizes;
    const SafeTensor *tokens = safetensors_find(file, "tokens");
    int64_t T = tokens != NULL && tokens->rank == 1 ? tokens->shape[0] : 0;
    if (T < 1 || T > INT32_MAX)
        return fail(error, "%s: no tokens: not a recording of gatings", file->path);
    if (!ffn_config_from_metadata(&config, file, error)) return false;
    if (!gating_record_sizes(&sizes, &config, (int)T, error)) return false;
    int64_t shape[] = { T, sizes.L, sizes.C, sizes.K };
    const SafeTensor *index = find(file, "index", DTYPE_I32, 4, shape, error);
    const SafeTensor *score =
        index != NULL ? find(file, "score", DTYPE_F32, 4, shape, error) : NULL;
    if (score == NULL || find(file, "tokens", DTYPE_I32, 1, shape, error) == NULL) return false;
    if (!gating_record_new(out, &config, (int)T, error)) return false;
    safetensor_to_ints(out->tokens, tokens);
    safetensor_to_ints(out->index, index);
    safetensor_to_floats(out->score, score);
    if (check_entries(out, file->path, error)) return true;
    gating_record_free(out);
    return false;
}

bool gating_record_read(GatingRecord *out, const char *path, Error *error) {
    Safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    bool ok = read_record(out, &file, error);
    safetensors_close(&file);
    return ok;
}
