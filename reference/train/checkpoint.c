#include "reference/train/checkpoint.h"
#include "reference/io/files.h"
#include "reference/io/parse.h"
#include "reference/io/progress.h"
#include "reference/io/shell_word.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STEP_NAME = 32 }; // bytes of "step-NNNNNN", and of a hash in hexadecimal

static const char *const MODEL = "model.safetensors", *const OPTIMIZER = "optimizer.safetensors",
                         *const STATE = "state.json", *const TOKENIZER = "tokenizer.json";

static void step_name(char out[STEP_NAME], int64_t step) {
    snprintf(out, STEP_NAME, "step-%06lld", (long long)step);
}

// The step that a folder's name stands for, -1: it is not a checkpoint's.
static int64_t step_of(const char *name) {
    int64_t step;
    char canonical[STEP_NAME];
    if (strncmp(name, "step-", 5) != 0 || !isdigit((unsigned char)name[5])) return -1;
    const char *digits = name + 5 + strspn(name + 5, "0");
    if (!parse_int(*digits != '\0' ? digits : "0", &step)) return -1;
    step_name(canonical, step);
    return strcmp(canonical, name) == 0 ? step : -1;
}

// Inserts a step into steps [count], highest first, of which at most `capacity` are kept.
static void insert_step(int64_t *steps, int count, int capacity, int64_t step) {
    int i = count < capacity ? count : capacity;
    for (; i > 0 && steps[i - 1] < step; i--) {
        if (i < capacity) steps[i] = steps[i - 1];
    }
    if (i < capacity) steps[i] = step;
}

// The newest steps of a run, newest first: at most `capacity` are written, all are counted. -1: the
// folder cannot be read.
static int newest_steps(int64_t *out, int capacity, const char *run) {
    DIR *folder = opendir(run);
    if (folder == NULL) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t step = step_of(entry->d_name);
        if (step >= 0) insert_step(out, count++, capacity, step);
    }
    closedir(folder);
    return count;
}

char *checkpoint_path(const char *run, int64_t step) {
    char name[STEP_NAME];
    step_name(name, step);
    return path_join(run, name);
}

static bool contains(const char *folder, const char *name) {
    char *path = path_join(folder, name);
    bool exists = path != NULL && path_exists(path);
    free(path);
    return exists;
}

char *checkpoint_find(const char *path, Error *error) {
    int64_t newest;
    char *found = NULL;
    int count = newest_steps(&newest, 1, path);
    if (count > 0) {
        found = checkpoint_path(path, newest);
        if (found == NULL) fail(error, "%s: out of memory", path);
    } else if (count == 0 && (contains(path, MODEL) || contains(path, STATE))) {
        found = strdup(path);
        if (found == NULL) fail(error, "%s: out of memory", path);
    } else if (count == 0) {
        fail(error,
             "%s: contains no checkpoint (no step-… folder, no %s); pass the folder given to "
             "`sgatlin train --out`",
             path, MODEL);
    } else {
        fail(error, "%s: no checkpoint found (%s); pass the folder given to `sgatlin train --out`",
             path, strerror(errno));
    }
    return found;
}

static char *open_tensors(Safetensors *out, const char *folder, const char *name, Error *error) {
    char *path = path_join(folder, name);
    if (path == NULL) {
        fail(error, "%s: out of memory", folder);
    } else if (!safetensors_open(out, path, error)) {
        free(path);
        path = NULL;
    }
    return path;
}

// Refuses a file that is smaller than the model it describes, before memory is taken for it.
static bool check_size(const Config *config, const Safetensors *file, Error *error) {
    double parameters = model_cost(config).parameters;
    if (parameters * sizeof(float) <= (double)file->file.size) return true;
    return fail(error,
                "%s: its metadata describes a model of %s parameters, for which %s are too few: "
                "the file is damaged",
                file->path, short_count(parameters).text, short_bytes(file->file.size).text);
}

