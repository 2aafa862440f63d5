#include "reference/circuits/recording_file.h"
#include "reference/ffn/ffn.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef enum { TOKENS, STORY, POSITION, INDEX, SCORE, PREDICTIONS, PROBABILITIES, TENSORS } Which;

static const char MODEL_HASH[] = "model_hash", TOKENIZER_HASH[] = "tokenizer_hash";
enum { EXTRA_METADATA = 2 };

uint64_t model_hash(const Model *model) {
    return XXH3_64bits(model->parameters, model->tensors.floats * sizeof *model->parameters);
}

// The tensors of a recording of these sizes, without data.
static void list_tensors(SafeTensor out[TENSORS], const GatingRecord *sizes) {
    int64_t T = sizes->T, L = sizes->L, C = sizes->C, K = sizes->K;
    int64_t P = recorded_predictions(&sizes->config);
    size_t positions = (size_t)T, entries = gating_record_entry(sizes, sizes->T, 0, 0);
    size_t predicted = positions * (size_t)P;
    out[TOKENS] = (SafeTensor){ "tokens", DTYPE_I32, 1, { T }, positions, NULL };
    out[STORY] = (SafeTensor){ "story", DTYPE_I32, 1, { T }, positions, NULL };
    out[POSITION] = (SafeTensor){ "position", DTYPE_I32, 1, { T }, positions, NULL };
    out[INDEX] = (SafeTensor){ "index", DTYPE_I32, 4, { T, L, C, K }, entries, NULL };
    out[SCORE] = (SafeTensor){ "score", DTYPE_F32, 4, { T, L, C, K }, entries, NULL };
    out[PREDICTIONS] = (SafeTensor){ "predictions", DTYPE_I32, 2, { T, P }, predicted, NULL };
    out[PROBABILITIES] = (SafeTensor){ "probabilities", DTYPE_F32, 2, { T, P }, predicted, NULL };
}

double recording_bytes(const Config *config, int T) {
    Gating shape = ffn_gating(config, NULL, 1);
    double K = config->ffn->ragged ? config->E : (double)shape.C * shape.K;
    return 4.0 * T * (3 + 2 * K * config->L + 2 * recorded_predictions(config));
}

// ---- what a file may contain

static bool check_tokens(const GatingRecord *gatings, const char *path, Error *error) {
    for (int t = 0; t < gatings->T; t++) {
        if (gatings->tokens[t] < 0 || gatings->tokens[t] >= gatings->config.V)
            return fail(error, "%s: tokens[%d] is %d, expected 0 to %d", path, t,
                        (int)gatings->tokens[t], gatings->config.V - 1);
    }
    return true;
}

static bool check_entries(const GatingRecord *gatings, const char *path, Error *error) {
    size_t entries = gating_record_entry(gatings, gatings->T, 0, 0), K = (size_t)gatings->K;
    for (size_t i = 0; i < entries; i++) {
        int index = gatings->index[i];
        if (index < NO_EXPERT || index >= gatings->F)
            return fail(error, "%s: index[%zu] is %d, expected 0 to %d, or %d for none", path, i,
                        index, gatings->F - 1, NO_EXPERT);
        if (i % K > 0 && index != NO_EXPERT && gatings->index[i - 1] == NO_EXPERT)
            return fail(error, "%s: index[%zu] is %d, expected %d as before it", path, i, index,
                        NO_EXPERT);
        for (size_t j = i - i % K; j < i; j++) {
            if (index != NO_EXPERT && gatings->index[j] == index)
                return fail(error, "%s: index[%zu] is %d again", path, i, index);
        }
        if (!isfinite(gatings->score[i]))
            return fail(error, "%s: score[%zu] is not finite", path, i);
    }
    return true;
}

static bool check_predictions(const int32_t *predictions, const float *probabilities, int T, int P,
                              int V, const char *path, Error *error) {
    for (size_t i = 0; i < (size_t)T * (size_t)P; i++) {
        if (predictions[i] < 0 || predictions[i] >= V)
            return fail(error, "%s: predictions[%zu] is %d, expected 0 to %d", path, i,
                        (int)predictions[i], V - 1);
        if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
            return fail(error, "%s: probabilities[%zu] is %g, expected 0 to 1", path, i,
                        (double)probabilities[i]);
    }
    return true;
}

