#include "reference/circuits/attribution.h"
#include "reference/circuits/attribution_picture.h"
#include "reference/circuits/neuron_card.h"
#include "reference/circuits/prompt.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *prompt, *token, *recording, *out;
    int count, threads;
    bool all, json;
} Arguments;

enum { KEY_TOKEN = 1000, KEY_COUNT, KEY_ALL };

static const struct argp_option options[] = {
    { "prompt", 'p', "TEXT", 0, "what the model has read", 0 },
    { "token", KEY_TOKEN, "WORD", 0, "whose logit to explain (default: the most likely next token)",
      0 },
    { "count", KEY_COUNT, "N", 0, "terms to print (default 16)", 0 },
    { "all", KEY_ALL, NULL, 0, "print every term", 0 },
    { "recording", 'r', "FILE", 0,
      "what `sgatlin record` wrote: beside each neuron the tokens that it fires at most often", 0 },
    { "out", 'o', "FILE", 0, "PNG file of the same terms to write; must not exist", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->json;
        state->child_inputs[2] = &arguments->threads;
        break;
    case 'p': arguments->prompt = value; break;
    case 'o': arguments->out = value; break;
    case 'r': arguments->recording = value; break;
    case KEY_TOKEN: arguments->token = value; break;
    case KEY_COUNT:
        arguments->count = (int)option_whole(state, "count", value, 1, INT32_MAX);
        break;
    case KEY_ALL: arguments->all = true; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the prompt", value); break;
    case ARGP_KEY_END:
        if (arguments->prompt == NULL) argp_error(state, "expected --prompt TEXT");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What is printed: the first `shown` of the sorted terms, and the sum of the others.
typedef struct {
    const Checkpoint *checkpoint;
    const Arguments *arguments;
    Recording *recording; // NULL: none
    Attribution attribution;
    int shown;
    double rest;
} Why;

typedef struct {
    int32_t items[NEURON_WORDS];
    int count;
} Tokens;
_Static_assert((int)CARD_TOKENS <= (int)NEURON_WORDS, "a list of a card's tokens fits");

// The words that a term's neuron reads and writes at the signs that it has here, and with a
// recording those at which it fires.
typedef struct {
    Tokens reads, writes, fires;
} Card;

static Tokens tokens_of(const TokenValue *values, int count) {
    Tokens out = { .count = count };
    for (int i = 0; i < count; i++) out.items[i] = values[i].token;
    return out;
}

static bool card_of(Card *out, const Why *why, const Term *term, Error *error) {
    NeuronWords words;
    NeuronCard card;
    *out = (Card){ .reads = { .count = 0 } };
    if (term->kind == TERM_NEURON) {
        if (!neuron_words(&words, &why->checkpoint->model, term->layer, term->channel, term->index))
            return fail(error, "out of memory for a neuron");
        out->reads = tokens_of(term->z < 0 ? words.reads_least : words.reads, words.count);
        out->writes = tokens_of(term->weight < 0 ? words.suppresses : words.promotes, words.count);
    }
    if (why->recording == NULL || term->kind == TERM_EMBEDDING || term->kind == TERM_HEAD)
        return true;
    if (!neuron_card(&card, why->recording, term->layer, term->channel, term->index, error))
        return false;
    out->fires.count = card.token_count;
    for (int i = 0; i < card.token_count; i++) out->fires.items[i] = card.tokens[i].token;
    return true;
}

// ---- text

// The first of the tokens, in columns of the same width.
static void print_words(const Tokens *tokens, const Why *why) {
    enum { WORDS = 3, COLUMNS = 9 };
    char line[LINE_BYTES];
    for (int i = 0; i < WORDS; i++) {
        size_t count = i < tokens->count;
        tokens_column(line, why->checkpoint->tokenizer, &tokens->items[i], count, COLUMNS);
        printf(" %s", line);
    }
}

static bool print_term(const Why *why, const Term *term, Error *error) {
    Card card;
    if (!card_of(&card, why, term, error)) return false;
    printf("%+8.3f  ", term->value);
    if (term->kind == TERM_EMBEDDING) {
        printf("embedding");
    } else if (term->kind == TERM_HEAD) {
        printf("layer %-2d head %d", term->layer, term->head);
    } else if (term->kind == TERM_EXPERT) {
        printf("layer %-2d expert %-17d", term->layer, term->index);
        if (why->recording != NULL) print_words(&card.fires, why);
    } else {
        printf("layer %-2d channel %-2d neuron %-5d", term->layer, term->channel, term->index);
        print_words(why->recording != NULL ? &card.fires : &card.reads, why);
        printf(" ->");
        print_words(&card.writes, why);
    }
    putchar('\n');
    return true;
}

static bool print_text(const Why *why, Error *error) {
    const Attribution *attribution = &why->attribution;
    bool neurons = has_neurons(&why->checkpoint->model.config); // not experts of a moe
    char line[LINE_BYTES];
    int32_t token = attribution->prediction.token;
    tokens_line(line, why->checkpoint->tokenizer, &token, 1, 40);
    printf("'%s' comes next with a probability of %.1f%%, logit %.3f\n\n", line,
           100 * attribution->prediction.probability, attribution->prediction.logit);
    printf("   value  of                              %-34s%s\n",
           why->recording != NULL ? "fires at"
           : neurons              ? "reads"
                                  : "",
           neurons ? "promotes" : "");
    for (int i = 0; i < why->shown; i++) {
        if (!print_term(why, &attribution->terms[i], error)) return false;
    }
    int others = attribution->count - why->shown;
    if (others > 0) printf("%+8.3f  the other %d\n", why->rest, others);
    printf("%+8.3f  total; the logit is %.3f\n", attribution->total, attribution->prediction.logit);
    return true;
}

// ---- JSON

static json_t *words_json(const Tokens *tokens, const Why *why) {
    json_t *array = json_array();
    for (int i = 0; i < tokens->count; i++)
        json_add_item(&array, token_json(why->checkpoint->tokenizer, tokens->items[i]));
    return array;
}

static json_t *term_json(const Why *why, const Term *term, Error *error) {
    Card card;
    if (!card_of(&card, why, term, error)) return NULL;
    json_t *object = json_object();
    json_add(&object, "kind", json_string(term_names[term->kind]));
    json_add(&object, "value", json_real(term->value));
    if (term->kind != TERM_EMBEDDING) json_add(&object, "layer", json_integer(term->layer));
    if (term->kind == TERM_HEAD) json_add(&object, "head", json_integer(term->head));
    if (term->kind == TERM_EMBEDDING || term->kind == TERM_HEAD) return object;
    if (term->kind == TERM_NEURON) json_add(&object, "channel", json_integer(term->channel));
    json_add(&object, "index", json_integer(term->index));
    if (why->recording != NULL) json_add(&object, "fires_at", words_json(&card.fires, why));
    if (term->kind == TERM_EXPERT) return object;
    json_add(&object, "input", json_real(term->z));
    json_add(&object, "weight", json_real(term->weight));
    json_add(&object, "reads", words_json(&card.reads, why));
    json_add(&object, "writes", words_json(&card.writes, why));
    return object;
}

static bool print_json(const Why *why, Error *error) {
    const Attribution *attribution = &why->attribution;
    json_t *terms = json_array(), *object = json_object();
    for (int i = 0; i < why->shown; i++)
        json_add_item(&terms, term_json(why, &attribution->terms[i], error));
    json_add(&object, "token",
             token_json(why->checkpoint->tokenizer, attribution->prediction.token));
    json_add(&object, "logit", json_real(attribution->prediction.logit));
    json_add(&object, "probability", json_real(attribution->prediction.probability));
    json_add(&object, "total", json_real(attribution->total));
    json_add(&object, "rest", json_real(why->rest));
    json_add(&object, "terms", terms);
    return print_json_line(object) || fail(error, "out of memory, or a term is not finite");
}

// ---- the command

static bool draw(const Why *why, Error *error) {
    char title[LINE_BYTES + 256], token[LINE_BYTES];
    int32_t id = why->attribution.prediction.token;
    tokens_line(token, why->checkpoint->tokenizer, &id, 1, 40);
    snprintf(title, sizeof title, "\"%.200s\": the logit of \"%s\", term by term",
             why->arguments->prompt, token);
    DrawList list = draw_new(0, 0, font_find());
    attribution_picture(&list, &why->attribution, why->shown, title);
    bool ok = paint_png(&list, why->arguments->out, error);
    draw_free(&list);
    return ok;
}

static bool attribute(Why *why, const Prompt *prompt, int32_t token, Error *error) {
    const Model *model = &why->checkpoint->model;
    Activations *activations = model_activations_new(&model->config, 1, prompt->T, false, error);
    if (activations == NULL) return false;
    model_forward(model, activations, prompt->inputs, 1, prompt->T);
    bool ok = attribution_new(&why->attribution, model, activations, prompt->inputs, prompt->T - 1,
                              token, error);
    model_activations_free(activations);
    if (!ok) return false;
    attribution_sort(&why->attribution);
    why->shown = why->attribution.count;
    if (!why->arguments->all && why->arguments->count < why->shown)
        why->shown = why->arguments->count;
    for (int i = why->shown; i < why->attribution.count; i++)
        why->rest += why->attribution.terms[i].value;
    return true;
}

static bool print(Why *why, const Prompt *prompt, int32_t token, Error *error) {
    const Arguments *arguments = why->arguments;
    bool ok = attribute(why, prompt, token, error);
    ok = ok && (arguments->json ? print_json(why, error) : print_text(why, error));
    ok = ok && (arguments->out == NULL || draw(why, error));
    attribution_free(&why->attribution);
    return ok;
}

static bool why_token(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Why why = { .checkpoint = checkpoint, .arguments = arguments };
    Prompt prompt;
    Recording recording;
    Error problem;
    int32_t token = MOST_LIKELY;
    if (arguments->token != NULL &&
        !word_token(&token, checkpoint->tokenizer, arguments->token, &problem))
        return fail(error, "--token: %s", problem.text);
    if (!prompt_new(&prompt, checkpoint->tokenizer, arguments->prompt, "--prompt",
                    checkpoint->model.config.T, error))
        return false;
    bool ok = true;
    if (arguments->recording != NULL) {
        ok = recording_open_of(&recording, arguments->recording, checkpoint, error);
        why.recording = ok ? &recording : NULL;
    }
    ok = ok && print(&why, &prompt, token, error);
    if (why.recording != NULL) recording_close(&recording);
    prompt_free(&prompt);
    return ok;
}

int command_why(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Explains the logit of the next token: an exact sum of one term for the embedding "
               "of the last token, one for each attention head and one for each active neuron."
               "\vBeside a neuron are the tokens whose embeddings it reads most, and those that "
               "it promotes, at the signs that it has here, or those that it fires at in a "
               "recording. Layers, heads and channels count from 0.\n\n"
               "  sgatlin why --checkpoint out/demo/run --prompt \"The turtle was\" --token slow",
        .children = children,
    };
    Arguments arguments = { .count = 16 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = why_token(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
