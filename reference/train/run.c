#include "reference/train/run.h"
#include "reference/config/config_json.h"
#include "reference/io/files.h"
#include "reference/io/progress.h"
#include "reference/io/shell_word.h"
#include "reference/train/log_read.h"
#include "reference/train/loss_picture.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- opening

// The newest checkpoint of a run; the caller frees it.
static char *find_checkpoint(const char *run, Error *error) {
    char *checkpoint = checkpoint_find(run, error);
    if (checkpoint == NULL || strcmp(checkpoint, run) != 0) return checkpoint;
    free(checkpoint);
    fail(error, "%s: is a checkpoint; --resume takes the folder of its run", run);
    return NULL;
}

bool run_resume(Trainer *out, RunLog *log, const Backend *backend, const char *folder,
                const char *data, Error *error) {
    *out = (Trainer){ 0 };
    char *found = find_checkpoint(folder, error); // so that only runs are locked
    bool ok = found != NULL && log_lock(log, folder, error);
    free(found);
    // Another process may have written a newer one before the lock was ours.
    char *checkpoint = ok ? find_checkpoint(folder, error) : NULL;
    ok = checkpoint != NULL && trainer_resume(out, backend, checkpoint, data, error);
    free(checkpoint);
    return ok;
}

// Of the log in a folder without checkpoints.
static bool is_only_header(const char *path) {
    LogLines lines;
    if (!log_lines_read(&lines, path, INT64_MAX, NULL)) return false;
    bool only = lines.count == 0;
    log_lines_free(&lines);
    return only;
}

static bool refuse_folder(const char *folder, Error *error) {
    return fail(error,
                "%s: already exists and was not changed; continue it with --resume %s, or choose "
                "another folder",
                folder, shell_word(folder).text);
}

bool run_begin_again(RunLog *log, const char *folder, Error *error) {
    char *path = path_join(folder, LOG_NAME), *lock = path_join(folder, ".lock");
    char *checkpoint = checkpoint_find(folder, NULL);
    bool ok = (path != NULL && lock != NULL) || fail(error, "%s: out of memory", folder);
    if (ok && (checkpoint != NULL || !path_exists(lock))) ok = refuse_folder(folder, error);
    ok = ok && log_lock(log, folder, error);
    if (ok && !folder_is_empty(folder) && !is_only_header(path)) ok = refuse_folder(folder, error);
    if (ok && path_exists(path) && unlink(path) != 0)
        ok = fail(error, "%s: cannot be removed: %s", path, strerror(errno));
    free(checkpoint);
    free(lock);
    free(path);
    return ok;
}

static json_t *header_of(const Trainer *t, const Baselines *baselines) {
    ModelCost cost = model_cost(&t->config);
    json_t *header = json_object(), *losses = json_object();
    json_add(&losses, "unigram", json_real(baselines->unigram));
    json_add(&losses, "trigram", json_real(baselines->trigram));
    json_add(&losses, "counted", json_integer((json_int_t)baselines->counted));
    json_add(&header, "settings", settings_to_json(&t->settings));
    json_add(&header, "model", config_to_json(&t->config));
    json_add(&header, "data", json_string(t->corpus.path));
    json_add(&header, "parameters", json_integer((json_int_t)cost.parameters));
    json_add(&header, "flops_per_step",
             json_integer((json_int_t)(3 * cost.layers.flops * (double)t->settings.B)));
    json_add(&header, "baselines", losses);
    return header;
}

// What a killed process had left to do after its last checkpoint or line. The log is locked.
static bool finish_saving(const char *folder, Error *error) {
    folder_clear(folder);
    loss_picture_write(folder, NULL); // the run draws it again
    return checkpoint_prune(folder, CHECKPOINTS_KEPT, error);
}

bool run_open_log(RunLog *log, const char *folder, const Trainer *trainer, const Baselines *known,
                  Error *error) {
    Baselines baselines;
    char *path = path_join(folder, LOG_NAME);
    if (path == NULL) return fail(error, "%s: out of memory", folder);
    bool exists = path_exists(path);
    free(path);
    if (exists)
        return log_resume(log, folder, trainer->step, error) && finish_saving(folder, error);
    if (known == NULL) {
        const Corpus *corpus = &trainer->corpus;
        if (!baselines_measure(&baselines, &corpus->train, &corpus->valid, error)) return false;
        known = &baselines;
    }
    if (!folder_make(folder, error)) return false;
    if (log_lock(log, folder, error))
        return log_create(log, folder, header_of(trainer, known), error);
    rmdir(folder); // only a new one, which is empty
    return false;
}

// ---- the run under way

typedef struct {
    Trainer *trainer;
    const char *folder;
    RunLog *log;
    const RunObserver *observer;
    double started; // by clock_seconds()
    bool stopped, diverged;
    // of the steps since the last line of the log
    double loss_sum, balance_sum, seconds;
    int64_t steps, tokens;
    double gradient_norm; // of the last step
} Run;