static bool read_model(Model *out, char hash[STEP_NAME], const char *folder, Error *error) {
    Safetensors file;
    char *path = open_tensors(&file, folder, MODEL, error);
    if (path == NULL) return false;
    Config config;
    const char *stored = safetensors_metadata(&file, "tokenizer_hash");
    snprintf(hash, STEP_NAME, "%s", stored != NULL ? stored : "");
    bool ok = ffn_config_from_metadata(&config, &file, error) &&
              check_size(&config, &file, error) && model_new(out, &config, error);
    if (ok && !tensors_load(&out->tensors, out->parameters, &file, error)) {
        model_free(out);
        ok = false;
    }
    safetensors_close(&file);
    free(path);
    return ok;
}

static void hash_text(char out[STEP_NAME], uint64_t hash) {
    snprintf(out, STEP_NAME, "%016llx", (unsigned long long)hash);
}

static bool read_tokenizer(Checkpoint *out, const char *hash, Error *error) {
    char *path = path_join(out->path, TOKENIZER), own[STEP_NAME];
    out->tokenizer = path != NULL ? tokenizer_load(path, error) : NULL;
    bool ok = out->tokenizer != NULL;
    if (path == NULL) fail(error, "%s: out of memory", out->path);
    if (ok) hash_text(own, tokenizer_hash(out->tokenizer));
    if (ok && tokenizer_vocabulary(out->tokenizer) != out->model.config.V) {
        ok = fail(error, "%s: has %d tokens, %s/%s has V=%d", path,
                  tokenizer_vocabulary(out->tokenizer), out->path, MODEL, out->model.config.V);
    } else if (ok && *hash != '\0' && strcmp(hash, own) != 0) {
        ok = fail(error, "%s: has hash %s, %s/%s was trained with %s: not the same vocabulary",
                  path, own, out->path, MODEL, hash);
    }
    free(path);
    return ok;
}

// out->path is set; the caller closes it, also on failure.
static bool read_checkpoint(Checkpoint *out, Error *error) {
    char hash[STEP_NAME];
    if (!read_model(&out->model, hash, out->path, error)) {
        out->model = (Model){ 0 };
        return false;
    }
    return read_tokenizer(out, hash, error);
}

// ---- is it damaged, or can it not be read now?

