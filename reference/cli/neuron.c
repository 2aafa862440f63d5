#include "reference/circuits/neuron_card.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include <stdlib.h>

typedef struct {
    const char *checkpoint, *recording;
    int layer, channel, index, threads; // -1: not given
    bool json;
} Arguments;

enum { KEY_LAYER = 1000, KEY_CHANNEL, KEY_INDEX };

static const struct argp_option options[] = {
    { "recording", 'r', "FILE", 0, "what `sgatlin record` wrote", 0 },
    { "layer", KEY_LAYER, "L", 0, "layer, from 0", 0 },
    { "channel", KEY_CHANNEL, "C", 0, "channel, from 0 (default 0 where there is one)", 0 },
    { "index", KEY_INDEX, "I", 0, "the neuron, from 0", 0 },
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
    case 'r': arguments->recording = value; break;
    case KEY_LAYER:
        arguments->layer = (int)option_whole(state, "layer", value, 0, INT32_MAX);
        break;
    case KEY_CHANNEL:
        arguments->channel = (int)option_whole(state, "channel", value, 0, INT32_MAX);
        break;
    case KEY_INDEX:
        arguments->index = (int)option_whole(state, "index", value, 0, INT32_MAX);
        break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    case ARGP_KEY_END:
        if (arguments->recording == NULL) argp_error(state, "expected --recording FILE");
        if (arguments->layer < 0 || arguments->index < 0)
            argp_error(state, "expected --layer L and --index I");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What is printed.
typedef struct {
    const Tokenizer *tokenizer;
    const Recording *recording;
    NeuronCard card;
    bool has_words; // not an expert of a moe
    NeuronWords words;
} Printed;

enum { AROUND = 5 }; // tokens of context before and after

// The first and the last position around one, in its story.
static int context_first(const Recording *recording, int at) {
    int back = recording->position[at] < AROUND ? recording->position[at] : AROUND;
    return at - back;
}

static int context_last(const Recording *recording, int at) {
    int last = at;
    while (last < at + AROUND && last + 1 < recording->gatings.T &&
           recording->story[last + 1] == recording->story[at])
        last++;
    return last;
}

// ---- text

static void print_values(const Printed *printed, const char *name, const TokenValue *values) {
    enum { WORDS = 5, COLUMNS = 9 };
    char word[LINE_BYTES];
    printf("%-12s", name);
    for (int i = 0; i < WORDS && i < printed->words.count; i++) {
        tokens_column(word, printed->tokenizer, &values[i].token, 1, COLUMNS);
        printf(" %s%+6.2f", word, values[i].value);
    }
    putchar('\n');
}

static void print_tokens(const Printed *printed) {
    char word[LINE_BYTES];
    printf("\nfires at     times  of all\n");
    for (int i = 0; i < printed->card.token_count; i++) {
        const CardToken *token = &printed->card.tokens[i];
        tokens_column(word, printed->tokenizer, &token->token, 1, 12);
        printf("%s %5d  %5.1f%%\n", word, token->fired, 100.0 * token->fired / token->seen);
    }
}

// Right-aligned, so that what follows begins in the same column.
static void print_right(const char *text, int columns) {
    for (const char *at = text; *at != '\0'; at++) columns -= ((unsigned char)*at & 0xc0) != 0x80;
    printf("%*s%s", columns > 0 ? columns : 0, "", text);
}

static void print_contexts(const Printed *printed) {
    enum { BEFORE = 36, AFTER = 36 };
    const GatingRecord *record = &printed->recording->gatings;
    char before[LINE_BYTES], word[LINE_BYTES], after[LINE_BYTES];
    printf("\nhighest scores\n");
    for (int i = 0; i < printed->card.context_count; i++) {
        int at = printed->card.contexts[i].at, first = context_first(printed->recording, at),
            last = context_last(printed->recording, at);
        tokens_line(before, printed->tokenizer, record->tokens + first, (size_t)(at - first),
                    BEFORE);
        tokens_line(word, printed->tokenizer, record->tokens + at, 1, 16);
        tokens_line(after, printed->tokenizer, record->tokens + at + 1, (size_t)(last - at), AFTER);
        printf("%7.3f  ", printed->card.contexts[i].score);
        print_right(before, BEFORE);
        printf(" [%s] %s\n", word, after);
    }
}

static void print_partners(const Printed *printed) {
    printf("\ntogether with                times    lift\n");
    for (int i = 0; i < printed->card.partner_count; i++) {
        const CardPartner *partner = &printed->card.partners[i];
        printf("channel %-2d neuron %-8d %7d %7.1f%s\n", partner->channel, partner->index,
               partner->together, partner->lift, partner->shares_key ? "  shares a sub-key" : "");
    }
}

static void print_text(const Printed *printed) {
    const NeuronCard *card = &printed->card;
    printf("layer %d, channel %d, neuron %d: fires at %d of %d positions (%.2f%%), with a mean "
           "score of %.3f\n",
           card->layer, card->channel, card->index, card->fired, card->positions,
           100.0 * card->fired / card->positions, card->score);
    if (printed->has_words) {
        putchar('\n');
        print_values(printed, "listens for", printed->words.reads);
        print_values(printed, "and least", printed->words.reads_least);
        print_values(printed, "promotes", printed->words.promotes);
        print_values(printed, "suppresses", printed->words.suppresses);
    }
    if (card->fired == 0) return;
    print_tokens(printed);
    print_contexts(printed);
    print_partners(printed);
}

// ---- JSON

static json_t *values_json(const Printed *printed, const TokenValue *values) {
    json_t *array = json_array();
    for (int i = 0; i < printed->words.count; i++) {
        json_t *object = json_object();
        json_add(&object, "token", token_json(printed->tokenizer, values[i].token));
        json_add(&object, "value", json_real(values[i].value));
        json_add_item(&array, object);
    }
    return array;
}

static json_t *tokens_list_json(const Printed *printed) {
    json_t *array = json_array();
    for (int i = 0; i < printed->card.token_count; i++) {
        const CardToken *token = &printed->card.tokens[i];
        json_t *object = json_object();
        json_add(&object, "token", token_json(printed->tokenizer, token->token));
        json_add(&object, "fired", json_integer(token->fired));
        json_add(&object, "seen", json_integer(token->seen));
        json_add_item(&array, object);
    }
    return array;
}

static json_t *contexts_json(const Printed *printed) {
    const Recording *recording = printed->recording;
    json_t *array = json_array();
    for (int i = 0; i < printed->card.context_count; i++) {
        int at = printed->card.contexts[i].at, first = context_first(recording, at);
        size_t count = (size_t)(context_last(recording, at) - first + 1);
        json_t *object = json_object();
        json_add(&object, "score", json_real(printed->card.contexts[i].score));
        json_add(&object, "token", token_json(printed->tokenizer, recording->gatings.tokens[at]));
        json_add(&object, "context",
                 tokens_json(printed->tokenizer, recording->gatings.tokens + first, count));
        json_add(&object, "story", json_integer(recording->story[at]));
        json_add(&object, "position", json_integer(recording->position[at]));
        json_add_item(&array, object);
    }
    return array;
}

static json_t *partners_json(const Printed *printed) {
    json_t *array = json_array();
    for (int i = 0; i < printed->card.partner_count; i++) {
        const CardPartner *partner = &printed->card.partners[i];
        json_t *object = json_object();
        json_add(&object, "channel", json_integer(partner->channel));
        json_add(&object, "index", json_integer(partner->index));
        json_add(&object, "together", json_integer(partner->together));
        json_add(&object, "lift", json_real(partner->lift));
        json_add(&object, "shares_key", json_boolean(partner->shares_key));
        json_add_item(&array, object);
    }
    return array;
}

static bool print_json(const Printed *printed, Error *error) {
    const NeuronCard *card = &printed->card;
    json_t *object = json_object();
    json_add(&object, "layer", json_integer(card->layer));
    json_add(&object, "channel", json_integer(card->channel));
    json_add(&object, "index", json_integer(card->index));
    json_add(&object, "positions", json_integer(card->positions));
    json_add(&object, "fired", json_integer(card->fired));
    json_add(&object, "score", json_real(card->score));
    if (printed->has_words) {
        json_add(&object, "listens_for", values_json(printed, printed->words.reads));
        json_add(&object, "listens_least", values_json(printed, printed->words.reads_least));
        json_add(&object, "promotes", values_json(printed, printed->words.promotes));
        json_add(&object, "suppresses", values_json(printed, printed->words.suppresses));
    }
    json_add(&object, "tokens", tokens_list_json(printed));
    json_add(&object, "contexts", contexts_json(printed));
    json_add(&object, "together", partners_json(printed));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

// ---- the command

static bool in_range(const char *name, int value, int count, Error *error) {
    return value < count || fail(error, "--%s %d: the model's are 0 to %d", name, value, count - 1);
}

static bool check(Arguments *arguments, const GatingRecord *sizes, Error *error) {
    if (arguments->channel < 0 && sizes->C == 1) arguments->channel = 0;
    if (arguments->channel < 0)
        return fail(error, "expected --channel C: the model's are 0 to %d", sizes->C - 1);
    return in_range("layer", arguments->layer, sizes->L, error) &&
           in_range("channel", arguments->channel, sizes->C, error) &&
           in_range("index", arguments->index, sizes->F, error);
}

static bool neuron(Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    GatingRecord sizes;
    Recording recording;
    const Model *model = &checkpoint->model;
    if (!gating_record_sizes(&sizes, &model->config, 0, error) ||
        !check(arguments, &sizes, error) ||
        !recording_open_of(&recording, arguments->recording, checkpoint, error))
        return false;
    Printed printed = { .tokenizer = checkpoint->tokenizer,
                        .recording = &recording,
                        .has_words = has_neurons(&model->config) };
    bool ok = neuron_card(&printed.card, &recording, arguments->layer, arguments->channel,
                          arguments->index, error);
    if (ok && printed.has_words &&
        !neuron_words(&printed.words, model, arguments->layer, arguments->channel,
                      arguments->index))
        ok = fail(error, "out of memory for a neuron");
    if (ok && arguments->json)
        ok = print_json(&printed, error);
    else if (ok)
        print_text(&printed);
    recording_close(&recording);
    return ok;
}

int command_neuron(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Prints the card of a neuron: what it listens for and what it says by its weights, "
               "and in a recording how often it fires, at which tokens and contexts, and with "
               "which other neurons."
               "\vWhat it listens for: the tokens whose embeddings, alone, would give it the "
               "highest input. What it promotes: the tokens whose logits `out` adds most to. The "
               "lift of a pair is how much more often both fire than if they were independent; "
               "product keys alone make neurons that share a sub-key fire together.",
        .children = children,
    };
    Arguments arguments = { .layer = -1, .channel = -1, .index = -1 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = neuron(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