static bool is_stopped(Run *run) {
    const RunObserver *o = run->observer;
    if (!run->stopped && o->stop != NULL) run->stopped = o->stop(o->context);
    return run->stopped;
}

static bool is_due(int64_t step, int64_t every) { return every > 0 && step % every == 0; }

static json_t *line_begin(const Run *run) {
    json_t *line = json_object();
    json_add(&line, "step", json_integer(run->trainer->step));
    return line;
}

static bool line_end(Run *run, json_t *line, Error *error) {
    double seconds = run->log->seconds + clock_seconds() - run->started;
    json_add(&line, "seconds", json_real(round(1000 * seconds) / 1000));
    return log_write(run->log, line, error);
}

// The log says that the run diverged, as it can never finish.
static void log_diverged(Run *run) {
    run->diverged = true;
    json_t *line = line_begin(run);
    json_add(&line, "diverged", json_true());
    line_end(run, line, NULL);
}

static void report_logged(const Run *run, const RunLine *line) {
    const RunObserver *o = run->observer;
    if (o->logged != NULL) o->logged(o->context, run->trainer, line);
}

// ---- saving

static bool report_saved(const Run *run, Error *error) {
    const RunObserver *o = run->observer;
    if (o->saved == NULL) return true;
    char *checkpoint = checkpoint_path(run->folder, run->trainer->saved);
    if (checkpoint == NULL) return fail(error, "%s: out of memory", run->folder);
    o->saved(o->context, run->trainer, checkpoint);
    free(checkpoint);
    return true;
}

static void warn(const Run *run, const Error *why) {
    const RunObserver *o = run->observer;
    if (o->warned != NULL) o->warned(o->context, why->text);
}

// Writes a checkpoint, unless there is one of this step, and removes old ones. A run that cannot
// save its first checkpoint has nothing but the first line of a log: its folder is removed.
static bool save(Run *run, Error *error) {
    Trainer *t = run->trainer;
    if (t->saved == t->step) return true;
    Error why;
    TrainerSave end = trainer_save(t, run->folder, &why);
    if (end == TRAINER_SAVED) {
        // an old checkpoint that stays is removed after the next one
        if (!checkpoint_prune(run->folder, CHECKPOINTS_KEPT, &why)) warn(run, &why);
        return report_saved(run, error);
    }
    if (end == TRAINER_NOT_FINITE) log_diverged(run);
    if (t->saved < 0) {
        bool removed = folder_remove(run->folder, NULL);
        return fail(error, "%.900s; nothing was trained%s", why.text,
                    removed ? " and nothing was left behind" : "");
    }
    return fail(error,
                "the checkpoint of step %lld was not saved: %.600s; continue from that of step "
                "%lld with: build/sgatlin train --resume %s",
                (long long)t->step, why.text, (long long)t->saved, shell_word(run->folder).text);
}

// The picture is drawn from the log, so that one which cannot be written loses nothing.
static void draw_losses(const Run *run) {
    Error why;
    if (!loss_picture_write(run->folder, &why)) warn(run, &why);
}

// ---- evaluating

typedef enum { EVALUATED, EVALUATION_STOPPED, EVALUATION_DIVERGED } EvaluationEnd;

// At most `batches` batches of the validation file; 0: all of it.
static EvaluationEnd evaluate(Run *run, Evaluation *out, int64_t batches, Error *error) {
    const RunObserver *o = run->observer;
    *out = (Evaluation){ 0 };
    while (batches == 0 || (int64_t)out->batch < batches) {
        if (is_stopped(run)) return EVALUATION_STOPPED;
        if (!trainer_evaluate(run->trainer, out)) break;
    }
    if (!isfinite(out->sum)) {
        log_diverged(run);
        fail(error, "step %lld: the validation loss is not finite; a lower peak or clip may help",
             (long long)run->trainer->step);
        return EVALUATION_DIVERGED;
    }
    if (o->evaluated != NULL) o->evaluated(o->context, run->trainer, out, batches == 0);
    return EVALUATED;
}

// ---- steps

static bool log_steps(Run *run, double valid_loss, Error *error) {
    Trainer *t = run->trainer;
    double steps = (double)run->steps;
    RunLine values = { .loss = run->loss_sum / steps,
                       .balance_loss = run->balance_sum / steps,
                       .tokens_per_second = (double)run->tokens / fmax(run->seconds, 1e-9),
                       .usage = t->config.ffn->sparse ? usage_share(trainer_usage(t)) : NAN,
                       .valid_loss = valid_loss };
    run->log->tokens += run->tokens;
    run->log->step_seconds += run->seconds;
    json_t *line = line_begin(run);
    json_add(&line, "loss", json_real(values.loss));
    if (run->balance_sum > 0.0) json_add(&line, "balance_loss", json_real(values.balance_loss));
    json_add(&line, "rate", json_real(t->learning_rate));
    json_add(&line, "grad_norm", json_real(run->gradient_norm));
    json_add(&line, "tokens", json_integer(run->log->tokens));
    json_add(&line, "step_seconds", json_real(round(1e4 * run->log->step_seconds) / 1e4));
    json_add(&line, "tokens_per_s", json_real(round(values.tokens_per_second)));
    if (!isnan(values.usage)) json_add(&line, "usage", json_real(values.usage));
    if (!isnan(valid_loss)) json_add(&line, "valid_loss", json_real(valid_loss));
    usage_clear(&t->usage);
    run->loss_sum = run->balance_sum = run->seconds = 0;
    run->steps = run->tokens = 0;
    if (!line_end(run, line, error)) return false;
    report_logged(run, &values);
    return true;
}