static bool is_missing(const char *path) {
    struct stat status;
    return lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

// Whether a file is missing, or can be read to its end (then *bytes is raised to its size): what is
// wrong is then the file itself, and not a permission, the number of open files or the disk.
static bool is_readable(const char *folder, const char *name, size_t *bytes) {
    MappedFile file;
    char *path = path_join(folder, name);
    bool readable = path != NULL && is_missing(path);
    if (path != NULL && !readable && file_map(&file, path, NULL)) {
        readable = file_reads_whole(path);
        if (file.size > *bytes) *bytes = file.size;
        file_unmap(&file);
    }
    free(path);
    return readable;
}

// Whether the files can be read, there is memory for what they contain, and reading the checkpoint
// once more fails in the same way.
static bool is_damaged(const char *folder, const Error *failure) {
    size_t bytes = 1 << 20;
    if (!is_readable(folder, MODEL, &bytes) || !is_readable(folder, TOKENIZER, &bytes))
        return false;
    void *memory = malloc(4 * bytes);
    free(memory);
    Error error = { "" };
    Checkpoint again = { .path = memory != NULL ? strdup(folder) : NULL };
    if (again.path == NULL) return false;
    bool fails = !read_checkpoint(&again, &error);
    checkpoint_close(&again);
    return fails && strcmp(error.text, failure->text) == 0;
}

// Adds to the message about a damaged newest checkpoint how to use the one before it.
static void suggest_previous(const char *path, const char *found, Error *error) {
    int64_t steps[CHECKPOINTS_KEPT];
    if (error == NULL || strcmp(path, found) == 0 ||
        newest_steps(steps, CHECKPOINTS_KEPT, path) < CHECKPOINTS_KEPT || !is_damaged(found, error))
        return;
    Error damage = *error;
    fail(error, "%.600s; to continue from step %lld, remove the damaged folder: rm -r %s",
         damage.text, (long long)steps[1], shell_word(found).text);
}

bool checkpoint_open(Checkpoint *out, const char *path, Error *error) {
    *out = (Checkpoint){ .path = checkpoint_find(path, error) };
    if (out->path == NULL) return false;
    if (read_checkpoint(out, error)) return true;
    suggest_previous(path, out->path, error);
    checkpoint_close(out);
    return false;
}

void checkpoint_close(Checkpoint *checkpoint) {
    if (checkpoint->tokenizer != NULL) tokenizer_free(checkpoint->tokenizer);
    if (checkpoint->model.parameters != NULL) model_free(&checkpoint->model);
    free(checkpoint->path);
    *checkpoint = (Checkpoint){ 0 };
}

// The table of both moments in one block: m, then v, each in the layout of the parameters. In the
// file they are named first.… and second.…
static bool declare_moments(Tensors *out, const Tensors *parameters, Error *error) {
    *out = (Tensors){ 0 };
    for (int i = 0; i < 2 * parameters->count; i++) {
        const Tensor *tensor = &parameters->items[i % parameters->count];
        tensors_add(out, i < parameters->count ? "first." : "second.", tensor->name, INIT_ZERO, 0,
                    false, tensor->rank, tensor->shape);
    }
    if (out->floats == 2 * parameters->floats) return true;
    tensors_free(out);
    return fail(error, "out of memory for the optimizer's moments");
}

bool checkpoint_read_state(TrainState *out, const char *folder, Error *error) {
    char *path = path_join(folder, STATE);
    if (path == NULL) return fail(error, "%s: out of memory", folder);
    bool ok = state_read(out, path, error);
    const char *slash = strrchr(folder, '/');
    int64_t step = step_of(slash != NULL ? slash + 1 : folder);
    if (ok && step >= 0 && step != out->step) {
        ok = fail(error, "%s: step is %lld, but the folder is that of step %lld", path,
                  (long long)out->step, (long long)step);
        state_free(out);
    }
    free(path);
    return ok;
}

bool checkpoint_read_moments(float *moments, const Tensors *parameters, const TrainState *state,
                             const char *folder, Error *error) {
    Safetensors file;
    Tensors table;
    char *path = open_tensors(&file, folder, OPTIMIZER, error);
    if (path == NULL) return false;
    const char *text = safetensors_metadata(&file, "step");
    int64_t step;
    bool ok = (text != NULL && parse_int(text, &step) && step == state->step) ||
              fail(error, "%s: step in the metadata is %.40s, in %s it is %lld", path,
                   text != NULL ? text : "missing", STATE, (long long)state->step);
    if (ok && declare_moments(&table, parameters, error)) {
        ok = tensors_load(&table, moments, &file, error);
        tensors_free(&table);
    } else {
        ok = false;
    }
    safetensors_close(&file);
    free(path);
    return ok;
}

static bool write_tensors(const char *folder, const char *name, const Tensors *table,
                          const float *block, const Metadata *metadata, int count, Error *error) {
    char *path = path_join(folder, name);
    SafeTensor *views = malloc((size_t)table->count * sizeof *views);
    bool ok = (path != NULL && views != NULL) || fail(error, "%s: out of memory", folder);
    if (ok) {
        tensors_view(table, block, views);
        ok = safetensors_write(path, views, table->count, metadata, count, error);
    }
    free(views);
    free(path);
    return ok;
}

// The metadata has the model's settings, and what distinguishes files of different checkpoints.
static bool write_model(const char *folder, const Model *model, const char *step, const char *hash,
                        Error *error) {
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS + 2];
    int count = config_settings(&model->config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    metadata[count++] = (Metadata){ "step", step };
    metadata[count++] = (Metadata){ "tokenizer_hash", hash };
    return write_tensors(folder, MODEL, &model->tensors, model->parameters, metadata, count, error);
}

static bool write_moments(const char *folder, const Tensors *parameters, const float *moments,
                          const char *step, Error *error) {
    Tensors table;
    Metadata metadata = { "step", step };
    if (!declare_moments(&table, parameters, error)) return false;
    bool ok = write_tensors(folder, OPTIMIZER, &table, moments, &metadata, 1, error);
    tensors_free(&table);
    return ok;
}

static bool write_state(const char *folder, const TrainState *state, const Tokenizer *tokenizer,
                        Error *error) {
    char *state_path = path_join(folder, STATE), *tokenizer_path = path_join(folder, TOKENIZER);
    bool ok =
        (state_path != NULL && tokenizer_path != NULL) || fail(error, "%s: out of memory", folder);
    ok = ok && state_write(state, state_path, error) &&
         tokenizer_save(tokenizer, tokenizer_path, error);
    free(state_path);
    free(tokenizer_path);
    return ok;
}

// ---- reading back what was written

static bool equals_file(const char *folder, const char *name, const Tensors *tensors,
                        const float *block, Error *error) {
    Safetensors file;
    char *path = open_tensors(&file, folder, name, error);
    if (path == NULL) return false;
    bool ok = tensors_equal_file(tensors, block, &file, error);
    safetensors_close(&file);
    free(path);
    return ok;
}

static bool moments_equal_file(const char *folder, const Tensors *parameters, const float *moments,
                               Error *error) {
    Tensors table;
    if (!declare_moments(&table, parameters, error)) return false;
    bool ok = equals_file(folder, OPTIMIZER, &table, moments, error);
    tensors_free(&table);
    return ok;
}

// Reads a new checkpoint before it replaces an older one.
static bool read_back(const char *folder, const Model *model, const float *moments,
                      const TrainState *state, Error *error) {
    TrainState written;
    char *state_path = path_join(folder, STATE);
    Checkpoint whole = { .path = strdup(folder) };
    bool ok =
        (state_path != NULL && whole.path != NULL) || fail(error, "%s: out of memory", folder);
    ok = ok && read_checkpoint(&whole, error);
    checkpoint_close(&whole);
    ok = ok && state_read(&written, state_path, error);
    if (ok) {
        ok = written.step == state->step || fail(error, "%s: has another step", state_path);
        state_free(&written);
    }
    free(state_path);
    return ok && equals_file(folder, MODEL, &model->tensors, model->parameters, error) &&
           moments_equal_file(folder, &model->tensors, moments, error);
}

// Removes what a crash left of remove_step.
static bool remove_leftover(const char *run, const char *removed, Error *error) {
    if (removed == NULL) return fail(error, "%s: out of memory", run);
    return !path_exists(removed) || folder_remove(removed, error);
}

// Renames it first, so that a crash while removing leaves no partial checkpoint under a
// checkpoint's name.
static bool remove_step(const char *run, int64_t step, const char *removed, Error *error) {
    char *old = checkpoint_path(run, step);
    if (old == NULL) return fail(error, "%s: out of memory", run);
    bool ok = rename(old, removed) == 0;
    if (!ok) fail(error, "%s: cannot remove this old checkpoint: %s", old, strerror(errno));
    free(old);
    return ok && folder_remove(removed, error);
}

bool checkpoint_prune(const char *run, int keep, Error *error) {
    int64_t steps[CHECKPOINTS_KEPT + 1];
    char *removed = path_join(run, ".removed");
    bool ok = remove_leftover(run, removed, error);
    int count = 0;
    while (ok && (count = newest_steps(steps, keep + 1, run)) > keep) {
        ok = remove_step(run, steps[keep], removed, error);
    }
    if (count < 0)
        ok = fail(error, "%s: cannot look for old checkpoints: %s", run, strerror(errno));
    free(removed);
    return ok;
}

bool checkpoint_write(const char *run, const Model *model, const float *moments,
                      const TrainState *state, const Tokenizer *tokenizer, Error *error) {
    char step[STEP_NAME], hash[STEP_NAME];
    snprintf(step, sizeof step, "%lld", (long long)state->step);
    hash_text(hash, state->tokenizer_hash);
    char *path = checkpoint_path(run, state->step);
    if (path == NULL) return fail(error, "%s: out of memory", run);
    OutputFolder folder;
    bool open = output_folder_open(&folder, path, error), ok = open;
    ok = ok && write_model(folder.temporary, model, step, hash, error) &&
         write_moments(folder.temporary, &model->tensors, moments, step, error) &&
         write_state(folder.temporary, state, tokenizer, error) &&
         read_back(folder.temporary, model, moments, state, error);
    if (ok) {
        ok = output_folder_commit(&folder, error);
    } else if (open) {
        output_folder_discard(&folder);
    }
    free(path);
    return ok;
}

double checkpoint_bytes(const Config *config) {
    return 3 * 4 * model_cost(config).parameters + (1 << 20);
}
