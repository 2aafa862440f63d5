#include "reference/cli/isoflop_run.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/cli/train_plan.h"
#include "reference/cli/train_progress.h"
#include "reference/io/files.h"
#include "reference/io/progress.h"
#include "reference/isoflop/time.h"
#include "reference/isoflop/walk.h"
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// --- what it will take ---

typedef struct {
    int cells, done;
    double flops, seconds; // of the cells to come; seconds with the looks at the validation file
    double disk, largest;  // bytes of a checkpoint of each, and of the largest
    const char *unfit;     // a scale that does not fit into memory
    double unfit_bytes;
} Sum;

static bool add_cell(void *context, Study *study, const Cell *key, bool certain) {
    Sum *sum = context;
    const Cell *known = cells_find(&study->cells, key);
    Cell cell = study_cell(study, key);
    double bytes = checkpoint_bytes(&cell.config);
    sum->cells++;
    if (certain && known != NULL && cell_done(known)) return sum->done++, true;
    sum->flops += (double)cell.settings.steps * cell_step_flops(&cell);
    sum->seconds += study_seconds(study, &cell) + study_look_seconds(study, &cell);
    sum->disk += bytes;
    sum->largest = fmax(sum->largest, bytes);
    if (!cell_fits(study->wanted.backend, &cell)) {
        for (int i = 0; i < study->wanted.scales.count; i++) {
            if (strcmp(study->wanted.scales.at[i], cell.scale) == 0)
                sum->unfit = study->wanted.scales.at[i];
        }
        sum->unfit_bytes = cell_memory(study->wanted.backend, &cell);
    }
    return true;
}

static Sum add_up(Study *study) {
    Sum sum = { 0 };
    study_walk(study, add_cell, &sum);
    return sum;
}

static void say_plan(const Study *study, const Sum *sum) {
    fprintf(stderr, "data     %s: %s tokens to train on, %s to check on, %d in the vocabulary\n",
            study->corpus.path, short_count((double)study->corpus.train.tokens).text,
            short_count((double)study->corpus.valid.tokens).text, study->corpus.train.V);
    fprintf(
        stderr,
        "study    %d cells, %d of them done; %s FLOPs to come by the authors' count, about %s\n",
        sum->cells, sum->done, short_count(sum->flops).text, short_duration(sum->seconds).text);
}

// The checkpoints of the cells to come stay, one each; two more are there while one is trained.
static bool check_room(const Study *study, const Sum *sum, Error *error) {
    uint64_t needed = (uint64_t)(sum->disk + 2 * sum->largest);
    fprintf(stderr, "disk     %s, %s free at %s\n", short_bytes(needed).text,
            short_bytes(disk_free(study->wanted.out)).text, study->wanted.out);
    if (sum->unfit != NULL) {
        return fail(error,
                    "scale %s wants %s of memory, this machine has %s; take smaller scales, or a "
                    "smaller B or T",
                    sum->unfit, short_bytes((uint64_t)sum->unfit_bytes).text,
                    short_bytes((uint64_t)machine_memory()).text);
    }
    return check_disk(study->wanted.out, needed, error);
}

static void print_dry_row(const Study *study, const char *kind, const char *scale, double budget) {
    Cell cell;
    cell_new(&cell, kind, scale, budget, study->wanted.peaks.at[0],
             (int64_t)study->wanted.seeds.at[0], NULL);
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
    const Wanted *wanted = &study->wanted;
    printf("| kind | scale | budget | parameters | active | FLOPs a step | with logits | steps | "
           "tokens | epochs | "
           "seconds |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int budget = 0; budget < wanted->budgets.count; budget++) {
        for (int kind = 0; kind < wanted->kinds.count + wanted->variants.count; kind++) {
            bool plain = kind < wanted->kinds.count;
            const char *name =
                plain ? wanted->kinds.at[kind] : wanted->variants.at[kind - wanted->kinds.count];
            for (int scale = 0; scale < wanted->scales.count; scale++) {
                print_dry_row(study, name, wanted->scales.at[scale], wanted->budgets.at[budget]);
            }
        }
    }
    Sum sum = add_up(study);
    printf("\n%d cells, %s FLOPs by the authors' count, about %s with the looks at valid.bin\n",
           sum.cells, number_text(sum.flops).text, short_duration(sum.seconds).text);
}

// --- training ---

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

static void say_cell(Study *study, const Next *next) {
    Sum sum = add_up(study);
    const Cell *cell = &next->cell;
    fprintf(stderr,
            "\ncell %d of %d: %s at scale %s, %s FLOPs, peak %s, seed %lld: %s parameters, %lld "
            "steps, about %s; for all "
            "that is left %s\n",
            next->number, sum.cells, cell->kind, cell->scale, number_text(cell->budget).text,
            number_text(cell->peak).text, (long long)cell->seed,
            short_count(cell->cost.parameters).text, (long long)cell->settings.steps,
            short_duration(study_seconds(study, cell)).text, short_duration(sum.seconds).text);
    print_causality(&cell->config);
}

