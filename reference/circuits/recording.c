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

void gating_record_hook(void *context, const GatingEvent *event) {
    GatingRecord *record = context;
    int N = event->gating->N;
    for (int row = N - event->fresh; row < N; row++) {
        int t = event->position + row - record->first;
        if (t < 0 || t >= record->T) continue;
        if (event->tokens != NULL) record->tokens[t] = event->tokens[row];
        record_token(record, t, event->layer, event->gating, row);
    }
}

// ---- files

static bool check_entries(const GatingRecord *record, const char *path, Error *error) {
    size_t entries = entry_count(record), K = (size_t)record->K;
    for (int t = 0; t < record->T; t++) {
        if (record->tokens[t] < 0 || record->tokens[t] >= record->config.V) {
            return fail(error, "%s: tokens[%d] is %d, expected 0 to %d", path, t,
                        (int)record->tokens[t], record->config.V - 1);
        }
    }
    for (size_t i = 0; i < entries; i++) {
        int index = record->index[i];
        if (index < NO_EXPERT || index >= record->F) {
            return fail(error, "%s: index[%zu] is %d, expected 0 to %d, or %d for none", path, i,
                        index, record->F - 1, NO_EXPERT);
        }
        if (i % K > 0 && index != NO_EXPERT && record->index[i - 1] == NO_EXPERT)
            return fail(error, "%s: index[%zu] is %d, expected %d as before it", path, i, index,
                        NO_EXPERT);
    }
    return true;
}

// The tensors of a record: name, dtype and shape; index and score are [T,L,C,K].
enum { TENSORS = 3 };
static void list_tensors(SafeTensor out[TENSORS], const GatingRecord *record) {
    int64_t T = record->T, L = record->L, C = record->C, K = record->K;
    size_t entries = entry_count(record);
    out[0] = (SafeTensor){ "tokens", DTYPE_I32, 1, { T }, (size_t)T, record->tokens };
    out[1] = (SafeTensor){ "index", DTYPE_I32, 4, { T, L, C, K }, entries, record->index };
    out[2] = (SafeTensor){ "score", DTYPE_F32, 4, { T, L, C, K }, entries, record->score };
}

bool gating_record_write(const GatingRecord *record, const char *path, Error *error) {
    SafeTensor tensors[TENSORS];
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS];
    if (record->T < 1) return fail(error, "%s: there are no tokens to write", path);
    if (!check_entries(record, path, error)) return false;
    list_tensors(tensors, record);
    int count = config_settings(&record->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    return safetensors_write(path, tensors, TENSORS, metadata, count, error);
}

// Whether the file has the tensors of a record with these sizes, and no other.
static bool check_tensors(const GatingRecord *sizes, const Safetensors *file, Error *error) {
    SafeTensor expected[TENSORS];
    list_tensors(expected, sizes);
    for (int i = 0; i < TENSORS; i++) {
        const SafeTensor *tensor = safetensors_find(file, expected[i].name);
        if (tensor == NULL)
            return fail(error, "%s: no tensor '%s': not a recording of gatings", file->path,
                        expected[i].name);
        bool same = tensor->dtype == expected[i].dtype && tensor->rank == expected[i].rank &&
                    memcmp(tensor->shape, expected[i].shape,
                           (size_t)tensor->rank * sizeof *tensor->shape) == 0;
        if (!same)
            return fail(error, "%s: tensor '%s' does not have the dtype and shape of a recording",
                        file->path, expected[i].name);
    }
    return file->count == TENSORS ||
           fail(error, "%s: %d tensors, expected tokens, index and score", file->path, file->count);
}

static bool read_sizes(GatingRecord *out, const Safetensors *file, Error *error) {
    Config config;
    const SafeTensor *tokens = safetensors_find(file, "tokens");
    int64_t T = tokens != NULL && tokens->rank == 1 ? tokens->shape[0] : 0;
    if (T < 1 || T > INT32_MAX)
        return fail(error, "%s: no tokens: not a recording of gatings", file->path);
    if (!ffn_config_from_metadata(&config, file, error)) return false;
    Error why;
    if (!gating_record_sizes(out, &config, (int)T, &why))
        return fail(error, "%s: %s", file->path, why.text);
    return check_tensors(out, file, error);
}

static bool read_record(GatingRecord *out, const Safetensors *file, Error *error) {
    GatingRecord sizes;
    if (!read_sizes(&sizes, file, error)) return false;
    if (!gating_record_new(out, &sizes.config, sizes.T, error)) return false;
    safetensor_to_ints(out->tokens, safetensors_find(file, "tokens"));
    safetensor_to_ints(out->index, safetensors_find(file, "index"));
    safetensor_to_floats(out->score, safetensors_find(file, "score"));
    if (check_entries(out, file->path, error)) return true;
    gating_record_free(out);
    return false;
}

bool gating_record_read(GatingRecord *out, const char *path, Error *error) {
    Safetensors file;
    *out = (GatingRecord){ .T = 0 };
    if (!safetensors_open(&file, path, error)) return false;
    bool ok = read_record(out, &file, error);
    safetensors_close(&file);
    return ok;
}
