#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/generate/decoder.h"
#include "reference/generate/sampling.h"
#include "reference/io/utf8.h"
#include "reference/numbers/random.h"
#include "reference/train/checkpoint.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *prompt;
    Sampling sampling;
    int64_t tokens, seed;
    int threads;
    bool go_on;
} Arguments;

enum { KEY_TOP_K = 1000, KEY_TOP_P, KEY_SEED, KEY_THREADS, KEY_CONTINUE };

static const struct argp_option options[] = {
    { "checkpoint", 'c', "RUN", 0, "a run's folder or one checkpoint's", 0 },
    { "prompt", 'p', "TEXT", 0, "how the story begins (default: the model decides)", 0 },
    { "tokens", 'n', "N", 0, "at most so many new tokens (default 200)", 0 },
    { "temperature", 't', "X", 0,
      "0: the best token every time; 1: as the model thinks (default 0.8)", 0 },
    { "top-k", KEY_TOP_K, "K", 0, "only the K best tokens (default 0: all)", 0 },
    { "top-p", KEY_TOP_P, "P", 0,
      "only the best tokens that make up P of the probability (default 1: all)", 0 },
    { "seed", KEY_SEED, "S", 0, "of the draws; the same seed tells the same story (default 1)", 0 },
    { "continue", KEY_CONTINUE, NULL, 0, "begin another story where one ends", 0 },
    { "threads", KEY_THREADS, "N", 0, "threads (default: all)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 'c': arguments->checkpoint = value; break;
    case 'p': arguments->prompt = value; break;
    case 'n': arguments->tokens = option_whole(state, "tokens", value, 0, INT32_MAX); break;
    case 't':
        arguments->sampling.temperature = option_real(state, "temperature", value, 0, 100);
        break;
    case KEY_TOP_K:
        arguments->sampling.top_k = (int)option_whole(state, "top-k", value, 0, INT32_MAX);
        break;
    case KEY_TOP_P: arguments->sampling.top_p = option_real(state, "top-p", value, 0, 1); break;
    case KEY_SEED: arguments->seed = option_whole(state, "seed", value, 0, INT64_MAX); break;
    case KEY_THREADS:
        arguments->threads = (int)option_whole(state, "threads", value, 1, 1024);
        break;
    case KEY_CONTINUE: arguments->go_on = true; break;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: wanted no further arguments; quote the prompt", value);
        break;
    case ARGP_KEY_END:
        if (arguments->checkpoint == NULL) argp_error(state, "wanted --checkpoint RUN");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// A story under way.
typedef struct {
    const Checkpoint *checkpoint;
    const Arguments *arguments;
    Decoder *decoder;
    Candidate *candidates; // [V]
    Utf8Stream stream;
    int64_t dropped;
    // begun: something was printed, so that a leading space belongs to the text
    bool told_dropped, begun;
} Story;

static void tell_dropped(Story *story, int64_t dropped) {
    if (dropped == 0 || story->told_dropped) return;
    fprintf(stderr,
            "sgatlin sample: the text is longer than the %d tokens the model was trained on; the "
            "oldest drop "
            "out of its sight\n",
            story->checkpoint->model.config.T);
    story->told_dropped = true;
}

// Prints a token's bytes, except the space that the tokenizer puts before a text's first word.
// false: nobody reads on.
static bool print_token(Story *story, int32_t token) {
    size_t size;
    const char *bytes = tokenizer_token(story->checkpoint->tokenizer, (uint32_t)token, &size);
    size_t skip = !story->begun && size > 0 && bytes[0] == ' ';
    char out[UTF8_OUT];
    for (size_t i = skip; i < size; i++) {
        fwrite(out, 1, utf8_feed(&story->stream, (unsigned char)bytes[i], out), stdout);
    }
    story->begun = true;
    return fflush(stdout) == 0;
}

// Feeds the end of a prompt that fits into the model's sight; the logits for what follows.
static const float *read_prompt(Story *story, const TokenList *prompt) {
    size_t room = (size_t)story->checkpoint->model.config.T - 1; // TOKEN_END stands before them
    size_t first = prompt->count > room ? prompt->count - room : 0;
    tell_dropped(story, (int64_t)first);
    const float *logits = decoder_step(story->decoder, TOKEN_END, &story->dropped);
    for (size_t i = first; i < prompt->count; i++) {
        logits = decoder_step(story->decoder, (int32_t)prompt->ids[i], &story->dropped);
    }
    return logits;
}

static bool tell(Story *story, const TokenList *prompt, Error *error) {
    const Arguments *arguments = story->arguments;
    int V = story->checkpoint->model.config.V;
    uint64_t key = random_key((uint64_t)arguments->seed, "sample");
    const float *logits = read_prompt(story, prompt);
    for (int64_t i = 0; i < arguments->tokens; i++) {
        int32_t token = sample_token(logits, V, &arguments->sampling,
                                     random_uniform(key, (uint64_t)i), story->candidates);
        if (isnan(logits[token]))
            return fail(error, "%s: the model gives no numbers", story->checkpoint->path);
        if (token == TOKEN_END && !arguments->go_on) break;
        if (token == TOKEN_END) {
            fputs("\n\n", stdout);
            story->begun = false;
        } else if (!print_token(story, token)) {
            return true;
        }
        if (i + 1 == arguments->tokens) break;
        logits = decoder_step(story->decoder, token, &story->dropped);
    }
    char out[UTF8_OUT];
    fwrite(out, 1, utf8_end(&story->stream, out), stdout);
    fputc('\n', stdout);
    fflush(stdout);
    tell_dropped(story, story->dropped); // here, so that it stands in no sentence's way
    return true;
}

// A model that looks ahead cannot, while it tells a story: what that means.
static void tell_causality(const Config *config) {
    if (is_causal(ffn_causality(config))) return;
    fprintf(stderr,
            "sgatlin sample: this model was trained with %s, where a token's experts depend on "
            "later tokens too; here "
            "they depend on those told so far alone, so it tells worse than its loss says, and it "
            "reads them all anew "
            "for each token, so it is slow\n",
            routing_words(config));
}

static bool sample(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    const char *text = arguments->prompt != NULL ? arguments->prompt : "";
    Story story = { .checkpoint = checkpoint, .arguments = arguments, .begun = *text != '\0' };
    TokenList prompt = { 0 };
    story.candidates = malloc((size_t)checkpoint->model.config.V * sizeof *story.candidates);
    bool ok = (story.candidates != NULL &&
               tokenizer_encode(checkpoint->tokenizer, text, strlen(text), false, &prompt)) ||
              fail(error, "out of memory for a prompt of %zu bytes", strlen(text));
    if (ok) ok = (story.decoder = decoder_new(&checkpoint->model, error)) != NULL;
    if (ok) {
        tell_causality(&checkpoint->model.config);
        fputs(text, stdout);
        fflush(stdout);
        ok = tell(&story, &prompt, error);
    }
    if (story.decoder != NULL) decoder_free(story.decoder);
    free(story.candidates);
    free(prompt.ids);
    return ok;
}

int command_sample(int argc, char **argv) {
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Tells a story: prints the prompt and what the model goes on with."
    };
    Arguments arguments = { .sampling = { .temperature = 0.8 }, .tokens = 200, .seed = 1 };
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) return 2;
    program_start(arguments.threads);
    Error error;
    Checkpoint checkpoint;
    if (!checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = sample(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
