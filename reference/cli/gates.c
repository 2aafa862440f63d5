#include "reference/circuits/gates_picture.h"
#include "reference/circuits/story_recorder.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *text, *out;
    int channel, threads; // channel -1: all, summed over the sentence
} Arguments;

enum { KEY_CHANNEL = 1000 };

static const struct argp_option options[] = {
    { "text", 't', "TEXT", 0, "one sentence", 0 },
    { "out", 'o', "FILE", 0, "PNG file to write; must not exist", 0 },
    { "channel", KEY_CHANNEL, "C", 0,
      "draw one channel word by word, from 0, the only one of a moe (default: all channels, summed "
      "over the sentence)",
      0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->threads;
        break;
    case 't': arguments->text = value; break;
    case 'o': arguments->out = value; break;
    case KEY_CHANNEL:
        arguments->channel = (int)option_whole(state, "channel", value, 0, 65535);
        break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the text", value); break;
    case ARGP_KEY_END:
        if (arguments->text == NULL || arguments->out == NULL)
            argp_error(state, "expected --text TEXT and --out FILE");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void texts_free(char **texts, size_t count) {
    for (size_t t = 0; texts != NULL && t < count; t++) free(texts[t]);
    free(texts);
}

// The text of each token, NUL-terminated. NULL: out of memory.
static char **texts_new(const Tokenizer *tokenizer, const TokenList *tokens) {
    char **texts = calloc(tokens->count, sizeof *texts);
    for (size_t t = 0; texts != NULL && t < tokens->count; t++) {
        size_t size;
        const char *bytes = tokenizer_token(tokenizer, tokens->ids[t], &size);
        texts[t] = strndup(bytes, size);
        if (texts[t] != NULL) continue;
        texts_free(texts, t);
        return NULL;
    }
    return texts;
}

static bool draw(const GatingRecord *record, char **texts, const Arguments *arguments,
                 Error *error) {
    const char *const *words = (const char *const *)texts;
    DrawList list = draw_new(0, 0, font_find());
    bool ok = arguments->channel < 0
                  ? gates_picture_sentence(&list, record, words, error)
                  : gates_picture_words(&list, record, words, arguments->channel, error);
    ok = ok && paint_png(&list, arguments->out, error);
    draw_free(&list);
    return ok;
}

static bool check(const Checkpoint *checkpoint, const Arguments *arguments, const TokenList *list,
                  Error *error) {
    const Config *config = &checkpoint->model.config;
    int C = ffn_gating(config, NULL, 1).C;
    if (arguments->channel >= C) {
        return fail(error, "--channel %d: the model's channels are 0 to %d", arguments->channel,
                    C - 1);
    }
    if (list->count == 0) return fail(error, "--text is empty; give it a sentence");
    if (list->count < (size_t)config->T) return true;
    return fail(error, "--text has %zu tokens, the context window %d; give it one sentence",
                list->count, config->T - 1);
}

static bool record_and_draw(const Checkpoint *checkpoint, const TokenList *tokens,
                            const Arguments *arguments, Error *error) {
    StoryRecorder recorder;
    int count = (int)tokens->count;
    if (!story_recorder_new(&recorder, &checkpoint->model, count, error)) return false;
    char **texts = texts_new(checkpoint->tokenizer, tokens);
    bool ok = (texts != NULL || fail(error, "out of memory for %d tokens", count)) &&
              story_recorder_run(&recorder, (const int32_t *)tokens->ids, count, error) &&
              draw(&recorder.record, texts, arguments, error);
    texts_free(texts, tokens->count);
    story_recorder_free(&recorder);
    return ok;
}

static bool gates(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    TokenList tokens = { 0 };
    size_t size = strlen(arguments->text);
    bool ok = tokenizer_encode(checkpoint->tokenizer, arguments->text, size, false, &tokens) ||
              fail(error, "out of memory for a text of %zu bytes", size);
    ok = ok && check(checkpoint, arguments, &tokens, error) &&
         record_and_draw(checkpoint, &tokens, arguments, error);
    free(tokens.ids);
    return ok;
}

int command_gates(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Draws which neurons fired for a sentence: one row per layer, one grid of n x n "
               "neurons per channel; for a mixture of experts, which experts were active.",
        .children = children,
    };
    Arguments arguments = { .channel = -1 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = gates(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
