#include "reference/cli/train_run.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/io/progress.h"
#include "reference/train/loss_picture.h"
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// The signal that asked us to stop; the second one does not wait for the step to end.
static volatile sig_atomic_t stop_signal;

static void on_signal(int number) {
    if (stop_signal != 0) _exit(128 + number);
    stop_signal = number;
}

static void watch_signals(void) {
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static json_t *line_begin(const Run *run) {
    json_t *line = json_object();
    json_object_set_new(line, "step", json_integer(run->trainer.step));
    return line;
}

static bool line_end(Run *run, json_t *line, Error *error) {
    double seconds = run->log.seconds + clock_seconds() - run->started;
    json_object_set_new(line, "seconds", json_real(round(1000 * seconds) / 1000));
    return log_write(&run->log, line, error);
}

// A step gave what is no number: the log says so, as the run can never come to its end.
static void log_diverged(Run *run) {
    run->diverged = true;
    json_t *line = line_begin(run);
    json_object_set_new(line, "diverged", json_true());
    line_end(run, line, NULL);
}

static bool save(Run *run, Error *error) {
    Trainer *t = &run->trainer;
    if (t->saved == t->step) return true;
    Error why;
    if (trainer_save(t, run->folder, &why)) return true;
    if (!trainer_check_finite(t, NULL)) log_diverged(run);
    if (t->saved < 0) {
        folder_remove(run->folder, NULL); // it holds no more than the first line of a log
        return fail(error, "%.900s; nothing was trained and nothing was left behind", why.text);
    }
    return fail(error,
                "the checkpoint of step %lld was not saved: %.600s; that of step %lld stands: "
                "build/sgatlin train --resume %.200s",
                (long long)t->step, why.text, (long long)t->saved, run->folder);
}

// Mean loss on at most `batches` batches of the validation file (0: all of it); NAN when Ctrl-C
// came before the end.
static double look(Run *run, int64_t batches, int64_t *tokens) {
    Evaluation evaluation = { 0 };
    while (batches == 0 || (int64_t)evaluation.batch < batches) {
        if (stop_signal != 0) return NAN;
        if (!trainer_evaluate(&run->trainer, &evaluation)) break;
    }
    if (tokens != NULL) *tokens = evaluation.scored;
    return evaluation_loss(&evaluation);
}

static bool log_step(Run *run, bool looked, Error *error) {
    Trainer *t = &run->trainer;
    run->loss = run->loss_sum / (double)run->loss_steps;
    run->tokens_per_second = (double)run->interval_tokens / fmax(run->interval_seconds, 1e-9);
    run->log.tokens += run->interval_tokens;
    run->log.step_seconds += run->interval_seconds;
    json_t *line = line_begin(run);
    json_object_set_new(line, "loss", json_real(run->loss));
    if (run->balance_sum > 0.0)
        json_object_set_new(line, "balance_loss",
                            json_real(run->balance_sum / (double)run->loss_steps));
    json_object_set_new(line, "rate", json_real(t->learning_rate));
    json_object_set_new(line, "grad_norm", json_real(run->result.gradient_norm));
    json_object_set_new(line, "tokens", json_integer(run->log.tokens));
    json_object_set_new(line, "step_seconds", json_real(round(1e4 * run->log.step_seconds) / 1e4));
    json_object_set_new(line, "tokens_per_s", json_real(round(run->tokens_per_second)));
    if (t->config.ffn->sparse) {
        run->usage = usage_share(&t->usage);
        usage_clear(&t->usage);
        json_object_set_new(line, "usage", json_real(run->usage));
    }
    if (looked && !isnan(run->valid_loss))
        json_object_set_new(line, "valid_loss", json_real(run->valid_loss));
    run->loss_sum = run->balance_sum = run->interval_seconds = 0;
    run->loss_steps = run->interval_tokens = 0;
    return line_end(run, line, error);
}

static bool is_due(int64_t step, int64_t every) { return every > 0 && step % every == 0; }

static void say_expected_time(Run *run) {
    double to_come = (double)(run->trainer.settings.steps - run->trainer.step);
    progress_print(&run->progress, "time     about %s for the %.0f steps to come",
                 short_duration(run->step_seconds / (double)run->steps_here * to_come).text,
                 to_come);
}

static void count_step(Run *run, double seconds) {
    run->step_seconds += seconds;
    run->interval_seconds += seconds;
    run->steps_here++;
    run->loss_sum += run->result.loss;
    run->balance_sum += run->result.balance_loss;
    run->loss_steps++;
    run->interval_tokens += run->result.tokens;
}

// One step with all that is due after it. A line of the log goes before each checkpoint, so that
// what they count is whole in a run that goes on from there.
static bool advance(Run *run, Error *error) {
    enum { FEW_STEPS = 5 };
    Trainer *t = &run->trainer;
    double begin = clock_seconds();
    if (!trainer_step(t, &run->result, error)) {
        log_diverged(run);
        return false;
    }
    count_step(run, clock_seconds() - begin);
    bool last = t->step == t->settings.steps;
    if (run->steps_here == FEW_STEPS && !last) say_expected_time(run);
    bool looking = is_due(t->step, t->settings.eval_every) && !last;
    bool saving = is_due(t->step, t->settings.checkpoint_every) && !last;
    if (looking) run->valid_loss = look(run, t->settings.eval_batches, NULL);
    if (looking || saving || last || is_due(t->step, t->settings.log_every)) {
        if (!log_step(run, looking, error)) return false;
        run_progress(run, looking || last);
    }
    return !saving || (save(run, error) && loss_picture_write(run->folder, error));
}

// Before the first step: the checkpoint of the first weights, and where the loss begins.
static bool begin(Run *run, Error *error) {
    if (!save(run, error)) return false;
    run->valid_loss = look(run, run->trainer.settings.eval_batches, NULL);
    if (isnan(run->valid_loss)) return true;
    json_t *line = line_begin(run);
    json_object_set_new(line, "valid_loss", json_real(run->valid_loss));
    if (!line_end(run, line, error)) return false;
    run_progress(run, true);
    return true;
}

static void say_verdict(const Run *run, double loss) {
    const json_t *baselines = json_object_get(run->log.header, "baselines");
    double unigram = json_number_value(json_object_get(baselines, "unigram"));
    double trigram = json_number_value(json_object_get(baselines, "trigram"));
    fprintf(stderr,
            "valid    %.4f nats a token (perplexity %.2f) on the whole file; unigram %.4f, trigram "
            "%.4f: %s\n",
            loss, exp(loss), unigram, trigram,
            loss < unigram && loss < trigram ? "beats both"
            : loss < unigram                 ? "beats the unigram alone"
                                             : "beats neither");
}

// After the last step: the checkpoint first, then the whole validation file, which may take a
// while.
static bool finish(Run *run, Error *error) {
    int64_t tokens;
    if (!save(run, error)) return false;
    double loss = look(run, 0, &tokens);
    if (isnan(loss)) return true;
    json_t *line = line_begin(run);
    json_object_set_new(line, "final_valid_loss", json_real(loss));
    json_object_set_new(line, "perplexity", json_real(exp(loss)));
    json_object_set_new(line, "valid_tokens", json_integer(tokens));
    if (!line_end(run, line, error) || !loss_picture_write(run->folder, error)) return false;
    say_verdict(run, loss);
    if (run->cell) return true;
    fprintf(stderr,
            "done     %s: try build/sgatlin sample --checkpoint %s --prompt \"Once upon a time\"\n",
            run->folder, run->folder);
    return true;
}

static int stopped(Run *run) {
    Error error;
    progress_end(&run->progress);
    if (run->loss_steps > 0 && !log_step(run, false, &error))
        return command_failed(run->command, &error);
    if (!save(run, &error) || !loss_picture_write(run->folder, &error))
        return command_failed(run->command, &error);
    if (run->cell) return 128 + stop_signal;
    fprintf(stderr,
            "stopped  after step %lld of %lld; go on with: build/sgatlin train --resume %s\n",
            (long long)run->trainer.step, (long long)run->trainer.settings.steps, run->folder);
    return 128 + stop_signal;
}

int run_training(Run *run) {
    Trainer *t = &run->trainer;
    Error error;
    watch_signals();
    run->started = clock_seconds();
    bool ok = t->saved >= 0 || begin(run, &error);
    while (ok && stop_signal == 0 && t->step < t->settings.steps) ok = advance(run, &error);
    if (ok && t->step == t->settings.steps) {
        progress_end(&run->progress);
        ok = finish(run, &error);
    }
    if (ok) return stop_signal != 0 ? stopped(run) : 0;
    progress_end(&run->progress);
    if (t->saved >= 0 && t->saved < t->step) {
        fprintf(stderr, "%s: the last good checkpoint is that of step %lld\n", run->command,
                (long long)t->saved);
    }
    return command_failed(run->command, &error);
}
