#include "reference/cli/train_progress.h"
#include "reference/cli/options.h"
#include "reference/cli/signals.h"
#include "reference/io/progress.h"
#include <math.h>

typedef struct {
    Progress line;
    const json_t *baselines;
    double seconds; // of the steps of this process
    int64_t steps;  // how many
    RunLine last;   // the newest numbers; NAN: none yet
} TrainProgress;

static double seconds_left(const TrainProgress *progress, const Trainer *trainer) {
    double steps = (double)(trainer->settings.steps - trainer->step);
    return progress->seconds / (double)progress->steps * steps;
}

static void step_done(void *context, const Trainer *trainer, const StepResult *result) {
    enum { FEW_STEPS = 5 }; // enough for an estimate
    TrainProgress *progress = context;
    for (int phase = 0; phase < STEP_PHASES; phase++) progress->seconds += result->seconds[phase];
    progress->steps++;
    int64_t left = trainer->settings.steps - trainer->step;
    if (progress->steps != FEW_STEPS || left == 0) return;
    progress_print(&progress->line, "time     about %s for the remaining %lld steps",
                   short_duration(seconds_left(progress, trainer)).text, (long long)left);
}

static void format_line(char *out, size_t size, const TrainProgress *progress,
                        const Trainer *trainer) {
    const RunLine *last = &progress->last;
    size_t used = (size_t)snprintf(out, size, "step %lld/%lld", (long long)trainer->step,
                                   (long long)trainer->settings.steps);
    if (!isnan(last->loss))
        used += (size_t)snprintf(out + used, size - used, "  loss %.4f", last->loss);
    if (!isnan(last->valid_loss))
        used += (size_t)snprintf(out + used, size - used, "  valid %.4f", last->valid_loss);
    if (progress->steps > 0) {
        used += (size_t)snprintf(out + used, size - used, "  %s tokens/s  %s left",
                                 short_count(last->tokens_per_second).text,
                                 short_duration(seconds_left(progress, trainer)).text);
    }
    if (!isnan(last->usage)) snprintf(out + used, size - used, "  usage %.1f%%", 100 * last->usage);
}

// A line with a validation loss stays on the screen, and so does the last one.
static void line_logged(void *context, const Trainer *trainer, const RunLine *line) {
    TrainProgress *progress = context;
    double valid_loss = isnan(line->valid_loss) ? progress->last.valid_loss : line->valid_loss;
    progress->last = *line;
    progress->last.valid_loss = valid_loss;
    char text[256];
    format_line(text, sizeof text, progress, trainer);
    if (!isnan(line->valid_loss) || trainer->step == trainer->settings.steps) {
        progress_print(&progress->line, "%s", text);
    } else {
        progress_show(&progress->line, "%s", text);
    }
}

static const char *verdict(double loss, double unigram, double trigram) {
    if (loss < unigram && loss < trigram) return "beats both";
    return loss < unigram ? "beats only the unigram" : "beats neither";
}

static void evaluated(void *context, const Trainer *trainer, const Evaluation *evaluation,
                      bool whole_file) {
    (void)trainer;
    TrainProgress *progress = context;
    if (!whole_file) return; // line_logged shows it
    double loss = evaluation_loss(evaluation);
    double unigram = json_number_value(json_object_get(progress->baselines, "unigram"));
    double trigram = json_number_value(json_object_get(progress->baselines, "trigram"));
    progress_print(
        &progress->line,
        "valid    %.4f nats per token (perplexity %.2f) on the whole file; unigram %.4f, "
        "trigram %.4f: %s",
        loss, exp(loss), unigram, trigram, verdict(loss, unigram, trigram));
}

static void warned(void *context, const char *message) {
    TrainProgress *progress = context;
    progress_print(&progress->line, "warning  %s", message);
}

static bool should_stop(void *context) {
    (void)context;
    return signals_caught();
}

RunEnd train_with_progress(const char *command, Trainer *trainer, const char *folder, RunLog *log) {
    TrainProgress progress = { .line = progress_new(),
                               .baselines = json_object_get(log->header, "baselines"),
                               .last = { .loss = NAN, .valid_loss = NAN, .usage = NAN } };
    const RunObserver observer = { .step = step_done,
                                   .evaluated = evaluated,
                                   .logged = line_logged,
                                   .warned = warned,
                                   .stop = should_stop,
                                   .context = &progress };
    Error error;
    signals_watch(SIGNALS_RESTART_READS);
    RunEnd end = run_train(trainer, folder, log, &observer, &error);
    progress_end(&progress.line);
    if (end == RUN_FINISHED || end == RUN_STOPPED) return end;
    if (trainer->saved >= 0 && trainer->saved < trainer->step) {
        fprintf(stderr, "saved    the last good checkpoint is that of step %lld\n",
                (long long)trainer->saved);
    }
    command_failed(command, &error);
    return end;
}
