#include "reference/cli/isoflop_run.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/cli/train_plan.h"
#include "reference/cli/train_progress.h"
#include "reference/config/scales.h"
#include "reference/io/files.h"
#include "reference/io/progress.h"
#include "reference/isoflop/time.h"
#include "reference/isoflop/walk.h"
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- what the study needs

typedef struct {
    int cells, done;
    // Of the cells that are not done: FLOPs, seconds with evaluation, and bytes of a checkpoint of
    // each and of the largest.
    double flops, seconds, disk, largest;
    const char *unfit; // a scale that does not fit in memory, NULL: none
    double unfit_bytes;
} Totals;

static bool add_cell(void *context, Study *study, const Cell *key, bool certain) {
    Totals *totals = context;
    const Cell *known = cells_find(&study->cells, key);
    totals->cells++;
    if (certain && known != NULL && cell_done(known)) {
        totals->done++;
        return true;
    }
    Cell cell = study_cell(study, key);
    double bytes = checkpoint_bytes(&cell.config);
    totals->flops += (double)cell.settings.steps * cell_step_flops(&cell);
    totals->seconds += study_seconds(study, &cell) + study_evaluation_seconds(study, &cell);
    totals->disk += bytes;
    totals->largest = fmax(totals->largest, bytes);
    if (cell_fits(study->options.backend, &cell)) return true;
    totals->unfit = scale_names[scale_find(cell.scale)];
    totals->unfit_bytes = cell_memory(study->options.backend, &cell);
    return true;
}

static Totals add_up(Study *study) {
    Totals totals = { 0 };
    study_walk(study, add_cell, &totals);
    return totals;
}

static void print_study(const Study *study, const Totals *totals) {
    fprintf(stderr, "data     %s: %s training tokens, %s validation tokens, vocabulary %d\n",
            study->corpus.path, short_count((double)study->corpus.train.tokens).text,
            short_count((double)study->corpus.valid.tokens).text, study->corpus.train.V);
    fprintf(stderr,
            "study    %d cells, %d of them done; %s FLOPs left by the paper's count, about %s\n",
            totals->cells, totals->done, short_count(totals->flops).text,
            short_duration(totals->seconds).text);
}

// Each cell keeps one checkpoint; while it is trained there are two more.
static bool check_memory_and_disk(const Study *study, const Totals *totals, Error *error) {
    uint64_t needed = (uint64_t)(totals->disk + 2 * totals->largest);
    fprintf(stderr, "disk     %s, %s free at %s\n", short_bytes(needed).text,
            short_bytes(disk_free(study->options.out)).text, study->options.out);
    if (totals->unfit != NULL) {
        return fail(error,
                    "scale %s needs %s of memory, this machine has %s; use smaller scales, or "
                    "reduce B or T",
                    totals->unfit, short_bytes((uint64_t)totals->unfit_bytes).text,
                    short_bytes((uint64_t)machine_memory()).text);
    }
    return disk_check(study->options.out, needed, error);
}

static void print_dry_row(const Study *study, const char *kind, const char *scale, double budget) {
    Cell cell;
    cell_new(&cell, kind, scale, budget, study->options.peaks.items[0],
             (int64_t)study->options.seeds.items[0], NULL);
    cell = study_cell(study, &cell);
    double tokens = (double)cell.settings.steps * (double)cell.settings.B * cell.config.T;
    char seconds[32] = "?";
    if (!isnan(study_seconds(study, &cell)))
        snprintf(seconds, sizeof seconds, "%.0f", study_seconds(study, &cell));
    printf("| %s | %s | %s | %.0f | %.0f | %.3g | %.3g | %lld | %.0f | %.2f | %s |\n", kind, scale,
           number_text(budget).text, cell.cost.parameters, cell.cost.active_parameters,
           cell_step_flops(&cell), cell_step_flops_full(&cell), (long long)cell.settings.steps,
           tokens, tokens / (double)study->corpus.train.tokens, seconds);
}

