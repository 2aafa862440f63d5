#include "reference/circuits/gates_picture.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/draw/paint.h"
#include "reference/ffn/ffn.h"
#include "reference/io/files.h"
#include "reference/train/checkpoint.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *text, *out;
    int channel, threads; // channel -1: the sentence summed, all channels
} Arguments;

enum { KEY_CHANNEL = 1000, KEY_THREADS };

static const struct argp_option options[] = {
    { "checkpoint", 'c', "RUN", 0, "a run's folder or one checkpoint's", 0 },
    { "text", 't', "TEXT", 0, "one sentence", 0 },
    { "out", 'o', "FILE", 0, "the picture, a PNG; must not exist", 0 },
    { "channel", KEY_CHANNEL, "C", 0,
      "word by word for one channel, from 0, the only one of a moe (default: the sentence summed, "
      "all channels)",
      0 },
    { "threads", KEY_THREADS, "N", 0, "threads (default: all)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 'c': arguments->checkpoint = value; break;
    case 't': arguments->text = value; break;
    case 'o': arguments->out = value; break;
    case KEY_CHANNEL:
        arguments->channel = (int)option_whole(state, "channel", value, 0, 65535);
        break;
    case KEY_THREADS:
        arguments->threads = (int)option_whole(state, "threads", value, 1, 1024);
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: wanted no further arguments; quote the text", value);
        break;
    case ARGP_KEY_END:
        if (arguments->checkpoint == NULL || arguments->text == NULL || arguments->out == NULL) {
            argp_error(state, "wanted --checkpoint RUN, --text TEXT and --out FILE");
        }
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// One sentence's gatings, as the hook brings them: behind TOKEN_END, whose own gates are left out.
typedef struct {
    SentenceGates gates;
    int32_t *index; // [T,L,C,K]; of a list K is E, and NO_EXPERT stands where a token has no more
    float *score;   // [T,L,C,K]
    char **tokens;  // [T]
} Recording;

static void recording_free(Recording *recording) {
    for (int t = 0; recording->tokens != NULL && t < recording->gates.T; t++)
        free(recording->tokens[t]);
    free(recording->tokens);
    free(recording->index);
    free(recording->score);
}

// A token's entries of a list, and NO_EXPERT behind them.
static void record_entries(Recording *recording, size_t to, const Gating *gating, int t) {
    int K = recording->gates.K, first = gating->start[t], count = gating->start[t + 1] - first;
    for (int k = 0; k < K; k++) {
        recording->index[to + (size_t)k] = k < count ? gating->index[first + k] : NO_EXPERT;
        recording->score[to + (size_t)k] = k < count ? gating->score[first + k] : 0.0f;
    }
}

static void record(void *context, int layer, Gating *gating) {
    Recording *recording = context;
    const SentenceGates *gates = &recording->gates;
    size_t chosen = (size_t)gates->C * (size_t)gates->K;
    for (size_t t = 0; t < (size_t)gates->T; t++) {
        size_t to = (t * (size_t)gates->L + (size_t)layer) * chosen, from = (t + 1) * chosen;
        if (gates->ragged) {
            record_entries(recording, to, gating, (int)t + 1);
            continue;
        }
        memcpy(recording->index + to, gating->index + from, chosen * sizeof *gating->index);
        memcpy(recording->score + to, gating->score + from, chosen * sizeof *gating->score);
    }
}

static bool recording_new(Recording *out, const Checkpoint *checkpoint, const TokenList *list,
                          Error *error) {
    const Config *config = &checkpoint->model.config;
    int T = (int)list->count;
    Gating shape = ffn_gating(config, NULL, 1);
    *out = (Recording){ .gates = {
                            .T = T, .L = config->L, .C = shape.C, .K = shape.K, .F = shape.F } };
    out->gates.ragged = config->ffn->ragged;
    if (out->gates.ragged) out->gates.K = config->E;
    size_t entries = (size_t)T * (size_t)config->L * (size_t)shape.C * (size_t)out->gates.K;
    out->index = calloc(entries, sizeof *out->index);
    out->score = calloc(entries, sizeof *out->score);
    out->tokens = calloc((size_t)T, sizeof *out->tokens);
    bool ok = out->index != NULL && out->score != NULL && out->tokens != NULL;
    for (int t = 0; ok && t < T; t++) {
        size_t size;
        const char *bytes = tokenizer_token(checkpoint->tokenizer, list->ids[t], &size);
        ok = (out->tokens[t] = strndup(bytes, size)) != NULL;
    }
    out->gates.tokens = (const char *const *)out->tokens;
    out->gates.index = out->index;
    out->gates.score = out->score;
    return ok || fail(error, "out of memory for the gates of %d tokens", T);
}

static bool run_model(const Checkpoint *checkpoint, Recording *recording, const TokenList *list,
                      Error *error) {
    int T = recording->gates.T + 1;
    Activations *activations = model_activations_new(&checkpoint->model.config, 1, T, false, error);
    int32_t *inputs = malloc((size_t)T * sizeof *inputs);
    bool ok =
        activations != NULL && (inputs != NULL || fail(error, "out of memory for %d tokens", T));
    if (ok) {
        inputs[0] = TOKEN_END;
        for (int t = 1; t < T; t++) inputs[t] = (int32_t)list->ids[t - 1];
        HookList hooks = one_hook(record, recording);
        model_hooks(activations, &hooks);
        model_forward(&checkpoint->model, activations, inputs, 1, T);
    }
    free(inputs);
    if (activations != NULL) model_activations_free(activations);
    return ok;
}

static bool draw(const Recording *recording, const Arguments *arguments, Error *error) {
    DrawList list = draw_new(0, 0, font_find());
    bool ok = arguments->channel < 0
                  ? gates_picture_sentence(&list, &recording->gates, error)
                  : gates_picture_words(&list, &recording->gates, arguments->channel, error);
    ok = ok && paint_png(&list, arguments->out, error);
    draw_free(&list);
    return ok;
}

static bool refuse_dense(const Checkpoint *checkpoint, Error *error) {
    char sparse[256] = "";
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        size_t used = strlen(sparse);
        if (ffn_kinds[i]->sparse)
            snprintf(sparse + used, sizeof sparse - used, " %s", ffn_kinds[i]->name);
    }
    return fail(error, "%s: a model with ffn=%s has no gates; train one with --ffn and one of:%s",
                checkpoint->path, checkpoint->model.config.ffn->name, sparse);
}

static bool check(const Checkpoint *checkpoint, const Arguments *arguments, const TokenList *list,
                  Error *error) {
    const Config *config = &checkpoint->model.config;
    if (!config->ffn->sparse) return refuse_dense(checkpoint, error);
    int C = ffn_gating(config, NULL, 1).C;
    if (arguments->channel >= C) {
        return fail(error, "--channel %d: the model's channels are 0 to %d", arguments->channel,
                    C - 1);
    }
    if (list->count == 0) return fail(error, "--text is empty; give it a sentence");
    if (list->count < (size_t)config->T) return true;
    return fail(error, "--text has %zu tokens, the model sees %d; give it one sentence",
                list->count, config->T - 1);
}

static bool gates(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    TokenList list = { 0 };
    Recording recording = { 0 };
    bool ok = tokenizer_encode(checkpoint->tokenizer, arguments->text, strlen(arguments->text),
                               false, &list) ||
              fail(error, "out of memory for a text of %zu bytes", strlen(arguments->text));
    ok = ok && check(checkpoint, arguments, &list, error) &&
         recording_new(&recording, checkpoint, &list, error) &&
         run_model(checkpoint, &recording, &list, error) && draw(&recording, arguments, error);
    recording_free(&recording);
    free(list.ids);
    return ok;
}

int command_gates(int argc, char **argv) {
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Draws which neurons fired for a sentence: a row a layer, a grid of n x n neurons a "
               "channel; or of a "
               "mixture of experts, which experts worked.",
    };
    Arguments arguments = { .channel = -1 };
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return 2;
    program_start(arguments.threads);
    Error error;
    Checkpoint checkpoint;
    if (path_exists(arguments.out)) {
        fail(&error, "%s: is already there, and was not touched; name another file", arguments.out);
        return command_failed(argv[0], &error);
    }
    if (!checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = gates(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
