#include "reference/isoflop/study.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "reference/train/checkpoint.h"
#include "reference/train/loss_picture.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STUDY_VERSION = 1 };

Cell study_cell(const Study *study, const Cell *cell) {
    Cell copy = *cell;
    cell_prepare(&copy, study->corpus.train.V, study->options.set, NULL);
    return copy;
}

// ---- checks before anything is started

static bool try_cell(const Study *study, const char *kind, const char *scale, double budget,
                     Error *error) {
    const StudyOptions *options = &study->options;
    Cell cell;
    return cell_new(&cell, kind, scale, budget, options->peaks.items[0],
                    (int64_t)options->seeds.items[0], error) &&
           cell_prepare(&cell, study->corpus.train.V, options->set, error);
}

static bool try_kinds(const Study *study, const TextList *kinds, Error *error) {
    const StudyOptions *options = &study->options;
    for (int kind = 0; kind < kinds->count; kind++) {
        for (int scale = 0; scale < options->scales.count; scale++) {
            for (int budget = 0; budget < options->budgets.count; budget++) {
                if (!try_cell(study, kinds->items[kind], options->scales.items[scale],
                              options->budgets.items[budget], error)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool try_variants(const Study *study, Error *error) {
    const StudyOptions *options = &study->options;
    for (int i = 0; i < options->variants.count; i++) {
        const char *variant = options->variants.items[i];
        size_t length = strcspn(variant, "+");
        bool found = false;
        for (int kind = 0; kind < options->kinds.count; kind++) {
            found |= strlen(options->kinds.items[kind]) == length &&
                     strncmp(options->kinds.items[kind], variant, length) == 0;
        }
        if (!found || variant[length] == '\0') {
            return fail(error,
                        "--variants %s: expected one of --kinds with an option, as in sgatlin+gelu",
                        variant);
        }
    }
    return try_kinds(study, &options->variants, error);
}

// A SettingFunction that fails for a setting that none of the kinds uses.
static bool try_setting(void *context, const char *name, const char *value, Error *error) {
    const Study *study = context;
    Cell cell;
    Config plain = { 0 };
    bool found;
    // a setting of the training run, which cell_prepare checks
    if (!config_set(&plain, name, value, &found, NULL) || !found) return true;
    for (int i = 0; i < study->options.kinds.count; i++) {
        Setting used[CONFIG_SETTINGS];
        cell_new(&cell, study->options.kinds.items[i], study->options.scales.items[0],
                 study->options.budgets.items[0], 0, 0, NULL);
        cell = study_cell(study, &cell);
        int count = config_settings(&cell.config, used);
        for (int j = 0; j < count; j++) {
            if (strcmp(used[j].name, name) == 0) return true;
        }
    }
    return fail(error, "%s=%s: none of the kinds uses this setting", name, value);
}

// Checks that the data are enough for one step.
static bool try_batch(const Study *study, Error *error) {
    Cell cell;
    Batches batches;
    cell_new(&cell, study->options.kinds.items[0], study->options.scales.items[0],
             study->options.budgets.items[0], 0, 0, NULL);
    cell = study_cell(study, &cell);
    if (!batches_open(&batches, &study->corpus.train, (BatchMode)cell.settings.batching,
                      (int)cell.settings.B, cell.config.T, 0, error)) {
        return false;
    }
    batches_close(&batches);
    return true;
}

bool study_open(Study *out, const char *command, const StudyOptions *options, bool *misused,
                Error *error) {
    *out = (Study){ .command = command, .options = *options, .lock = -1 };
    *misused = false;
    if (!corpus_open(&out->corpus, options->data, error)) {
        out->corpus = (Corpus){ 0 };
        return false;
    }
    *misused = true;
    if (!try_kinds(out, &options->kinds, error) || !try_variants(out, error) ||
        !words_each(options->set, try_setting, out, error)) {
        return false;
    }
    *misused = false;
    return try_batch(out, error);
}

void study_close(Study *study) {
    if (study->lock >= 0) close(study->lock);
    if (study->corpus.path != NULL) corpus_close(&study->corpus);
    cells_free(&study->cells);
    step_times_free(&study->times);
    *study = (Study){ .lock = -1 };
}

// ---- the folder

// What all cells of a study must share for their losses to be comparable.
static json_t *shared(const Study *study) {
    json_t *object = json_object();
    json_add(&object, "version", json_integer(STUDY_VERSION));
    json_add(&object, "train_sum", json_hex(token_file_hash(&study->corpus.train)));
    json_add(&object, "valid_sum", json_hex(token_file_hash(&study->corpus.valid)));
    json_add(&object, "set", json_string(study->options.set));
    return object;
}

static bool check_shared(const Study *study, const json_t *file, const char *path, Error *error) {
    json_t *ours = shared(study);
    const char *name;
    json_t *value;
    bool ok = ours != NULL || fail(error, "out of memory");
    json_object_foreach(ours, name, value) {
        const json_t *theirs = json_object_get(file, name);
        if (!ok || json_equal(theirs, value)) continue;
        if (strcmp(name, "set") == 0) {
            ok = fail(error,
                      "%s: its cells were trained with --set '%s', not '%s'; use another --out",
                      path, json_is_string(theirs) ? json_string_value(theirs) : "?",
                      study->options.set);
        } else if (strcmp(name, "version") == 0) {
            ok = fail(error, "%s: written by another version of isoflop; use another --out", path);
        } else {
            ok = fail(error, "%s: its cells were trained on other data than %s; use another --out",
                      path, study->corpus.path);
        }
    }
    json_decref(ours);
    return ok;
}

static char *cell_path(const Study *study, const Cell *cell) {
    char name[CELL_NAME];
    cell_name(name, cell);
    return path_join(study->options.out, name);
}

static bool has_log(const char *run) {
    char *log = path_join(run, "log.jsonl");
    bool there = log != NULL && path_exists(log);
    free(log);
    return there;
}

bool study_read_result(const Study *study, Cell *cell, Error *error) {
    char *run = cell_path(study, cell);
    if (run == NULL) return fail(error, "out of memory");
    bool ok =
        !has_log(run) || log_result(&cell->result, run, &cell->config, &cell->settings, error);
    free(run);
    return ok;
}

bool study_tidy(const Study *study, const Cell *cell, Error *error) {
    char *run = cell_path(study, cell);
    bool ok = (run != NULL || fail(error, "out of memory")) && checkpoint_prune(run, 1, error);
    if (ok) loss_picture_write(run, NULL); // drawn from the log, which is complete
    free(run);
    return ok;
}

static bool read_folder(Study *study, const json_t *file, const char *path, Error *error) {
    const json_t *cells = json_object_get(file, "cells");
    if (!check_shared(study, file, path, error)) return false;
    if (!report_read_cells(&study->cells, cells, path, error)) return false;
    for (int i = 0; i < study->cells.count; i++) {
        Cell *cell = &study->cells.items[i];
        Error why;
        if (!cell_prepare(cell, study->corpus.train.V, study->options.set, &why)) {
            return fail(error, "%s: %.900s", path, why.text);
        }
        if (!study_read_result(study, cell, error)) return false;
        // Done, but not marked as done: the program was killed after the last line of its log.
        bool known = json_is_true(json_object_get(json_array_get(cells, (size_t)i), "done"));
        if (cell_done(cell) && !known && !study_tidy(study, cell, error)) return false;
    }
    if (!step_times_read(&study->times, file, path, error)) return false;
    step_times_apply(&study->times, &study->cells);
    return true;
}

bool study_read(Study *study, Error *error) {
    const char *out = study->options.out;
    if (!path_exists(out) || folder_is_empty(out)) return true;
    char *path = path_join(out, "isoflop.json");
    bool ok = path != NULL || fail(error, "%s: out of memory", out);
    if (ok && !path_exists(path)) {
        ok = fail(error,
                  "%s: already exists and is not an isoflop study (no isoflop.json); use another "
                  "--out",
                  out);
    }
    if (ok) study->lock = folder_lock(out, error);
    ok = ok && study->lock >= 0;
    json_t *file = ok ? json_read_file(path, error) : NULL;
    ok = file != NULL && read_folder(study, file, path, error);
    json_decref(file);
    free(path);
    return ok;
}

bool study_create(Study *study, Error *error) {
    if (study->lock >= 0) return true;
    if (!folder_make(study->options.out, error)) return false;
    study->lock = folder_lock(study->options.out, error);
    return study->lock >= 0 && study_save(study, error);
}

static bool save_picture(const Study *study, const Groups *groups, Against against,
                         const char *name, Error *error) {
    DrawList list = draw_new(0, 0, font_find());
    char *path = path_join(study->options.out, name);
    bool ok = path != NULL || fail(error, "out of memory");
    ok = ok && report_picture(&list, groups, &study->cells, against, error);
    ok = ok && paint_png(&list, path, error);
    draw_free(&list);
    free(path);
    return ok;
}

bool study_save(const Study *study, Error *error) {
    char *path = path_join(study->options.out, "isoflop.json");
    json_t *object = shared(study);
    json_add(&object, "data", json_string(study->corpus.path));
    json_add(&object, "cells", report_cells(&study->cells));
    json_add(&object, "step_times", step_times_to_json(&study->times));
    bool ok =
        (path != NULL && object != NULL) || fail(error, "%s: out of memory", study->options.out);
    ok = ok && json_write_file(path, object, error);
    json_decref(object);
    free(path);
    return ok;
}

bool study_draw(const Study *study, Error *error) {
    Groups groups;
    if (!groups_new(&groups, &study->cells, error)) return false;
    bool ok = groups.count == 0 ||
              (save_picture(study, &groups, AGAINST_PARAMETERS, "parameters.png", error) &&
               save_picture(study, &groups, AGAINST_SECONDS, "seconds.png", error));
    free(groups.items);
    return ok;
}
