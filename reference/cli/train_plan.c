#include "reference/cli/train_plan.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/io/progress.h"
#include "reference/numbers/memory.h"
#include <stdio.h>

void print_causality(const Config *config) {
    if (is_causal(ffn_causality(config))) return;
    fprintf(stderr,
            "causal   no: %s selects over later tokens too; the losses are optimistic, and "
            "generated text will be worse than they suggest\n",
            routing_words(config));
}

static void print_model(const Config *config, const ModelCost *cost) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    fprintf(stderr, "model   ");
    for (int i = 0; i < count; i++) fprintf(stderr, " %s=%s", settings[i].name, settings[i].value);
    fprintf(stderr, ": %s parameters, %s active per token\n", short_count(cost->parameters).text,
            short_count(cost->active_parameters).text);
}

static void print_work(const Trainer *t, const ModelCost *cost) {
    double B = (double)t->settings.B, steps = (double)t->settings.steps;
    fprintf(stderr,
            "steps    %lld of %lld x %d tokens, %.3g epochs; %s FLOPs in total by the paper's "
            "count, %s with the logits\n",
            (long long)t->settings.steps, (long long)t->settings.B, t->config.T,
            steps / (double)batches_per_epoch(&t->batches),
            short_count(3 * B * steps * cost->layers.flops).text,
            short_count(3 * B * steps * cost->flops_full).text);
}

bool print_plan(const Trainer *t, const char *folder, Error *error) {
    double memory = t->backend->bytes(&t->config, (int)t->settings.B), available = machine_memory();
    ModelCost cost = model_cost(&t->config);
    // Two checkpoints are kept, and a third exists while it is written. A resumed run has the two.
    int checkpoints = t->saved < 0 ? 3 : 1;
    uint64_t needed = (uint64_t)checkpoints * (uint64_t)checkpoint_bytes(&t->config),
             left = disk_free(folder);
    fprintf(stderr, "data     %s: %s training tokens, %s validation tokens, vocabulary %d\n",
            t->corpus.path, short_count((double)t->corpus.train.tokens).text,
            short_count((double)t->corpus.valid.tokens).text, t->config.V);
    print_model(&t->config, &cost);
    print_causality(&t->config);
    print_work(t, &cost);
    fprintf(stderr, "memory   %s of %s; disk %s, %s free at %s\n",
            short_bytes((uint64_t)memory).text, short_bytes((uint64_t)available).text,
            short_bytes(needed).text, short_bytes(left).text, folder);
    char device[DEVICE_TEXT];
    t->backend->describe(t->device, device);
    if (*device != '\0') fprintf(stderr, "device   %s\n", device);
    return disk_check(folder, needed, error);
}
