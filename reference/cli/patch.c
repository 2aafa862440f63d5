#include "reference/circuits/patch.h"
#include "reference/circuits/predictions.h"
#include "reference/circuits/prompt.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include "reference/generate/story.h"
#include "reference/io/parse.h"
#include "reference/io/utf8.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *prompt, *from, *at, *layers, *channels;
    const Backend *backend;
    int tokens, threads;
    bool json;
} Arguments;

enum { KEY_FROM = 1000, KEY_AT, KEY_LAYERS, KEY_CHANNELS };

static const struct argp_option options[] = {
    { "prompt", 'p', "TEXT", 0, "the prompt that is patched", 0 },
    { "from", KEY_FROM, "TEXT", 0, "a prompt with as many tokens, whose neurons are put in", 0 },
    { "at", KEY_AT, "WORD", 0,
      "a word of the prompt, or a position from 1 (default: the last token)", 0 },
    { "layers", KEY_LAYERS, "LIST", 0, "layers from 0, as in 0,2 (default: all)", 0 },
    { "channels", KEY_CHANNELS, "LIST", 0, "channels from 0 (default: all)", 0 },
    { "tokens", 'n', "N", 0, "tokens of each continuation (default 20)", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->json;
        state->child_inputs[2] = &arguments->threads;
        state->child_inputs[3] = &arguments->backend;
        break;
    case 'p': arguments->prompt = value; break;
    case 'n': arguments->tokens = (int)option_whole(state, "tokens", value, 1, INT32_MAX); break;
    case KEY_FROM: arguments->from = value; break;
    case KEY_AT: arguments->at = value; break;
    case KEY_LAYERS: arguments->layers = value; break;
    case KEY_CHANNELS: arguments->channels = value; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the prompt", value); break;
    case ARGP_KEY_END:
        if ((arguments->prompt == NULL) != (arguments->from == NULL))
            argp_error(state, "expected both --prompt and --from, or neither");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- lists of layers and channels

enum { MAX_LIST = 256 };
typedef struct {
    int items[MAX_LIST];
    int count; // 0: all
} List;

static bool add_item(List *list, const char *text, const char *name, int limit, Error *error) {
    int64_t value;
    if (!parse_int(text, &value) || value < 0 || value >= limit)
        return fail(error, "--%s %s: the model has %s 0 to %d", name, text, name, limit - 1);
    for (int i = 0; i < list->count; i++) {
        if (list->items[i] == value) return fail(error, "--%s: %s is there twice", name, text);
    }
    if (list->count == MAX_LIST) return fail(error, "--%s: more than %d", name, MAX_LIST);
    list->items[list->count++] = (int)value;
    return true;
}

static bool read_list(List *out, const char *text, const char *name, int limit, Error *error) {
    out->count = 0;
    if (text == NULL || *text == '\0') return true;
    for (bool more = true; more;) {
        char item[32];
        size_t size = strcspn(text, ",");
        snprintf(item, sizeof item, "%.*s", (int)size, text);
        if (!add_item(out, item, name, limit, error)) return false;
        more = text[size] == ',';
        text += size + more;
    }
    return true;
}

// ---- one comparison

// What a model says after a prompt.
enum { NEXT = 5 };
typedef struct {
    Prediction next[NEXT];
    int next_count;
    int32_t *tokens; // [count]: the most likely continuation
    int count;
} Continuation;

typedef struct {
    const Checkpoint *checkpoint;
    const Arguments *arguments;
    Story *story;
    Prompt prompt, from;
    PatchPlace place; // positions of a story: the first token is at 0
    List layers, channels;
    GatingRecord source; // of `from`, without TOKEN_END
    Continuation clean, other, patched;
} Comparison;

static bool continue_story(Continuation *out, Comparison *work, const char *text,
                           const HookList *hooks, Error *error) {
    int V = work->checkpoint->model.config.V;
    story_hooks(work->story, hooks);
    if (!story_prompt(work->story, text, error)) return false;
    out->next_count = V - 1 < NEXT ? V - 1 : NEXT;
    if (!predictions_of(out->next, story_logits(work->story), out->next_count, V))
        return fail(error, "the logits are NaN: the model is damaged, or its training diverged");
    out->count = 0;
    while (out->count < work->arguments->tokens) {
        const char *bytes;
        size_t size;
        StoryStep step = story_next(work->story, &bytes, &size, error);
        if (step == STORY_FAILED) return false;
        if (step == STORY_END) break;
        out->tokens[out->count++] = story_token(work->story, story_position(work->story) - 1);
    }
    return true;
}

static bool check_lengths(const Comparison *work, Error *error) {
    if (work->prompt.T == work->from.T) return true;
    char prompt[LINE_BYTES], from[LINE_BYTES];
    tokens_line(prompt, work->checkpoint->tokenizer, work->prompt.inputs + 1,
                (size_t)work->prompt.T - 1, 60);
    tokens_line(from, work->checkpoint->tokenizer, work->from.inputs + 1, (size_t)work->from.T - 1,
                60);
    return fail(error, "'%s' has %d tokens, '%s' %d; give prompts of equal length", prompt,
                work->prompt.T - 1, from, work->from.T - 1);
}

// Sets where to patch, and memory for the source and the continuations.
static bool prepare(Comparison *work, const char *prompt, const char *from, const char *at,
                    Error *error) {
    const Config *config = &work->checkpoint->model.config;
    const Tokenizer *tokenizer = work->checkpoint->tokenizer;
    if (!prompt_new(&work->prompt, tokenizer, prompt, "--prompt", config->T, error) ||
        !prompt_new(&work->from, tokenizer, from, "--from", config->T, error) ||
        !check_lengths(work, error))
        return false;
    int first = work->prompt.T - 1, last = first;
    Error why;
    if (at != NULL && !prompt_find(&first, &last, &work->prompt, tokenizer, at, &why))
        return fail(error, "--at: %s", why.text);
    if (first == 0)
        return fail(error, "--at 0: the end of text is the same in both prompts; give a word");
    work->place = (PatchPlace){ .first = first - 1,
                                .last = last - 1,
                                .layers = work->layers.items,
                                .channels = work->channels.items,
                                .layer_count = work->layers.count,
                                .channel_count = work->channels.count };
    size_t tokens = (size_t)work->arguments->tokens;
    Continuation *all[] = { &work->clean, &work->other, &work->patched };
    for (int i = 0; i < 3; i++) {
        all[i]->tokens = malloc(tokens * sizeof *all[i]->tokens);
        if (all[i]->tokens == NULL) return fail(error, "out of memory for %zu tokens", tokens);
    }
    return gating_record_new(&work->source, config, work->from.T - 1, error);
}

static bool compare(Comparison *work, const char *prompt, const char *from, Error *error) {
    HookList record = one_hook(gating_record_hook, &work->source);
    GatingPatch patch;
    bool ok = continue_story(&work->clean, work, prompt, NULL, error) &&
              continue_story(&work->other, work, from, &record, error) &&
              gating_patch_new(&patch, &work->place, &work->source, error);
    if (!ok) return false;
    HookList hooks = one_hook(gating_patch_hook, &patch);
    ok = gating_patch_valid(&patch, &work->checkpoint->model.config, error) &&
         continue_story(&work->patched, work, prompt, &hooks, error);
    story_hooks(work->story, NULL);
    gating_patch_free(&patch);
    return ok;
}

static void comparison_clear(Comparison *work) {
    prompt_free(&work->prompt);
    prompt_free(&work->from);
    gating_record_free(&work->source);
    free(work->clean.tokens);
    free(work->other.tokens);
    free(work->patched.tokens);
    work->clean = work->other = work->patched = (Continuation){ .count = 0 };
}

// ---- printing

static bool print_continuation(const Comparison *work, const char *name, const char *prompt,
                               const Continuation *continuation, Error *error) {
    enum { COLUMNS = 9 };
    char word[LINE_BYTES];
    char *text =
        tokens_text(work->checkpoint->tokenizer, continuation->tokens, (size_t)continuation->count);
    if (text == NULL) return fail(error, "out of memory for a continuation");
    printf("%-8s next:", name);
    for (int i = 0; i < continuation->next_count; i++) {
        tokens_column(word, work->checkpoint->tokenizer, &continuation->next[i].token, 1, COLUMNS);
        printf(" %s%5.1f%%", word, 100 * continuation->next[i].probability);
    }
    printf("\n         ");
    utf8_print_escaped(stdout, prompt, strlen(prompt), ESCAPE_TEXT);
    printf(" |");
    utf8_print_escaped(stdout, text, strlen(text), ESCAPE_TEXT);
    putchar('\n');
    free(text);
    return true;
}

// ", in layers 0 2", or of a single one ", in layer 2"; nothing for all of them.
static void print_list(const List *list, const char *one, const char *several) {
    if (list->count == 0) return;
    printf(", in %s", list->count == 1 ? one : several);
    for (int i = 0; i < list->count; i++) printf(" %d", list->items[i]);
}

static bool print_text(const Comparison *work, const char *prompt, const char *from, Error *error) {
    char word[LINE_BYTES];
    int first = work->place.first + 1, count = work->place.last - work->place.first + 1;
    tokens_line(word, work->checkpoint->tokenizer, work->prompt.inputs + first, (size_t)count, 40);
    if (!print_continuation(work, "prompt", prompt, &work->clean, error) ||
        !print_continuation(work, "from", from, &work->other, error) ||
        !print_continuation(work, "patched", prompt, &work->patched, error))
        return false;
    printf("\npatched: at '%s' the %s of the second prompt", word,
           work->source.ragged ? "experts" : "neurons");
    print_list(&work->layers, "layer", "layers");
    print_list(&work->channels, "channel", "channels");
    putchar('\n');
    return true;
}

static json_t *continuation_json(const Comparison *work, const Continuation *continuation) {
    const Tokenizer *tokenizer = work->checkpoint->tokenizer;
    json_t *next = json_array(), *object = json_object();
    for (int i = 0; i < continuation->next_count; i++) {
        json_t *one = json_object();
        json_add(&one, "token", token_json(tokenizer, continuation->next[i].token));
        json_add(&one, "logit", json_real(continuation->next[i].logit));
        json_add(&one, "probability", json_real(continuation->next[i].probability));
        json_add_item(&next, one);
    }
    json_add(&object, "next", next);
    json_add(&object, "text",
             tokens_json(tokenizer, continuation->tokens, (size_t)continuation->count));
    return object;
}

static json_t *numbers_json(const List *list, int limit) {
    json_t *array = json_array();
    for (int i = 0; i < (list->count > 0 ? list->count : limit); i++)
        json_add_item(&array, json_integer(list->count > 0 ? list->items[i] : i));
    return array;
}

static bool print_json(const Comparison *work, Error *error) {
    json_t *positions = json_array(), *object = json_object();
    for (int position = work->place.first; position <= work->place.last; position++)
        json_add_item(&positions, json_integer(position + 1));
    json_add(&object, "positions", positions);
    json_add(&object, "layers", numbers_json(&work->layers, work->source.L));
    json_add(&object, "channels", numbers_json(&work->channels, work->source.C));
    json_add(&object, "prompt", continuation_json(work, &work->clean));
    json_add(&object, "from", continuation_json(work, &work->other));
    json_add(&object, "patched", continuation_json(work, &work->patched));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

static bool patch_prompt(Comparison *work, const char *prompt, const char *from, const char *at,
                         Error *error) {
    bool ok = prepare(work, prompt, from, at, error) && compare(work, prompt, from, error);
    if (ok)
        ok =
            work->arguments->json ? print_json(work, error) : print_text(work, prompt, from, error);
    comparison_clear(work);
    return ok;
}

// ---- asking

// Reads a line into *line, without its newline. false: the end of stdin.
static bool ask(char **line, size_t *capacity, const char *question) {
    fprintf(stderr, "%-34s", question);
    ssize_t size = getline(line, capacity, stdin);
    if (size < 0) {
        fputc('\n', stderr);
        return false;
    }
    if (size > 0 && (*line)[size - 1] == '\n') (*line)[size - 1] = '\0';
    return true;
}

enum { PROMPT, FROM, AT, LAYERS, QUESTIONS };
static const char *const questions[QUESTIONS] = { "prompt (empty: leave)", "from",
                                                  "at (empty: the last token)",
                                                  "layers (empty: all)" };

// Asks for prompts until an empty line or the end of stdin. An error is printed, and asked again.
static bool ask_and_patch(Comparison *work, const char *command, Error *error) {
    char *lines[QUESTIONS] = { NULL };
    size_t capacity[QUESTIONS] = { 0 };
    bool more = true;
    while (more) {
        for (int i = 0; i < QUESTIONS && more; i++) {
            more = ask(&lines[i], &capacity[i], questions[i]);
            more = more && (i != PROMPT || *lines[i] != '\0');
        }
        if (!more) break;
        const char *at = *lines[AT] != '\0' ? lines[AT] : NULL;
        bool ok = read_list(&work->layers, lines[LAYERS], "layers",
                            work->checkpoint->model.config.L, error) &&
                  patch_prompt(work, lines[PROMPT], lines[FROM], at, error);
        if (!ok) command_failed(command, error);
        fflush(stdout);
        fputc('\n', stderr);
    }
    for (int i = 0; i < QUESTIONS; i++) free(lines[i]);
    return true;
}

// ---- the command

static bool patch(const Arguments *arguments, const Checkpoint *checkpoint, const char *command,
                  Error *error) {
    const Config *config = &checkpoint->model.config;
    const Sampling greedy = { .temperature = 0 };
    Comparison work = { .checkpoint = checkpoint, .arguments = arguments };
    int C = ffn_gating(config, NULL, 1).C;
    if (!read_list(&work.layers, arguments->layers, "layers", config->L, error) ||
        !read_list(&work.channels, arguments->channels, "channels", C, error))
        return false;
    work.story = story_on(arguments->backend->reader, &checkpoint->model, checkpoint->tokenizer,
                          &greedy, 0, error);
    if (work.story == NULL) return false;
    bool ok = arguments->prompt != NULL
                  ? patch_prompt(&work, arguments->prompt, arguments->from, arguments->at, error)
                  : ask_and_patch(&work, command, error);
    story_free(work.story);
    return ok;
}

int command_patch(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { &device_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Puts the neurons that another prompt activates at a word in place of a prompt's "
               "own, and prints both continuations and the patched one. Without --prompt and "
               "--from it asks for them, line by line."
               "\v  sgatlin patch --checkpoint out/demo/run --prompt \"The turtle was\" \\\n"
               "      --from \"The horse was\" --at was",
        .children = children,
    };
    Arguments arguments = { .tokens = 20 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, arguments.backend);
    Error error;
    Checkpoint checkpoint;
    if (!sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = patch(&arguments, &checkpoint, argv[0], &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
