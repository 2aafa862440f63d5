#include "reference/cli/commands.h"
#include "reference/cli/signals.h"
#include "reference/cli/train_options.h"
#include "reference/cli/train_plan.h"
#include "reference/cli/train_progress.h"
#include "reference/io/shell_word.h"

static void print_baselines(const RunLog *log) {
    const json_t *baselines = json_object_get(log->header, "baselines");
    fprintf(stderr, "to beat  unigram %.4f, trigram %.4f nats per token\n",
            json_number_value(json_object_get(baselines, "unigram")),
            json_number_value(json_object_get(baselines, "trigram")));
}

static int run_to_end(const char *command, Trainer *trainer, const char *folder, RunLog *log) {
    switch (train_with_progress(command, trainer, folder, log)) {
    case RUN_FINISHED:
        fprintf(stderr,
                "done     %s: try build/sgatlin sample --checkpoint %s --prompt \"Once upon a "
                "time\"\n",
                folder, shell_word(folder).text);
        return 0;
    case RUN_STOPPED:
        fprintf(stderr,
                "stopped  after step %lld of %lld; continue with: build/sgatlin train --resume "
                "%s\n",
                (long long)trainer->step, (long long)trainer->settings.steps,
                shell_word(folder).text);
        return signals_status();
    default: return 1;
    }
}

// The trainer is open; the log is open afterwards. The run to its end.
static int train(const char *command, Trainer *trainer, RunLog *log, const char *folder) {
    Error error;
    if (!print_plan(trainer, folder, &error) || !run_open_log(log, folder, trainer, NULL, &error))
        return command_failed(command, &error);
    int status = 0;
    if (trainer->step == trainer->settings.steps && log->final) {
        fprintf(stderr, "%s: is finished, all %lld steps are done; nothing to do\n", folder,
                (long long)trainer->step);
    } else {
        print_baselines(log);
        status = run_to_end(command, trainer, folder, log);
    }
    return status;
}

int command_train(int argc, char **argv) {
    TrainOptions options;
    Trainer trainer = { 0 };
    RunLog log = LOG_CLOSED;
    Error error;
    bool misused;
    int status = train_options_parse(&options, argc, argv);
    if (status == 0) {
        program_start(options.threads, options.backend);
        if (train_options_open(&trainer, &log, &options, &misused, &error)) {
            status = train(argv[0], &trainer, &log, train_options_run(&options));
        } else {
            status = misused ? command_misused(argv[0], &error) : command_failed(argv[0], &error);
        }
    }
    log_close(&log);
    trainer_free(&trainer);
    train_options_free(&options);
    return status;
}