static bool has_checkpoint(const char *folder) {
    char *found = checkpoint_find(folder, NULL);
    bool is = found != NULL && strcmp(found, folder) != 0;
    free(found);
    return is;
}

// A run that was stopped before its first checkpoint has nothing but the first line of a log: it is
// started again.
static bool start_cell(Trainer *out, const Study *study, const Cell *cell, const char *folder,
                       Error *error) {
    char *log = path_join(folder, LOG_NAME);
    bool ok = log != NULL || fail(error, "out of memory");
    if (ok && path_exists(log) && unlink(log) != 0) ok = fail(error, "%s: cannot be removed", log);
    free(log);
    return ok && trainer_new(out, study->wanted.backend, study->wanted.data, &cell->config,
                             &cell->settings, error);
}

static bool open_cell(Trainer *out, RunLog *log, const Study *study, const Cell *cell,
                      const char *folder, Error *error) {
    bool resumes = has_checkpoint(folder);
    bool ok = resumes ? run_resume(out, study->wanted.backend, folder, study->wanted.data, error)
                      : start_cell(out, study, cell, folder, error);
    ok = ok && run_open_log(log, folder, out, &study->baselines, error);
    if (ok && resumes) fprintf(stderr, "resumed  from step %lld\n", (long long)out->step);
    return ok;
}

static int train_cell(Study *study, const Cell *cell, const char *folder, Error *error) {
    Trainer trainer = { 0 };
    RunLog log = { .lock = -1 };
    RunEnd end = RUN_FAILED;
    if (open_cell(&trainer, &log, study, cell, folder, error)) {
        end = train_with_progress(study->command, &trainer, folder, &log);
    } else {
        command_failed(study->command, error);
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
        cell_name(other, &study->cells.at[i]);
        if (strcmp(name, other) == 0 && !cell_same(cell, &study->cells.at[i])) return true;
    }
    return false;
}

// Names the cell in isoflop.json before it is begun, and what came of it when it is done.
static int do_cell(Study *study, const Cell *cell) {
    Error error;
    char name[CELL_NAME];
    cell_name(name, cell);
    char *folder = path_join(study->wanted.out, name);
    Cell *kept = cells_find(&study->cells, cell);
    bool ok = (folder != NULL && (kept != NULL || cells_add(&study->cells, cell) != NULL)) ||
              fail(&error, "out of memory");
    if (ok && name_taken(study, cell))
        ok = fail(&error, "%s: is the folder of a cell that is almost the same", name);
    if (ok && kept == NULL && path_exists(folder)) {
        ok = fail(&error, "%s: is already there, but isoflop.json does not name it; move it away",
                  folder);
    }
    ok = ok && (kept != NULL || study_save(study, &error));
    int status =
        ok ? train_cell(study, cell, folder, &error) : command_failed(study->command, &error);
    if (ok && status == 0) {
        ok = study_tidy(study, cell, &error) &&
             study_read_result(study, cells_find(&study->cells, cell), &error);
        speeds_apply(&study->speeds, &study->cells);
        ok = ok && study_save(study, &error);
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
        say_cell(study, &next);
        int status = do_cell(study, &next.cell);
        if (status == 0 && signals_caught()) status = signals_status(); // after the last step
        if (signals_caught()) fprintf(stderr, "stopped  the same command continues from here\n");
        if (status != 0) return status;
    }
}

static bool print_report(const Study *study, Error *error) {
    Groups groups;
    if (!groups_new(&groups, &study->cells, error)) return false;
    report_tables(stdout, &groups);
    free(groups.at);
    fprintf(stderr,
            "done     %s: isoflop.json, parameters.png, seconds.png, and a run for every cell\n",
            study->wanted.out);
    return true;
}

int study_run(Study *study) {
    Error error;
    if (!study_read(study, &error) || !study_measure(study, &error))
        return command_failed(study->command, &error);
    Sum sum = add_up(study);
    say_plan(study, &sum);
    bool ok =
        sum.done == sum.cells ||
        (check_room(study, &sum, &error) && study_make(study, &error) &&
         baselines_measure(&study->baselines, &study->corpus.train, &study->corpus.valid, &error));
    int status = ok ? run_cells(study) : command_failed(study->command, &error);
    // Saved once more though nothing may be new: the last time may have been broken off between its
    // files.
    if (status == 0 &&
        ((study->wanted.time && !study_time(study, &error)) || !study_save(study, &error))) {
        status = command_failed(study->command, &error);
    }
    if (status == 0 && !print_report(study, &error))
        status = command_failed(study->command, &error);
    return status;
}
