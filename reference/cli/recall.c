#include "reference/circuits/recall.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/recall_picture.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *checkpoint, *data, *pairs, *out;
    int threads;
    bool json;
} Arguments;

enum { KEY_PAIRS = 1000 };

static const struct argp_option options[] = {
    { "data", 'd', "DIR", 0, "folder whose facts.tsv has a noun and its adjective in each line",
      0 },
    { "pairs", KEY_PAIRS, "FILE", 0,
      "such a table instead of DIR/facts.tsv; an adjective may be several words with commas", 0 },
    { "out", 'o', "FILE", 0, "PNG file of the table to write; must not exist", 0 },
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
    case 'd': arguments->data = value; break;
    case 'o': arguments->out = value; break;
    case KEY_PAIRS: arguments->pairs = value; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    case ARGP_KEY_END:
        if (arguments->data == NULL && arguments->pairs == NULL)
            argp_error(state, "expected --data DIR or --pairs FILE");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// What is printed.
typedef struct {
    Facts facts;
    Questions questions;
    QuestionPairs pairs;
    Recall *recall;
    RecallTable table;
} Work;

static void work_free(Work *work) {
    recall_table_free(&work->table);
    recall_free(work->recall);
    free(work->pairs.items);
    questions_free(&work->questions);
    facts_free(&work->facts);
}

// ---- text

static void print_left_out(int count, const char *what) {
    if (count > 0) printf("left out: %d %s\n", count, what);
}

static void print_number(double value) {
    if (isfinite(value))
        printf(" %6.3f", fabs(value) < 0.0005 ? 0 : value); // not -0.000
    else
        printf("      -");
}

static double measure_of(const EffectSummary *cell, int measure) {
    return measure == 0 ? cell->nie : measure == 1 ? cell->flips : cell->first;
}

static void print_measure(const RecallTable *table, int measure, const char *heading) {
    printf("\n%-10s  %-35s  at the last word\n%-10s", heading, "at the noun", "layers");
    for (int i = 0; i < PLACES * CONTROLS; i++)
        printf("%s %6s", i == CONTROLS ? "  " : "", control_names[i % CONTROLS]);
    putchar('\n');
    for (int row = 0; row <= table->L; row++) {
        if (row == 0)
            printf("%-10s", "all");
        else
            printf("%-10d", row - 1);
        for (int i = 0; i < PLACES * CONTROLS; i++) {
            const EffectSummary *cell =
                recall_cell(table, (Place)(i / CONTROLS), row, (Control)(i % CONTROLS));
            if (i == CONTROLS) printf("  ");
            print_number(measure_of(cell, measure));
        }
        putchar('\n');
    }
}

static void print_text(const Work *work) {
    printf("%d prompts \"The NOUN was\", of which the model answers %d; %d ordered pairs\n",
           work->questions.count, recall_answered(work->recall), work->pairs.count);
    print_left_out(work->questions.several_tokens, "facts whose answer is not one token");
    print_left_out(work->questions.no_prompt, "facts whose prompt does not fit");
    print_left_out(work->pairs.other_form, "pairs of prompts of unequal length");
    print_left_out(work->pairs.same_answer, "pairs with the same answer");
    print_measure(&work->table, 0, "effect");
    print_measure(&work->table, 1, "flips");
    print_measure(&work->table, 2, "first");
    printf(
        "\neffect: normalised indirect effect, the differences of all pairs added up before they "
        "are\n        divided, since a single pair's denominator may be near 0\n"
        "flips:  share of pairs in which the other's answer has the higher logit of the two\n"
        "first:  share of pairs in which the other's answer is the first of all words\n");
}

// ---- JSON

static json_t *number_json(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *row_json(const RecallTable *table, Place place, int row, Control control) {
    const EffectSummary *cell = recall_cell(table, place, row, control);
    json_t *layers = json_array(), *object = json_object();
    for (int layer = 0; layer < table->L; layer++) {
        if (row == 0 || row - 1 == layer) json_add_item(&layers, json_integer(layer));
    }
    json_add(&object, "layers", layers);
    json_add(&object, "position", json_string(place_names[place]));
    json_add(&object, "control", json_string(control_names[control]));
    json_add(&object, "pairs", json_integer(cell->pairs));
    json_add(&object, "nie", number_json(cell->nie));
    json_add(&object, "flips", number_json(cell->flips));
    json_add(&object, "first", number_json(cell->first));
    return object;
}

static bool print_json(const Work *work, Error *error) {
    json_t *rows = json_array(), *left_out = json_object(), *object = json_object();
    for (int i = 0; i < PLACES * (work->table.L + 1) * CONTROLS; i++) {
        int row = i / CONTROLS % (work->table.L + 1), place = i / CONTROLS / (work->table.L + 1);
        json_add_item(&rows, row_json(&work->table, (Place)place, row, (Control)(i % CONTROLS)));
    }
    json_add(&left_out, "answers_of_several_tokens", json_integer(work->questions.several_tokens));
    json_add(&left_out, "prompts_that_do_not_fit", json_integer(work->questions.no_prompt));
    json_add(&left_out, "pairs_of_unequal_length", json_integer(work->pairs.other_form));
    json_add(&left_out, "pairs_with_the_same_answer", json_integer(work->pairs.same_answer));
    json_add(&object, "pairs", json_integer(work->pairs.count));
    json_add(&object, "prompts", json_integer(work->questions.count));
    json_add(&object, "answered", json_integer(recall_answered(work->recall)));
    json_add(&object, "left_out", left_out);
    json_add(&object, "rows", rows);
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

// ---- the command

static bool read_facts(Work *work, const Arguments *arguments, Error *error) {
    if (arguments->pairs != NULL) return facts_read(&work->facts, arguments->pairs, error);
    char *path = path_join(arguments->data, "facts.tsv");
    if (path == NULL) return fail(error, "out of memory for a path");
    bool ok = path_exists(path)
                  ? facts_read(&work->facts, path, error)
                  : fail(error,
                         "%s: not there; `sgatlin data --storyworld` writes one, or give "
                         "a table of your own with --pairs",
                         path);
    free(path);
    return ok;
}

static bool draw(const Work *work, const char *path, Error *error) {
    char title[96];
    snprintf(title, sizeof title, "%d pairs of prompts \"The NOUN was\", patched",
             work->pairs.count);
    DrawList list = draw_new(0, 0, font_find());
    recall_picture(&list, &work->table, title);
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

static bool run(Work *work, const Checkpoint *checkpoint, const Arguments *arguments,
                Error *error) {
    const Config *config = &checkpoint->model.config;
    if (!read_facts(work, arguments, error) ||
        !questions_new(&work->questions, &work->facts, checkpoint->tokenizer, config->T, error) ||
        !question_pairs_new(&work->pairs, work->questions.items, work->questions.count, error))
        return false;
    if (work->pairs.count == 0)
        return fail(error,
                    "no pair of facts has prompts of equal length and different answers of one "
                    "token each: %d answers have several tokens, %d prompts do not fit, %d pairs "
                    "differ in length, %d have the same answer; use a larger vocabulary, or "
                    "other facts",
                    work->questions.several_tokens, work->questions.no_prompt,
                    work->pairs.other_form, work->pairs.same_answer);
    work->recall =
        recall_new(&checkpoint->model, work->questions.items, work->questions.count, error);
    return work->recall != NULL &&
           recall_table_new(&work->table, work->recall, &work->pairs, config->L, error);
}

static bool recall(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Work work = { .recall = NULL };
    bool ok = run(&work, checkpoint, arguments, error);
    if (ok && arguments->json)
        ok = print_json(&work, error);
    else if (ok)
        print_text(&work);
    ok = ok && (arguments->out == NULL || draw(&work, arguments->out, error));
    work_free(&work);
    return ok;
}

int command_recall(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Patches pairs of prompts \"The NOUN was\" whose answers are known: what becomes of "
               "the answer when the neurons at the noun, or at the last word, are another "
               "prompt's, in all layers or in one."
               "\vBeside the patch are controls: the prompt's own neurons, those of a third "
               "prompt, random ones with the other's scores, and none. A patch that only breaks "
               "the model has an effect, too; it does not make the other's answer the first of "
               "all words.",
        .children = children,
    };
    Arguments arguments = { .threads = 0 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = recall(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