void study_dry_run(Study *study) {
    const StudyOptions *options = &study->options;
    printf("| kind | scale | budget | parameters | active | FLOPs per step | with logits | steps | "
           "tokens | epochs | seconds |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int budget = 0; budget < options->budgets.count; budget++) {
        for (int kind = 0; kind < options->kinds.count + options->variants.count; kind++) {
            int variant = kind - options->kinds.count;
            const char *name =
                variant < 0 ? options->kinds.items[kind] : options->variants.items[variant];
            for (int scale = 0; scale < options->scales.count; scale++) {
                print_dry_row(study, name, options->scales.items[scale],
                              options->budgets.items[budget]);
            }
        }
    }
    Totals totals = add_up(study);
    printf("\n%d cells, %s FLOPs by the paper's count, about %s with evaluation on valid.bin\n",
           totals.cells, number_text(totals.flops).text, short_duration(totals.seconds).text);
}

// ---- training

// The next cell to train, and its number among all cells, from 1.
typedef struct {
    Cell cell;
    bool found;
    int number;
} Next;

static bool find_next(void *context, Study *study, const Cell *cell, bool certain) {
    Next *next = context;
    const Cell *known = cells_find(&study->cells, cell);
    next->number++;
    if (!certain || (known != NULL && cell_done(known))) return true;
    next->cell = *cell;
    next->found = true;
    return false;
}

static void print_cell(Study *study, const Next *next) {
    Totals totals = add_up(study);
    const Cell *cell = &next->cell;
    fprintf(stderr,
            "\ncell %d of %d: %s at scale %s, %s FLOPs, peak %s, seed %lld: %s parameters, %lld "
            "steps, about %s; all remaining cells %s\n",
            next->number, totals.cells, cell->kind, cell->scale, number_text(cell->budget).text,
            number_text(cell->peak).text, (long long)cell->seed,
            short_count(cell->cost.parameters).text, (long long)cell->settings.steps,
            short_duration(study_seconds(study, cell)).text, short_duration(totals.seconds).text);
    print_causality(&cell->config);
}

static bool has_checkpoint(const char *folder) {
    char *found = checkpoint_find(folder, NULL);
    bool exists = found != NULL && strcmp(found, folder) != 0;
    free(found);
    return exists;
}

// Starts a cell. A run that was stopped before its first checkpoint has only the first line of a
// log, which is removed.
static bool start_cell(Trainer *out, const Study *study, const Cell *cell, const char *folder,
                       Error *error) {
    char *log = path_join(folder, LOG_NAME);
    bool ok = log != NULL || fail(error, "out of memory");
    if (ok && path_exists(log) && unlink(log) != 0) ok = fail(error, "%s: cannot be removed", log);
    free(log);
    return ok && trainer_new(out, study->options.backend, study->options.data, &cell->config,
                             &cell->settings, error);
}

static bool open_cell(Trainer *out, RunLog *log, const Study *study, const Cell *cell,
                      const char *folder, Error *error) {
    bool resumes = has_checkpoint(folder);
    bool ok = resumes
                  ? run_resume(out, log, study->options.backend, folder, study->options.data, error)
                  : start_cell(out, study, cell, folder, error);
    ok = ok && run_open_log(log, folder, out, &study->baselines, error);
    if (ok && resumes) fprintf(stderr, "resumed  from step %lld\n", (long long)out->step);
    return ok;
}

static int train_cell(Study *study, const Cell *cell, const char *folder, Error *error) {
    Trainer trainer = { 0 };
    RunLog log = LOG_CLOSED;
    RunEnd end = RUN_FAILED;
    if (!open_cell(&trainer, &log, study, cell, folder, error)) {
        command_failed(study->command, error);
    } else if (trainer.step == trainer.settings.steps && log.final) {
        end = RUN_FINISHED; // its log could not be read a moment ago, as when memory ran out
    } else {
        end = train_with_progress(study->command, &trainer, folder, &log);
    }
    log_close(&log);
    trainer_free(&trainer);
    if (end == RUN_DIVERGED) fprintf(stderr, "diverged the study continues without this cell\n");
    if (end == RUN_STOPPED) return signals_status();
    return end == RUN_FAILED ? 1 : 0;
}

