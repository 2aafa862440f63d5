#include "reference/cli/options.h"
#include "reference/cli/train_run.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/numbers/memory.h"
#include <math.h>
#include <stdio.h>

void say_causal(const Config *config) {
    if (is_causal(ffn_causality(config))) return;
    fprintf(stderr,
            "causal   no: with %s a token's experts depend on later tokens too; the losses know "
            "something of what "
            "they foretell, and a story told token by token will not be as good as they say\n",
            routing_words(config));
}

static void print_model(const Run *run) {
    const Trainer *t = &run->trainer;
    const Config *config = &t->config;
    fprintf(stderr, "data     %s: %s tokens to train on, %s to check on, %d in the vocabulary\n",
            t->corpus.path, short_count((double)t->corpus.train.tokens).text,
            short_count((double)t->corpus.valid.tokens).text, config->V);
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    fprintf(stderr, "model   ");
    for (int i = 0; i < count; i++) fprintf(stderr, " %s=%s", settings[i].name, settings[i].value);
    ModelCost cost = model_cost(config);
    fprintf(stderr, ": %s parameters, %s of them at work on a token\n",
            short_count(cost.parameters).text, short_count(cost.active_parameters).text);
    say_causal(config);
    double B = (double)t->settings.B, steps = (double)t->settings.steps;
    fprintf(stderr,
            "steps    %lld of %lld x %d tokens, %.3g epochs; %s FLOPs in all by the authors' "
            "count, %s with "
            "the logits\n",
            (long long)t->settings.steps, (long long)t->settings.B, config->T,
            steps / (double)batches_per_epoch(&t->batches),
            short_count(3 * B * steps * cost.layers.flops).text,
            short_count(3 * B * steps * cost.flops_full).text);
}

bool run_plan(const Run *run, bool resumed, Error *error) {
    const Trainer *t = &run->trainer;
    double memory = t->backend->bytes(&t->config, (int)t->settings.B), has = machine_memory();
    uint64_t one = (uint64_t)checkpoint_bytes(&t->config), left = disk_free(run->folder);
    uint64_t needed = one * (resumed ? 1 : 3); // two stay, a third while it is written
    print_model(run);
    fprintf(stderr, "memory   %s of %s; disk %s, %s free at %s\n",
            short_bytes((uint64_t)memory).text, short_bytes((uint64_t)has).text,
            short_bytes(needed).text, short_bytes(left).text, run->folder);
    if (memory > has) {
        fprintf(stderr, "memory   more than this machine has: it will swap or be killed; a smaller "
                        "B or T needs less\n");
    }
    if (left >= needed) return true;
    return fail(
        error,
        "%s: the checkpoints need %s, %s are free there; free some space or name another --out",
        run->folder, short_bytes(needed).text, short_bytes(left).text);
}

void run_progress(Run *run, bool stays) {
    const Trainer *t = &run->trainer;
    char line[256];
    size_t used = (size_t)snprintf(line, sizeof line, "step %lld/%lld", (long long)t->step,
                                   (long long)t->settings.steps);
    if (!isnan(run->loss))
        used += (size_t)snprintf(line + used, sizeof line - used, "  loss %.4f", run->loss);
    if (!isnan(run->valid_loss)) {
        used += (size_t)snprintf(line + used, sizeof line - used, "  valid %.4f", run->valid_loss);
    }
    if (run->steps_here > 0) {
        double left =
            run->step_seconds / (double)run->steps_here * (double)(t->settings.steps - t->step);
        used +=
            (size_t)snprintf(line + used, sizeof line - used, "  %s tokens/s  %s left",
                             short_count(run->tokens_per_second).text, short_duration(left).text);
    }
    if (!isnan(run->usage))
        snprintf(line + used, sizeof line - used, "  usage %.1f%%", 100 * run->usage);
    if (stays) {
        progress_print(&run->progress, "%s", line);
    } else {
        progress_show(&run->progress, "%s", line);
    }
}