// Stories from 0 on, one after the other, their positions from 0 on.
static bool check_stories(Recording *recording, const char *path, Error *error) {
    for (int t = 0; t < recording->gatings.T; t++) {
        bool begins = recording->position[t] == 0;
        int story = recording->stories - (begins ? 0 : 1);
        int position = begins || t == 0 ? 0 : recording->position[t - 1] + 1;
        if (recording->story[t] != story || recording->position[t] != position)
            return fail(error, "%s: token %d is at position %d of story %d, expected %d of %d",
                        path, t, (int)recording->position[t], (int)recording->story[t], position,
                        max_int(story, 0));
        recording->stories += begins;
    }
    return true;
}

// ---- reading

// Whether the file has the tensors of a recording with these sizes, and no other.
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
        if ((uintptr_t)tensor->data % dtype_size(tensor->dtype) != 0)
            return fail(error, "%s: tensor '%s' is not aligned; record it again", file->path,
                        expected[i].name);
    }
    return file->count == TENSORS ||
           fail(error, "%s: %d tensors, expected %d", file->path, file->count, TENSORS);
}

static bool read_hash(uint64_t *out, const char *key, const Safetensors *file, Error *error) {
    const char *text = safetensors_metadata(file, key);
    char *end = NULL;
    if (text != NULL) *out = strtoull(text, &end, 16);
    if (text != NULL && strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16) return true;
    return fail(error, "%s: the metadata have no %s: not a recording of gatings", file->path, key);
}

static bool read_sizes(Recording *out, Error *error) {
    const Safetensors *file = &out->file;
    Config config;
    const SafeTensor *tokens = safetensors_find(file, "tokens");
    int64_t T = tokens != NULL && tokens->rank == 1 ? tokens->shape[0] : 0;
    if (T < 1 || T > INT32_MAX)
        return fail(error, "%s: no tokens: not a recording of gatings", file->path);
    Error why;
    if (!ffn_config_from_metadata(&config, file, error)) return false;
    if (!gating_record_sizes(&out->gatings, &config, (int)T, &why))
        return fail(error, "%s: %s", file->path, why.text);
    out->P = recorded_predictions(&config);
    return check_tensors(&out->gatings, file, error) &&
           read_hash(&out->model_hash, MODEL_HASH, file, error) &&
           read_hash(&out->tokenizer_hash, TOKENIZER_HASH, file, error);
}

static const void *view(const Recording *recording, const char *name) {
    return safetensors_find(&recording->file, name)->data;
}

static bool read_recording(Recording *out, Error *error) {
    if (!read_sizes(out, error)) return false;
    GatingRecord *gatings = &out->gatings;
    const char *path = out->file.path;
    gatings->tokens = (int32_t *)view(out, "tokens");
    gatings->index = (int32_t *)view(out, "index");
    gatings->score = (float *)view(out, "score");
    out->story = view(out, "story");
    out->position = view(out, "position");
    out->predictions = view(out, "predictions");
    out->probabilities = view(out, "probabilities");
    return check_tokens(gatings, path, error) && check_entries(gatings, path, error) &&
           check_stories(out, path, error) &&
           check_predictions(out->predictions, out->probabilities, gatings->T, out->P,
                             gatings->config.V, path, error);
}

bool recording_open(Recording *out, const char *path, Error *error) {
    *out = (Recording){ .stories = 0 };
    if (!safetensors_open(&out->file, path, error)) return false;
    if (read_recording(out, error)) return true;
    recording_close(out);
    return false;
}

void recording_close(Recording *recording) {
    safetensors_close(&recording->file);
    *recording = (Recording){ .stories = 0 };
}

bool recording_matches(const Recording *recording, const Model *model, const Tokenizer *tokenizer,
                       Error *error) {
    bool same_model = recording->model_hash == model_hash(model) &&
                      config_equal(&recording->gatings.config, &model->config);
    if (same_model && recording->tokenizer_hash == tokenizer_hash(tokenizer)) return true;
    return fail(error,
                "%s: was recorded with another %s; make a recording of this checkpoint with "
                "`sgatlin record`",
                recording->file.path, same_model ? "tokenizer" : "model");
}

