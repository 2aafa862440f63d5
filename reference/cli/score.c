// sgatlin score: circuits against what is known of storyworld.
#include "reference/circuits/class_score.h"
#include "reference/circuits/fact_terms.h"
#include "reference/circuits/patch.h"
#include "reference/circuits/recall.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/corpus.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>

typedef struct {
    const char *checkpoint, *data;
    int64_t stories;
    int threads;
    bool json;
} Arguments;

static const struct argp_option options[] = {
    { "data", 'd', "DIR", 0, "folder that `sgatlin data --storyworld` made", 0 },
    { "stories", 's', "N", 0,
      "look for words in the first N stories of DIR/valid.bin (default 200)", 0 },
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
    case 's': arguments->stories = option_whole(state, "stories", value, 1, INT32_MAX); break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    case ARGP_KEY_END:
        if (arguments->data == NULL) argp_error(state, "expected --data DIR");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- classes

enum { SEEDS = 3 };
typedef enum { MEASURED, SHUFFLED, RANDOM_WEIGHTS, CONDITIONS } Condition;
static const char *const condition_names[CONDITIONS] = { "layers", "shuffled", "random_weights" };

typedef struct {
    int L, C;
    ClassScore *scores; // [CONDITIONS,SEEDS,L,C+1]; channel 0 is all of them together
    int points, words;
} ClassTable;

static ClassScore *class_cell(const ClassTable *table, Condition condition, int seed, int layer,
                              int channel) {
    size_t row = ((size_t)condition * SEEDS + (size_t)seed) * (size_t)table->L + (size_t)layer;
    return &table->scores[row * ((size_t)table->C + 1) + (size_t)channel];
}

static bool score_record(ClassTable *table, Condition condition, int seed,
                         const GatingRecord *record, const ClassPoints *points,
                         const int32_t *label, Error *error) {
    for (int layer = 0; layer < table->L; layer++) {
        for (int c = 0; c <= table->C; c++) {
            if (!class_score(class_cell(table, condition, seed, layer, c), record, points, label,
                             layer, c == 0 ? ALL : c - 1, error))
                return false;
        }
    }
    return true;
}

// The same for what a model records at the points; with_shuffled: also with shuffled labels.
static bool score_model(ClassTable *table, Condition condition, int seed, const Model *model,
                        const TokenFile *file, const ClassPoints *points, bool with_shuffled,
                        Error *error) {
    GatingRecord record;
    if (!class_points_record(&record, points, model, file, error)) return false;
    int32_t *label = malloc((size_t)points->N * sizeof *label);
    bool ok = label != NULL || fail(error, "out of memory for %d points", points->N);
    ok = ok && class_points_labels(label, points, 0, error) &&
         score_record(table, condition, seed, &record, points, label, error);
    if (ok && with_shuffled)
        ok = class_points_labels(label, points, (uint64_t)seed + 1, error) &&
             score_record(table, SHUFFLED, seed, &record, points, label, error);
    free(label);
    gating_record_free(&record);
    return ok;
}

static bool score_random_weights(ClassTable *table, int seed, const Config *config,
                                 const TokenFile *file, const ClassPoints *points, Error *error) {
    Model model;
    if (!model_new(&model, config, error)) return false;
    tensors_init(&model.tensors, model.parameters, (uint64_t)seed + 1);
    bool ok = score_model(table, RANDOM_WEIGHTS, seed, &model, file, points, false, error);
    model_free(&model);
    return ok;
}

// Each seed draws other occurrences of the words, shuffles the classes and the weights otherwise.
static bool score_classes(ClassTable *out, const Checkpoint *checkpoint, const TokenFile *file,
                          int stories, const Classes *classes, Error *error) {
    const Config *config = &checkpoint->model.config;
    *out = (ClassTable){ .L = config->L, .C = ffn_gating(config, NULL, 1).C };
    out->scores = calloc((size_t)CONDITIONS * SEEDS * (size_t)out->L * ((size_t)out->C + 1),
                         sizeof *out->scores);
    if (out->scores == NULL) return fail(error, "out of memory for the scores");
    for (int seed = 0; seed < SEEDS; seed++) {
        ClassPoints points;
        if (!class_points_new(&points, file, stories, config->T - 1, classes, checkpoint->tokenizer,
                              (uint64_t)seed + 1, error))
            return false;
        out->points = points.N;
        out->words = points.words;
        bool ok =
            score_model(out, MEASURED, seed, &checkpoint->model, file, &points, true, error) &&
            score_random_weights(out, seed, config, file, &points, error);
        class_points_free(&points);
        if (!ok) return false;
    }
    return true;
}

// ---- everything

typedef struct {
    const Checkpoint *checkpoint;
    Corpus corpus;
    Classes classes;
    ClassTable table;
    Facts facts;
    Questions questions;
    QuestionPairs pairs;
    Recall *recall;
    RecallTable recalled;
    FactTerms terms[SEEDS]; // each with other wrong answers
} Work;

static void work_free(Work *work) {
    recall_table_free(&work->recalled);
    recall_free(work->recall);
    free(work->pairs.items);
    questions_free(&work->questions);
    facts_free(&work->facts);
    free(work->table.scores);
    classes_free(&work->classes);
    if (work->corpus.path != NULL) corpus_close(&work->corpus);
}

// Reads DIR/NAME, one of storyworld's tables.
static bool read_table(bool read(void *out, const char *path, Error *error), void *out,
                       const char *folder, const char *name, Error *error) {
    char *path = path_join(folder, name);
    if (path == NULL) return fail(error, "out of memory for a path");
    bool ok =
        path_exists(path)
            ? read(out, path, error)
            : fail(error, "%s: not there; name a folder that `sgatlin data --storyworld` made",
                   path);
    free(path);
    return ok;
}

static bool read_classes(void *out, const char *path, Error *error) {
    return classes_read(out, path, error);
}
static bool read_facts(void *out, const char *path, Error *error) {
    return facts_read(out, path, error);
}

static bool open_corpus(Work *work, const char *folder, Error *error) {
    if (!corpus_open(&work->corpus, folder, error)) {
        work->corpus.path = NULL;
        return false;
    }
    return token_file_matches(&work->corpus.valid, work->checkpoint->tokenizer,
                              work->checkpoint->path, error);
}

static bool score_facts(Work *work, Error *error) {
    const Model *model = &work->checkpoint->model;
    if (!questions_new(&work->questions, &work->facts, work->checkpoint->tokenizer, model->config.T,
                       error) ||
        !question_pairs_new(&work->pairs, work->questions.items, work->questions.count, error))
        return false;
    if (work->pairs.count == 0)
        return fail(error, "no two facts have prompts of equal length and answers of one token "
                           "each; use a larger vocabulary");
    work->recall = recall_new(model, work->questions.items, work->questions.count, error);
    if (work->recall == NULL ||
        !recall_table_new(&work->recalled, work->recall, &work->pairs, model->config.L, error))
        return false;
    for (int seed = 0; seed < SEEDS; seed++) {
        if (!fact_terms(&work->terms[seed], model, work->questions.items, work->questions.count,
                        (uint64_t)seed + 1, error))
            return false;
    }
    return true;
}

static bool run(Work *work, const Arguments *arguments, Error *error) {
    const char *data = arguments->data;
    if (!open_corpus(work, data, error) ||
        !read_table(read_classes, &work->classes, data, "classes.tsv", error) ||
        !read_table(read_facts, &work->facts, data, "facts.tsv", error))
        return false;
    const TokenFile *file = &work->corpus.valid;
    int stories = (int)min_size(file->stories, (size_t)arguments->stories);
    return score_classes(&work->table, work->checkpoint, file, stories, &work->classes, error) &&
           score_facts(work, error);
}

// ---- printing

// Over the seeds.
typedef struct {
    double mean, low, high;
} Spread;

typedef enum { PURITY, OTHER_WORDS, SILHOUETTE, MEASURES } Measure;
static const char *const measure_names[MEASURES] = { "purity", "other_words", "silhouette" };

static Spread spread_of(const ClassTable *table, Condition condition, int layer, int channel,
                        Measure measure) {
    Spread spread = { 0, INFINITY, -INFINITY };
    for (int seed = 0; seed < SEEDS; seed++) {
        const ClassScore *score = class_cell(table, condition, seed, layer, channel);
        double value = measure == PURITY        ? score->purity
                       : measure == OTHER_WORDS ? score->other_words
                                                : score->silhouette;
        spread.mean += value / SEEDS;
        spread.low = fmin(spread.low, value);
        spread.high = fmax(spread.high, value);
    }
    return spread;
}

static void print_row(const ClassTable *table, int layer, int channel, Measure measure) {
    if (channel == 0)
        printf("%5d   all    ", layer);
    else
        printf("%5d %5d    ", layer, channel - 1);
    for (int condition = 0; condition < CONDITIONS; condition++) {
        Spread spread = spread_of(table, (Condition)condition, layer, channel, measure);
        printf("  %6.3f (%6.3f to %6.3f)", spread.mean, spread.low, spread.high);
    }
    putchar('\n');
}

static void print_measure(const ClassTable *table, Measure measure, const char *heading) {
    printf("\n%s\nlayer channel    %-25s %-25s %s\n", heading, "the model", "shuffled classes",
           "random weights");
    for (int layer = 0; layer < table->L; layer++) {
        for (int c = 0; c <= (table->C > 1 ? table->C : 0); c++)
            print_row(table, layer, c, measure);
    }
}

static void print_recall(const Work *work) {
    printf("\n%d pairs of facts, patched in all layers: the other's word comes first\n%-10s",
           work->pairs.count, "at");
    for (int control = 0; control < CONTROLS; control++) printf("%8s", control_names[control]);
    putchar('\n');
    for (int place = 0; place < PLACES; place++) {
        printf("%-10s", place_names[place]);
        for (int control = 0; control < CONTROLS; control++)
            printf("%8.3f", recall_cell(&work->recalled, (Place)place, 0, (Control)control)->first);
        putchar('\n');
    }
}

static void print_terms(const Work *work) {
    FactTerms first = work->terms[0];
    Spread logit = { 0, INFINITY, -INFINITY }, largest = logit;
    for (int seed = 0; seed < SEEDS; seed++) {
        logit.mean += work->terms[seed].wrong_logit / SEEDS;
        largest.mean += work->terms[seed].wrong_largest / SEEDS;
    }
    printf(
        "\n\"The NOUN was\", %d facts: the logit of the right word is %.2f; its %d largest neurons "
        "carry %.2f\n(the word of another fact: %.2f; its %d largest %.2f)\n",
        work->questions.count, first.logit, FACT_NEURONS, first.largest, logit.mean, FACT_NEURONS,
        largest.mean);
}

static void print_text(const Work *work) {
    const ClassTable *table = &work->table;
    printf("%d occurrences of %d words in %d classes; mean and range of %d seeds\n", table->points,
           table->words, (int)work->classes.names.count, SEEDS);
    print_measure(table, PURITY, "purity: share of the 15 nearest circuits of the same class");
    print_measure(table, OTHER_WORDS, "the same among circuits of other words");
    print_measure(table, SILHOUETTE, "silhouette of the classes");
    print_recall(work);
    print_terms(work);
}

static json_t *cell_json(const ClassTable *table, Condition condition, int layer, int channel) {
    json_t *object = json_object();
    for (int m = 0; m < MEASURES; m++) {
        Spread spread = spread_of(table, condition, layer, channel, (Measure)m);
        json_t *range = json_array();
        char name[40];
        json_add_item(&range, json_real(spread.low));
        json_add_item(&range, json_real(spread.high));
        json_add(&object, measure_names[m], json_real(spread.mean));
        snprintf(name, sizeof name, "%s_range", measure_names[m]);
        json_add(&object, name, range);
    }
    return object;
}

static json_t *layers_json(const ClassTable *table, Condition condition) {
    json_t *layers = json_array();
    for (int layer = 0; layer < table->L; layer++) {
        json_t *object = json_object(), *channels = json_array();
        json_add(&object, "layer", json_integer(layer));
        json_add_all(&object, cell_json(table, condition, layer, 0));
        for (int c = 1; c <= table->C; c++)
            json_add_item(&channels, cell_json(table, condition, layer, c));
        json_add(&object, "channels", channels);
        json_add_item(&layers, object);
    }
    return layers;
}

static json_t *recall_json(const Work *work) {
    json_t *recall = json_object();
    for (int place = 0; place < PLACES; place++) {
        json_t *row = json_object();
        for (int control = 0; control < CONTROLS; control++) {
            double first = recall_cell(&work->recalled, (Place)place, 0, (Control)control)->first;
            json_add(&row, control_names[control],
                     isfinite(first) ? json_real(first) : json_null());
        }
        json_add(&recall, place_names[place], row);
    }
    return recall;
}

static json_t *terms_json(const Work *work) {
    json_t *list = json_array();
    for (int seed = 0; seed < SEEDS; seed++) {
        FactTerms terms = work->terms[seed];
        json_t *object = json_object();
        json_add(&object, "logit", json_real(terms.logit));
        json_add(&object, "largest", json_real(terms.largest));
        json_add(&object, "wrong_logit", json_real(terms.wrong_logit));
        json_add(&object, "wrong_largest", json_real(terms.wrong_largest));
        json_add_item(&list, object);
    }
    return list;
}

static bool print_json(const Work *work, Error *error) {
    json_t *object = json_object();
    json_add(&object, "points", json_integer(work->table.points));
    json_add(&object, "words", json_integer(work->table.words));
    json_add(&object, "classes", json_integer((json_int_t)work->classes.names.count));
    for (int condition = 0; condition < CONDITIONS; condition++)
        json_add(&object, condition_names[condition],
                 layers_json(&work->table, (Condition)condition));
    json_add(&object, "pairs", json_integer(work->pairs.count));
    json_add(&object, "first", recall_json(work));
    json_add(&object, "largest_neurons", json_integer(FACT_NEURONS));
    json_add(&object, "fact_terms", terms_json(work));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

int command_score(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Scores a model's circuits against what is known of storyworld: whether circuits of "
               "words of one class are alike, whether patching a circuit puts another fact into "
               "its place, and how much of a fact a few neurons carry."
               "\vControls: the classes shuffled among the words, and a model with random weights. "
               "With shuffled classes a word still has one class, so what is left of the purity "
               "comes from circuits that know the word, but not its class.",
    };
    Arguments arguments = { .stories = 200 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    Work work = { .checkpoint = &checkpoint };
    bool ok = run(&work, &arguments, &error);
    if (ok && arguments.json)
        ok = print_json(&work, &error);
    else if (ok)
        print_text(&work);
    work_free(&work);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
