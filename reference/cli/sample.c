#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/generate/story.h"
#include "reference/io/progress.h"
#include "reference/io/utf8.h"
#include "reference/train/checkpoint.h"
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *checkpoint, *prompt;
    const Backend *backend;
    Sampling sampling;
    int64_t tokens, seed;
    int threads;
    bool more_stories;
    bool escape; // control characters, on a terminal
} Arguments;

enum { KEY_TOP_K = 1000, KEY_TOP_P, KEY_SEED, KEY_CONTINUE, KEY_RAW };

static const struct argp_option options[] = {
    { "prompt", 'p', "TEXT", 0, "beginning of the story (default: empty)", 0 },
    { "tokens", 'n', "N", 0, "maximum number of new tokens (default 200)", 0 },
    { "temperature", 't', "X", 0,
      "0: greedy; 1: sample from the model's own distribution (default 0.8)", 0 },
    { "top-k", KEY_TOP_K, "K", 0, "sample from the K most likely tokens (default 0: all)", 0 },
    { "top-p", KEY_TOP_P, "P", 0,
      "sample from the most likely tokens that make up P of the probability (default 1: all; "
      "0: greedy)",
      0 },
    { "seed", KEY_SEED, "S", 0,
      "seed of the sampling: the same seed gives the same story (default 1)", 0 },
    { "continue", KEY_CONTINUE, NULL, 0, "start another story when one ends", 0 },
    { "raw", KEY_RAW, NULL, 0,
      "print control characters as they are on a terminal too (default: as in \\x1b there)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->threads;
        state->child_inputs[2] = &arguments->backend;
        break;
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
    case KEY_CONTINUE: arguments->more_stories = true; break;
    case KEY_RAW: arguments->escape = false; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the prompt", value); break;
    case ARGP_KEY_END: // a Sampling takes top_p 0 for all tokens
        if (arguments->sampling.top_p == 0) arguments->sampling.temperature = 0;
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// Said once, as soon as tokens have been dropped. Returns whether it was said.
static bool warn_dropped(const Story *story, const Config *config) {
    if (story_dropped(story) == 0) return false;
    fprintf(
        stderr,
        "sgatlin sample: the context window (%d tokens) is full; the oldest tokens are dropped\n",
        config->T);
    return true;
}

static void warn_causality(const Config *config) {
    if (is_causal(ffn_causality(config))) return;
    fprintf(stderr,
            "sgatlin sample: %s is not causal. Generation sees only earlier tokens, so quality is "
            "below what the validation loss suggests; without a KV cache every token recomputes "
            "the whole context\n",
            routing_words(config));
}

// What is printed: complete UTF-8 sequences, escaped or not.
typedef struct {
    Utf8Stream stream;
    bool escape;
} Printer;

static void print_bytes(const char *bytes, size_t size, bool escape) {
    if (escape)
        utf8_print_escaped(stdout, bytes, size, ESCAPE_TEXT);
    else
        fwrite(bytes, 1, size, stdout);
}

// false: stdout is closed.
static bool print_text(Printer *printer, const char *text, size_t size) {
    char out[UTF8_OUT];
    for (size_t i = 0; i < size; i++) {
        size_t whole = utf8_feed(&printer->stream, (unsigned char)text[i], out);
        print_bytes(out, whole, printer->escape);
    }
    return fflush(stdout) == 0;
}

// A sequence that is incomplete at the end of a story does not continue in the next one.
static void print_end(Printer *printer, const char *after) {
    char out[UTF8_OUT];
    fwrite(out, 1, utf8_end(&printer->stream, out), stdout);
    fputs(after, stdout);
}

static void print_speed(int64_t tokens, double seconds) {
    if (tokens == 0 || !(seconds > 0)) return;
    fprintf(stderr, "%lld tokens, %.0f tokens/s\n", (long long)tokens, (double)tokens / seconds);
}

// Prints up to arguments->tokens tokens. A closed stdout ends it quietly.
static bool print_story(Story *story, const Arguments *arguments, const Config *config,
                        Error *error) {
    Printer printer = { .escape = arguments->escape };
    bool warned = warn_dropped(story, config);
    double start = clock_seconds();
    int64_t sampled = 0;
    for (; sampled < arguments->tokens; sampled++) {
        const char *text;
        size_t size;
        StoryStep step = story_next(story, &text, &size, error);
        if (step == STORY_FAILED) return false;
        if (step == STORY_END && !arguments->more_stories) break;
        if (step == STORY_END) print_end(&printer, "\n\n");
        if (!print_text(&printer, text, size)) return true;
    }
    print_end(&printer, "\n");
    fflush(stdout);
    if (!warned) warn_dropped(story, config); // at the end, not in the middle of the text
    print_speed(sampled, clock_seconds() - start);
    return true;
}

static bool sample(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    const Config *config = &checkpoint->model.config;
    const char *prompt = arguments->prompt != NULL ? arguments->prompt : "";
    Story *story = story_on(arguments->backend->reader, &checkpoint->model, checkpoint->tokenizer,
                            &arguments->sampling, (uint64_t)arguments->seed, error);
    if (story == NULL) return false;
    warn_causality(config);
    print_bytes(prompt, strlen(prompt), arguments->escape);
    fflush(stdout);
    bool ok = story_prompt(story, prompt, error) && print_story(story, arguments, config, error);
    story_free(story);
    return ok;
}

int command_sample(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Tells a story: prints the prompt and the model's continuation.",
        .children = children,
    };
    Arguments arguments = { .sampling = { .temperature = 0.8, .top_p = 1 },
                            .escape = isatty(STDOUT_FILENO) == 1,
                            .tokens = 200,
                            .seed = 1 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, arguments.backend);
    Error error;
    Checkpoint checkpoint;
    if (!checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = sample(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
