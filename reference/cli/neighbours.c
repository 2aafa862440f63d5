// sgatlin neighbours: the recorded circuits that are most alike one of a text.
#include "reference/circuits/neighbours.h"
#include "reference/circuits/context.h"
#include "reference/circuits/prompt.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/recording_options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *recording, *text;
    CircuitChoice choice;
    int token, count, threads; // token LAST_TOKEN: the last
    bool other_previous, json;
} Arguments;

enum { KEY_TOKEN = 1000, KEY_OTHER_PREVIOUS, LAST_TOKEN = -1, MAX_COUNT = 1 << 20 };

static const struct argp_option options[] = {
    { "text", 't', "TEXT", 0, "what the model reads", 0 },
    { "token", KEY_TOKEN, "I", 0, "the token of the text to start from, from 0 (default: the last)",
      0 },
    { "count", 'n', "N", 0, "neighbours to print (default 10)", 0 },
    { "other-previous", KEY_OTHER_PREVIOUS, NULL, 0,
      "leave out positions that follow the same token as the query, such as those of one template",
      0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->recording;
        state->child_inputs[2] = &arguments->choice;
        state->child_inputs[3] = &arguments->json;
        state->child_inputs[4] = &arguments->threads;
        break;
    case 't': arguments->text = value; break;
    case 'n': arguments->count = (int)option_whole(state, "count", value, 1, MAX_COUNT); break;
    case KEY_TOKEN:
        arguments->token = (int)option_whole(state, "token", value, 0, INT32_MAX);
        break;
    case KEY_OTHER_PREVIOUS: arguments->other_previous = true; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument; quote the text", value); break;
    case ARGP_KEY_END:
        if (arguments->text == NULL) argp_error(state, "expected --text TEXT");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What is printed.
typedef struct {
    const Checkpoint *checkpoint;
    const Recording *recording;
    const Arguments *arguments;
    CircuitChoice choice;
    StoryRecorder live; // of the text
    int token;          // in the text
    Neighbour *nearest; // [count]
    int count;
} Search;

// ---- how many share a word, by chance and among the neighbours

typedef struct {
    int64_t token, previous; // with the query's token, and after its previous token
    int64_t positions;
} Shared;

// Whether the token at t follows the same token as the query.
static bool same_previous(const Search *search, int t) {
    const Recording *recording = search->recording;
    const int32_t *text = search->live.record.tokens;
    int32_t own = search->token > 0 ? text[search->token - 1] : TOKEN_END;
    return own == (recording->position[t] > 0 ? recording->gatings.tokens[t - 1] : TOKEN_END);
}

static void count_shared(Shared *shared, const Search *search, int t) {
    int32_t token = search->live.record.tokens[search->token];
    shared->positions++;
    shared->token += search->recording->gatings.tokens[t] == token;
    shared->previous += same_previous(search, t);
}

static Shared shared_by_all(const Search *search) {
    Shared shared = { 0 };
    for (int t = 0; t < search->recording->gatings.T; t++) count_shared(&shared, search, t);
    return shared;
}

static Shared shared_by_nearest(const Search *search) {
    Shared shared = { 0 };
    for (int i = 0; i < search->count; i++)
        count_shared(&shared, search, search->nearest[i].circuit);
    return shared;
}

// ---- text

enum { WORD_COLUMNS = 12 };

// The first of the predictions that fit in `columns`.
static void print_predictions(const Tokenizer *tokenizer, const int32_t *tokens,
                              const float *probabilities, int P, int columns) {
    char line[LINE_BYTES];
    for (int p = 0, used = 0; p < P; p++) {
        tokens_line(line, tokenizer, &tokens[p], 1, WORD_COLUMNS);
        int width = 5; // " .98 "
        for (const char *c = line; *c != '\0'; c++) width += ((unsigned char)*c & 0xc0) != 0x80;
        if ((used += width) > columns) break;
        printf("%s%s %.2f", p > 0 ? "  " : "", line, (double)probabilities[p]);
        used += 2;
    }
}

static void print_shared(const char *of, Shared shared) {
    double positions = (double)shared.positions;
    printf("%-20s  %9.1f%%  %19.1f%%\n", of, 100 * (double)shared.token / positions,
           100 * (double)shared.previous / positions);
}

static void print_text(const Search *search) {
    const Tokenizer *tokenizer = search->checkpoint->tokenizer;
    const StoryRecorder *live = &search->live;
    const Recording *recording = search->recording;
    char line[LINE_BYTES], words[CIRCUIT_WORDS], context[CONTEXT_BYTES];
    tokens_line(line, tokenizer, &live->record.tokens[search->token], 1, 40);
    circuit_choice_words(words, &search->choice);
    printf("'%s', token %d of the text; %s; next: ", line, search->token, words);
    size_t from = (size_t)search->token * (size_t)live->P;
    print_predictions(tokenizer, live->predictions + from, live->probabilities + from, live->P, 40);
    printf("\n\ndistance  story  position  %-48s  next\n", "context");
    for (int i = 0; i < search->count; i++) {
        int t = search->nearest[i].circuit;
        context_columns(context, recording, tokenizer, t, 24, 24);
        printf("%8.3f  %5d  %8d  %s  ", (double)search->nearest[i].distance, recording->story[t],
               recording->position[t], context);
        from = (size_t)t * (size_t)recording->P;
        print_predictions(tokenizer, recording->predictions + from, recording->probabilities + from,
                          recording->P, 21);
        putchar('\n');
    }
    printf("\n%-20s  same token  same token before it\n", "");
    print_shared("of these neighbours", shared_by_nearest(search));
    print_shared("of all positions", shared_by_all(search));
}

// ---- JSON

static json_t *predictions_json(const Tokenizer *tokenizer, const int32_t *tokens,
                                const float *probabilities, int P) {
    json_t *array = json_array();
    for (int p = 0; p < P; p++) {
        json_t *object = json_object();
        json_add(&object, "token", token_json(tokenizer, tokens[p]));
        json_add(&object, "probability", json_real((double)probabilities[p]));
        json_add_item(&array, object);
    }
    return array;
}

static json_t *neighbour_json(const Search *search, const Neighbour *neighbour) {
    const Recording *recording = search->recording;
    const Tokenizer *tokenizer = search->checkpoint->tokenizer;
    int t = neighbour->circuit;
    size_t from = (size_t)t * (size_t)recording->P;
    char *context = context_text(recording, tokenizer, t);
    json_t *object = json_object();
    json_add(&object, "distance", json_real((double)neighbour->distance));
    json_add(&object, "token", token_json(tokenizer, recording->gatings.tokens[t]));
    json_add(&object, "context", context != NULL ? json_string(context) : NULL);
    json_add(&object, "story", json_integer(recording->story[t]));
    json_add(&object, "position", json_integer(recording->position[t]));
    json_add(&object, "predictions",
             predictions_json(tokenizer, recording->predictions + from,
                              recording->probabilities + from, recording->P));
    free(context);
    return object;
}

static json_t *query_json(const Search *search) {
    const StoryRecorder *live = &search->live;
    const Tokenizer *tokenizer = search->checkpoint->tokenizer;
    size_t from = (size_t)search->token * (size_t)live->P;
    json_t *object = json_object();
    json_add(&object, "token", token_json(tokenizer, live->record.tokens[search->token]));
    json_add(&object, "position", json_integer(search->token));
    json_add(&object, "layer", json_integer(search->choice.layer));
    json_add(&object, "channel",
             search->choice.channel == ALL ? json_null() : json_integer(search->choice.channel));
    json_add(&object, "predictions",
             predictions_json(tokenizer, live->predictions + from, live->probabilities + from,
                              live->P));
    return object;
}

static json_t *shared_json(Shared shared) {
    json_t *object = json_object();
    double positions = (double)shared.positions;
    json_add(&object, "same_token", json_real((double)shared.token / positions));
    json_add(&object, "same_previous", json_real((double)shared.previous / positions));
    return object;
}

static bool print_json(const Search *search, Error *error) {
    json_t *object = json_object(), *array = json_array();
    for (int i = 0; i < search->count; i++)
        json_add_item(&array, neighbour_json(search, &search->nearest[i]));
    json_add(&object, "query", query_json(search));
    json_add(&object, "neighbours", array);
    json_add(&object, "shared", shared_json(shared_by_nearest(search)));
    json_add(&object, "shared_by_all", shared_json(shared_by_all(search)));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

// ---- the search

// Removes neighbours that follow the same token, up to `most` others.
static void drop_same_previous(Search *search, int most) {
    int left = 0;
    for (int i = 0; i < search->count && left < most; i++) {
        if (!same_previous(search, search->nearest[i].circuit))
            search->nearest[left++] = search->nearest[i];
    }
    search->count = left;
}

static bool find_nearest(Search *search, const NeighbourIndex *index, const Circuits *query,
                         Error *error) {
    int most = search->arguments->count;
    int64_t dropped = search->arguments->other_previous ? shared_by_all(search).previous : 0;
    search->count = (int)(most + dropped < index->N ? most + dropped : index->N);
    search->nearest = malloc((size_t)search->count * sizeof *search->nearest);
    if (search->nearest == NULL)
        return fail(error, "out of memory for %d neighbours", search->count);
    if (!neighbours_find(search->nearest, index, query, NULL, search->count, error)) return false;
    if (search->arguments->other_previous) drop_same_previous(search, most);
    return search->count > 0 ||
           fail(error, "every recorded token follows the same token; leave out --other-previous");
}

static bool find(Search *search, Error *error) {
    Circuits circuits = { .N = 0 }, queries = { .N = 0 };
    NeighbourIndex index = { .N = 0 };
    CircuitChoice choice = search->choice;
    bool ok =
        circuits_new(&circuits, &search->recording->gatings, choice.layer, choice.channel, error) &&
        neighbour_index_new(&index, &circuits, error);
    circuits_free(&circuits); // as large as the index
    ok = ok && circuits_new(&queries, &search->live.record, choice.layer, choice.channel, error);
    if (ok) {
        Circuits query = circuit_view(&queries, search->token);
        ok = find_nearest(search, &index, &query, error);
    }
    circuits_free(&queries);
    neighbour_index_free(&index);
    return ok;
}

// Runs the text through the model, and finds the neighbours.
static bool run(Search *search, const Prompt *prompt, Error *error) {
    int tokens = prompt->T - 1; // without TOKEN_END
    search->token = search->arguments->token == LAST_TOKEN ? tokens - 1 : search->arguments->token;
    if (search->token >= tokens)
        return fail(error, "--token %d: the text's tokens are 0 to %d", search->token, tokens - 1);
    return circuit_choice_check(&search->choice, &search->recording->gatings, error) &&
           story_recorder_new(&search->live, &search->checkpoint->model, tokens, error) &&
           story_recorder_run(&search->live, prompt->inputs + 1, tokens, error) &&
           find(search, error);
}

static bool neighbours(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Prompt prompt;
    Recording recording;
    if (!prompt_new(&prompt, checkpoint->tokenizer, arguments->text, "--text",
                    checkpoint->model.config.T, error))
        return false;
    bool ok = recording_open_of(&recording, arguments->recording, checkpoint, error);
    if (ok) {
        Search search = { .checkpoint = checkpoint,
                          .recording = &recording,
                          .arguments = arguments,
                          .choice = arguments->choice };
        ok = run(&search, &prompt, error);
        if (ok && arguments->json) ok = print_json(&search, error);
        if (ok && !arguments->json) print_text(&search);
        free(search.nearest);
        if (search.live.model != NULL) story_recorder_free(&search.live);
        recording_close(&recording);
    }
    prompt_free(&prompt);
    return ok;
}

int command_neighbours(int argc, char **argv) {
    static const struct argp_child children[] = {
        { &checkpoint_option, 0, NULL, 0 }, { &recording_option, 0, NULL, 0 },
        { &circuit_options, 0, NULL, 0 },   { &json_option, 0, NULL, 0 },
        { &threads_option, 0, NULL, 0 },    { 0 }
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Prints the recorded circuits that are nearest to one of a text, by cosine "
               "distance, with the text around them and the model's predictions there. A circuit "
               "is what a layer chose for a token, as a sparse vector of scores.\vThe last lines "
               "say how many of the neighbours are of the same token, and follow the same token, "
               "beside the share of all positions.",
    };
    Arguments arguments = { .token = LAST_TOKEN, .count = 10 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = neighbours(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