// ---- writing

struct RecordingWriter {
    SafetensorsWriter *file;
    char *path; // for messages
    Config config;
    int T, added, stories, max;
    int32_t *story, *position; // [max]: scratch
};

RecordingWriter *recording_writer_open(const char *path, const Model *model,
                                       const Tokenizer *tokenizer, int T, Error *error) {
    GatingRecord sizes;
    SafeTensor tensors[TENSORS];
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS + EXTRA_METADATA];
    char hashes[EXTRA_METADATA][20];
    if (!gating_record_sizes(&sizes, &model->config, T, error)) return NULL;
    list_tensors(tensors, &sizes);
    int count = config_settings(&model->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    snprintf(hashes[0], sizeof hashes[0], "%016llx", (unsigned long long)model_hash(model));
    snprintf(hashes[1], sizeof hashes[1], "%016llx", (unsigned long long)tokenizer_hash(tokenizer));
    metadata[count++] = (Metadata){ MODEL_HASH, hashes[0] };
    metadata[count++] = (Metadata){ TOKENIZER_HASH, hashes[1] };
    RecordingWriter *writer = calloc(1, sizeof *writer);
    if (writer == NULL || (writer->path = strdup(path)) == NULL) {
        fail(error, "%s: out of memory", path);
        free(writer);
        return NULL;
    }
    writer->T = T;
    writer->config = model->config;
    writer->file = safetensors_writer_open(path, tensors, TENSORS, metadata, count, error);
    if (writer->file != NULL) return writer;
    free(writer->path);
    free(writer);
    return NULL;
}

// Memory for the story and position of `count` tokens.
static bool reserve(RecordingWriter *writer, int count, Error *error) {
    if (count <= writer->max) return true;
    int32_t *story = realloc(writer->story, (size_t)count * sizeof *story);
    if (story != NULL) writer->story = story;
    int32_t *position = realloc(writer->position, (size_t)count * sizeof *position);
    if (position != NULL) writer->position = position;
    if (story == NULL || position == NULL)
        return fail(error, "out of memory for a story of %d tokens", count);
    writer->max = count;
    return true;
}

bool recording_writer_add(RecordingWriter *writer, const StoryRecorder *recorder, Error *error) {
    const GatingRecord *record = &recorder->record;
    int T = record->T, P = recorder->P, V = record->config.V;
    if (T > writer->T - writer->added)
        return fail(error, "%s: more than %d positions", writer->path, writer->T);
    if (!reserve(writer, T, error) || !check_tokens(record, writer->path, error) ||
        !check_entries(record, writer->path, error) ||
        !check_predictions(recorder->predictions, recorder->probabilities, T, P, V, writer->path,
                           error))
        return false;
    for (int t = 0; t < T; t++) {
        writer->story[t] = writer->stories;
        writer->position[t] = t;
    }
    size_t positions = (size_t)T, entries = gating_record_entry(record, T, 0, 0);
    const void *data[TENSORS] = { record->tokens,         writer->story, writer->position,
                                  record->index,          record->score, recorder->predictions,
                                  recorder->probabilities };
    for (int i = 0; i < TENSORS; i++) {
        size_t count = i >= PREDICTIONS ? positions * (size_t)P : i >= INDEX ? entries : positions;
        safetensors_writer_add(writer->file, i, data[i], count);
    }
    writer->added += T;
    writer->stories++;
    return true;
}

static void writer_free(RecordingWriter *writer) {
    free(writer->story);
    free(writer->position);
    free(writer->path);
    free(writer);
}

bool recording_writer_commit(RecordingWriter *writer, Error *error) {
    if (writer->added < writer->T) {
        fail(error, "%s: %d positions, expected %d", writer->path, writer->added, writer->T);
        recording_writer_discard(writer);
        return false;
    }
    bool ok = safetensors_writer_commit(writer->file, error);
    writer_free(writer);
    return ok;
}

void recording_writer_discard(RecordingWriter *writer) {
    safetensors_writer_discard(writer->file);
    writer_free(writer);
}