static bool step(Run *run, Error *error) {
    const RunObserver *o = run->observer;
    StepResult result;
    double begin = clock_seconds();
    if (!trainer_step(run->trainer, &result, error)) {
        log_diverged(run);
        return false;
    }
    run->seconds += clock_seconds() - begin;
    run->steps++;
    run->loss_sum += result.loss;
    run->balance_sum += result.balance_loss;
    run->tokens += result.tokens;
    run->gradient_norm = result.gradient_norm;
    if (o->step != NULL) o->step(o->context, run->trainer, &result);
    return true;
}

// One step with all that is due after it. The line of the log goes before the checkpoint, so that a
// run that resumes from there has counted everything.
static bool advance(Run *run, Error *error) {
    const TrainSettings *settings = &run->trainer->settings;
    if (!step(run, error)) return false;
    int64_t number = run->trainer->step;
    bool is_last = number == settings->steps;
    bool evaluates = is_due(number, settings->eval_every) && !is_last,
         saves = is_due(number, settings->checkpoint_every) && !is_last;
    double valid_loss = NAN;
    if (evaluates) {
        Evaluation evaluation;
        EvaluationEnd end = evaluate(run, &evaluation, settings->eval_batches, error);
        if (end == EVALUATION_DIVERGED) return false;
        if (end == EVALUATED) valid_loss = evaluation_loss(&evaluation);
    }
    if (evaluates || saves || is_last || is_due(number, settings->log_every)) {
        if (!log_steps(run, valid_loss, error)) return false;
    }
    if (!saves) return true;
    if (!save(run, error)) return false;
    draw_losses(run);
    return true;
}

// ---- from begin to end

// Before the first step: a checkpoint of the initial weights, and their validation loss. Where that
// has no line in the log, a resumed run begins here too.
static bool begin(Run *run, Error *error) {
    Evaluation evaluation;
    if (!save(run, error)) return false;
    EvaluationEnd end = evaluate(run, &evaluation, run->trainer->settings.eval_batches, error);
    if (end != EVALUATED) return end == EVALUATION_STOPPED;
    RunLine values = { .loss = NAN, .balance_loss = NAN, .usage = NAN };
    values.valid_loss = evaluation_loss(&evaluation);
    json_t *line = line_begin(run);
    json_add(&line, "valid_loss", json_real(values.valid_loss));
    if (!line_end(run, line, error)) return false;
    report_logged(run, &values);
    return true;
}

// After the last step: the checkpoint first, since the evaluation of the whole file may take long.
static bool finish(Run *run, bool *finished, Error *error) {
    Evaluation evaluation;
    if (!save(run, error)) return false;
    EvaluationEnd end = evaluate(run, &evaluation, 0, error);
    if (end != EVALUATED) return end == EVALUATION_STOPPED;
    double loss = evaluation_loss(&evaluation), perplexity = exp(loss);
    json_t *line = line_begin(run);
    json_add(&line, "final_valid_loss", json_real(loss));
    if (isfinite(perplexity)) json_add(&line, "perplexity", json_real(perplexity));
    json_add(&line, "valid_tokens", json_integer(evaluation.scored));
    *finished = line_end(run, line, error);
    if (*finished) draw_losses(run);
    return *finished;
}

// What run_resume needs to continue from here.
static bool stop_here(Run *run, Error *error) {
    if (run->steps > 0 && !log_steps(run, NAN, error)) return false;
    if (!save(run, error)) return false;
    draw_losses(run);
    return true;
}

RunEnd run_train(Trainer *trainer, const char *folder, RunLog *log, const RunObserver *observer,
                 Error *error) {
    Run run = { .trainer = trainer,
                .folder = folder,
                .log = log,
                .observer = observer,
                .started = clock_seconds() };
    int64_t steps = trainer->settings.steps;
    bool finished = false, begun = trainer->step > 0 || log->begun,
         ok = begun || begin(&run, error);
    while (ok && trainer->step < steps && !is_stopped(&run)) ok = advance(&run, error);
    if (ok && trainer->step == steps) ok = finish(&run, &finished, error);
    if (ok && !finished) ok = stop_here(&run, error);
    if (!ok) return run.diverged ? RUN_DIVERGED : RUN_FAILED;
    return finished ? RUN_FINISHED : RUN_STOPPED;
}