static bool name_taken(const Study *study, const Cell *cell) {
    char name[CELL_NAME], other[CELL_NAME];
    cell_name(name, cell);
    for (int i = 0; i < study->cells.count; i++) {
        cell_name(other, &study->cells.items[i]);
        if (strcmp(name, other) == 0 && !cell_same(cell, &study->cells.items[i])) return true;
    }
    return false;
}

// A picture that cannot be written does not end the study.
static void draw_study(const Study *study) {
    Error error;
    if (!study_draw(study, &error)) fprintf(stderr, "warning  %s\n", error.text);
}

// Adds the cell to isoflop.json before training it, and its result afterwards.
static int run_cell(Study *study, const Cell *cell) {
    Error error;
    char name[CELL_NAME];
    cell_name(name, cell);
    char *folder = path_join(study->options.out, name);
    bool known = cells_find(&study->cells, cell) != NULL;
    bool ok = (folder != NULL && (known || cells_add(&study->cells, cell) != NULL)) ||
              fail(&error, "out of memory");
    if (ok && name_taken(study, cell))
        ok = fail(&error, "%s: is the folder of an almost equal cell", name);
    if (ok && !known && path_exists(folder))
        ok = fail(&error, "%s: already exists, but is not in isoflop.json; move it away", folder);
    ok = ok && (known || study_save(study, &error));
    int status =
        ok ? train_cell(study, cell, folder, &error) : command_failed(study->command, &error);
    if (ok && status == 0) {
        ok = study_tidy(study, cell, &error) &&
             study_read_result(study, cells_find(&study->cells, cell), &error);
        step_times_apply(&study->times, &study->cells);
        ok = ok && study_save(study, &error);
        if (ok) draw_study(study);
        if (!ok) status = command_failed(study->command, &error);
    }
    free(folder);
    return status;
}

static int run_cells(Study *study) {
    for (;;) {
        Next next = { 0 };
        study_walk(study, find_next, &next);
        if (!next.found) return 0;
        next.cell = study_cell(study, &next.cell);
        print_cell(study, &next);
        int status = run_cell(study, &next.cell);
        if (status == 0 && signals_caught()) status = signals_status(); // after the last step
        if (signals_caught()) fprintf(stderr, "stopped  run the same command to continue\n");
        if (status != 0) return status;
    }
}

static bool print_report(const Study *study, Error *error) {
    Groups groups;
    if (!groups_new(&groups, &study->cells, error)) return false;
    report_tables(stdout, &groups);
    free(groups.items);
    fprintf(stderr,
            "done     %s: isoflop.json, parameters.png, seconds.png, and one run per cell\n",
            study->options.out);
    return true;
}

int study_run(Study *study) {
    Error error;
    if (!study_read(study, &error) || !study_measure(study, &error))
        return command_failed(study->command, &error);
    Totals totals = add_up(study);
    print_study(study, &totals);
    bool ok =
        totals.done == totals.cells ||
        (check_memory_and_disk(study, &totals, &error) && study_create(study, &error) &&
         baselines_measure(&study->baselines, &study->corpus.train, &study->corpus.valid, &error));
    int status = ok ? run_cells(study) : command_failed(study->command, &error);
    // Saves even if nothing is new: the last save may have been interrupted between its files.
    if (status == 0 &&
        ((study->options.time && !study_time(study, &error)) || !study_save(study, &error))) {
        status = command_failed(study->command, &error);
    }
    if (status == 0) draw_study(study);
    if (status == 0 && !print_report(study, &error))
        status = command_failed(study->command, &error);
    return status;
}
