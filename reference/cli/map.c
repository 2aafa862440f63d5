// sgatlin map: the circuits of frequent tokens, laid out in the plane.
#include "reference/circuits/map.h"
#include "reference/circuits/classes.h"
#include "reference/circuits/layout_measures.h"
#include "reference/circuits/map_picture.h"
#include "reference/circuits/positions.h"
#include "reference/circuits/random_neurons.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/recording_options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/data/token_text.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *recording, *classes, *out;
    CircuitChoice choice;
    int tokens, points, threads;
    uint64_t seed;
    bool json;
} Arguments;

enum { KEY_CLASSES = 1000, KEY_TOKENS, KEY_POINTS, KEY_SEED, MAX_POINTS = 100000 };
enum { SEEDS = 3 }; // layouts that are measured

static const struct argp_option options[] = {
    { "classes", KEY_CLASSES, "FILE", 0,
      "only tokens that have a class, colored by it: words and classes, such as DIR/classes.tsv of "
      "a storyworld (default: all tokens, colored by token)",
      0 },
    { "tokens", KEY_TOKENS, "N", 0, "how many of the most frequent tokens (default 100)", 0 },
    { "points", KEY_POINTS, "N", 0,
      "their circuits at most, spread evenly over the recording (default 5000)", 0 },
    { "seed", KEY_SEED, "N", 0, "of the layout (default 1)", 0 },
    { "out", 'o', "FILE", 0, "PNG file of the map to write; must not exist", 0 },
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
    case KEY_CLASSES: arguments->classes = value; break;
    case KEY_TOKENS: arguments->tokens = (int)option_whole(state, "tokens", value, 1, 65535); break;
    case KEY_POINTS:
        arguments->points = (int)option_whole(state, "points", value, 2, MAX_POINTS);
        break;
    case KEY_SEED:
        arguments->seed = (uint64_t)option_whole(state, "seed", value, 0, INT64_MAX - SEEDS);
        break;
    case 'o': arguments->out = value; break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- what is measured

// Of one layout. NAN: not defined.
typedef struct {
    double trust, by_token, by_class; // trustworthiness, and silhouettes
} LayoutMeasures;

// The labels of the points: the number of their token among the map's, and their class.
typedef struct {
    int32_t *token, *class; // [N]
} Labels;

typedef struct {
    const Checkpoint *checkpoint;
    const Recording *recording;
    const Arguments *arguments;
    CircuitChoice choice;
    int32_t *tokens; // [count], the most frequent first
    int32_t *class;  // [count], of each token; NO_CLASS: no classes were given
    int count;
    int32_t *position; // [N]
    Map map;
    Classes classes; // names.count 0: none were given
    Labels labels, shuffled;
    LayoutMeasures layouts[SEEDS]; // of the seeds from arguments->seed
    LayoutMeasures control;        // trust: of the points at each other's places; labels shuffled
    double purity[2], shuffled_purity[2]; // of the nearest circuits, by token and by class
} Mapping;

static void mapping_free(Mapping *mapping) {
    free(mapping->tokens);
    free(mapping->class);
    free(mapping->position);
    free(mapping->labels.token);
    free(mapping->labels.class);
    free(mapping->shuffled.token);
    free(mapping->shuffled.class);
    map_free(&mapping->map);
    classes_free(&mapping->classes);
}

static int class_count(const Mapping *mapping) { return (int)mapping->classes.names.count; }

// ---- choosing the points

// Removes tokens that have no class.
static void drop_unclassed(Mapping *mapping) {
    int left = 0;
    for (int i = 0; i < mapping->count; i++) {
        int class = class_of_token(&mapping->classes, mapping->checkpoint->tokenizer,
                                   (uint32_t)mapping->tokens[i]);
        if (class == NO_CLASS) continue;
        mapping->tokens[left] = mapping->tokens[i];
        mapping->class[left++] = class;
    }
    mapping->count = left;
}

static bool read_classes(Mapping *mapping, Error *error) {
    const char *path = mapping->arguments->classes;
    for (int i = 0; i < mapping->count; i++) mapping->class[i] = NO_CLASS;
    if (path == NULL) return true;
    if (!classes_read(&mapping->classes, path, error)) return false;
    drop_unclassed(mapping);
    return mapping->count > 0 ||
           fail(error, "%s: no word of it is a recorded token; give the classes of this corpus",
                path);
}

static bool choose_tokens(Mapping *mapping, Error *error) {
    const GatingRecord *record = &mapping->recording->gatings;
    size_t V = (size_t)record->config.V;
    mapping->tokens = malloc(V * sizeof *mapping->tokens);
    mapping->class = malloc(V * sizeof *mapping->class);
    if (mapping->tokens == NULL || mapping->class == NULL)
        return fail(error, "out of memory for %zu tokens", V);
    if (!frequent_tokens(mapping->tokens, &mapping->count, record, (int)V, error) ||
        !read_classes(mapping, error))
        return false;
    mapping->count = min_int(mapping->count, mapping->arguments->tokens);
    return mapping->count > 0 ||
           fail(error, "%s: no tokens of text", mapping->arguments->recording);
}

// Chooses the positions and makes the map of their circuits.
static bool make_map(Mapping *mapping, Error *error) {
    const GatingRecord *record = &mapping->recording->gatings;
    GatingRecord points;
    Circuits circuits;
    int found, most = mapping->arguments->points;
    mapping->position = malloc((size_t)most * sizeof *mapping->position);
    if (mapping->position == NULL) return fail(error, "out of memory for %d points", most);
    if (!token_positions(mapping->position, &found, record, mapping->tokens, mapping->count, most,
                         error) ||
        !record_of_positions(&points, record, mapping->position, found, error))
        return false;
    bool ok =
        circuits_new(&circuits, &points, mapping->choice.layer, mapping->choice.channel, error);
    gating_record_free(&points);
    return ok && map_new(&mapping->map, &circuits, mapping->arguments->seed, error);
}

// ---- labels and their controls

static int token_number(const Mapping *mapping, int32_t token) {
    int number = 0;
    while (mapping->tokens[number] != token) number++;
    return number;
}

// order: the token whose class each has, or NULL; places: the point whose token each has, or NULL.
static bool label_points(Labels *out, const Mapping *mapping, const int32_t *order,
                         const int32_t *places, Error *error) {
    size_t N = (size_t)mapping->map.N;
    out->token = malloc(N * sizeof *out->token);
    out->class = malloc(N * sizeof *out->class);
    if (out->token == NULL || out->class == NULL)
        return fail(error, "out of memory for %zu labels", N);
    for (size_t i = 0; i < N; i++) {
        int32_t own = mapping->position[i];
        int32_t from = mapping->position[places != NULL ? (size_t)places[i] : i];
        int number = token_number(mapping, mapping->recording->gatings.tokens[own]);
        out->token[i] = token_number(mapping, mapping->recording->gatings.tokens[from]);
        out->class[i] = mapping->class[order != NULL ? order[number] : number];
    }
    return true;
}

// The controls: each token gets the class of another, and each point the token of another. Points
// of one token stay together, so that what a class gains from that is in its control too. order
// [count] and places [N] are scratch.
static bool shuffle_labels(Mapping *mapping, int32_t *order, int32_t *places, Error *error) {
    random_order(order, mapping->count, random_key(mapping->arguments->seed, "classes"));
    random_order(places, mapping->map.N, random_key(mapping->arguments->seed, "tokens"));
    return label_points(&mapping->shuffled, mapping, order, places, error);
}

static bool make_labels(Mapping *mapping, Error *error) {
    int32_t *order = malloc((size_t)mapping->count * sizeof *order);
    int32_t *places = malloc((size_t)mapping->map.N * sizeof *places);
    bool ok = (order != NULL && places != NULL) || fail(error, "out of memory for the labels");
    ok = ok && label_points(&mapping->labels, mapping, NULL, NULL, error) &&
         shuffle_labels(mapping, order, places, error);
    free(order);
    free(places);
    return ok;
}

// ---- measuring

static bool measure_silhouettes(LayoutMeasures *out, const Mapping *mapping, const float *xy,
                                const Labels *labels, Error *error) {
    int N = mapping->map.N;
    return layout_silhouette(&out->by_token, xy, labels->token, N, mapping->count, error) &&
           layout_silhouette(&out->by_class, xy, labels->class, N, class_count(mapping), error);
}

static bool measure_layout(LayoutMeasures *out, const Mapping *mapping, const float *xy,
                           Error *error) {
    const Map *map = &mapping->map;
    return layout_trustworthiness(&out->trust, xy, &map->index, &map->circuits, error) &&
           measure_silhouettes(out, mapping, xy, &mapping->labels, error);
}

// The control of the trustworthiness: the points at each other's places. xy [N,2] is scratch.
static bool measure_control(Mapping *mapping, float *xy, Error *error) {
    const Map *map = &mapping->map;
    int32_t *order = malloc((size_t)map->N * sizeof *order);
    if (order == NULL) return fail(error, "out of memory for %d points", map->N);
    random_order(order, map->N, random_key(mapping->arguments->seed, "places"));
    for (size_t i = 0; i < (size_t)map->N; i++)
        memcpy(xy + 2 * i, map->xy + 2 * (size_t)order[i], 2 * sizeof *xy);
    free(order);
    return layout_trustworthiness(&mapping->control.trust, xy, &map->index, &map->circuits,
                                  error) &&
           measure_silhouettes(&mapping->control, mapping, map->xy, &mapping->shuffled, error);
}

static void measure_purity(double out[2], const Mapping *mapping, const Labels *labels) {
    const Map *map = &mapping->map;
    out[0] = neighbour_purity(map->nearest, labels->token, map->N, UMAP_NEIGHBOURS);
    out[1] = neighbour_purity(map->nearest, labels->class, map->N, UMAP_NEIGHBOURS);
}

static bool measure(Mapping *mapping, Error *error) {
    const Map *map = &mapping->map;
    float *xy = malloc(2 * (size_t)map->N * sizeof *xy);
    bool ok = xy != NULL || fail(error, "out of memory for %d points", map->N);
    ok = ok && measure_layout(&mapping->layouts[0], mapping, map->xy, error);
    for (int s = 1; ok && s < SEEDS; s++) {
        ok = map_layout_of(xy, map, mapping->arguments->seed + (uint64_t)s, error) &&
             measure_layout(&mapping->layouts[s], mapping, xy, error);
    }
    ok = ok && measure_control(mapping, xy, error);
    measure_purity(mapping->purity, mapping, &mapping->labels);
    if (ok) measure_purity(mapping->shuffled_purity, mapping, &mapping->shuffled);
    free(xy);
    return ok;
}

// ---- text

static void print_measure(double value) {
    if (isfinite(value)) {
        printf("  %15.3f", value);
    } else {
        printf("  %15s", "-");
    }
}

static void print_layout(const char *name, const LayoutMeasures *measures) {
    printf("%-18s", name);
    print_measure(measures->trust);
    print_measure(measures->by_token);
    print_measure(measures->by_class);
    printf("\n");
}

static void print_purity(const char *name, const double purity[2]) {
    printf("%-18s  %15s", name, "");
    print_measure(purity[0]);
    print_measure(purity[1]);
    printf("\n");
}

static void print_text(const Mapping *mapping) {
    char words[CIRCUIT_WORDS], name[32];
    circuit_choice_words(words, &mapping->choice);
    printf("%d circuits of the %d most frequent tokens%s; %s\n\n", mapping->map.N, mapping->count,
           class_count(mapping) > 0 ? " with a class" : "", words);
    printf("%-18s  %15s  %15s  %15s\n", "layout", "trustworthiness", "silhouette", "silhouette");
    printf("%-18s  %15s  %15s  %15s\n", "", "", "of tokens", "of classes");
    for (int s = 0; s < SEEDS; s++) {
        snprintf(name, sizeof name, "seed %llu",
                 (unsigned long long)mapping->arguments->seed + (unsigned)s);
        print_layout(name, &mapping->layouts[s]);
    }
    print_layout("shuffled", &mapping->control);
    printf("\n%-18s\n", "share of the 14 nearest circuits with the same token or class");
    print_purity("recorded", mapping->purity);
    print_purity("shuffled", mapping->shuffled_purity);
}

// ---- JSON

// null for what is not defined
static json_t *real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *class_json(const Mapping *mapping, int class) {
    size_t size;
    if (class == NO_CLASS) return json_null();
    const char *name = class_name(&mapping->classes, class, &size);
    json_t *value = json_stringn(name, size); // NULL for what is not UTF-8
    return value != NULL ? value : json_integer(class);
}

static json_t *points_json(const Mapping *mapping) {
    json_t *array = json_array();
    const Map *map = &mapping->map;
    for (int i = 0; i < map->N; i++) {
        json_t *point = json_object();
        int t = mapping->position[i];
        json_add(&point, "x", json_real((double)map->xy[2 * (size_t)i]));
        json_add(&point, "y", json_real((double)map->xy[2 * (size_t)i + 1]));
        json_add(&point, "token",
                 token_json(mapping->checkpoint->tokenizer, mapping->recording->gatings.tokens[t]));
        json_add(&point, "class", class_json(mapping, mapping->labels.class[i]));
        json_add(&point, "story", json_integer(mapping->recording->story[t]));
        json_add(&point, "position", json_integer(mapping->recording->position[t]));
        json_add_item(&array, point);
    }
    return array;
}

static json_t *layout_json(const LayoutMeasures *measures) {
    json_t *object = json_object();
    json_add(&object, "trustworthiness", real(measures->trust));
    json_add(&object, "silhouette_tokens", real(measures->by_token));
    json_add(&object, "silhouette_classes", real(measures->by_class));
    return object;
}

static json_t *purity_json(const double purity[2]) {
    json_t *object = json_object();
    json_add(&object, "tokens", real(purity[0]));
    json_add(&object, "classes", real(purity[1]));
    return object;
}

static bool print_json(const Mapping *mapping, Error *error) {
    json_t *object = json_object(), *layouts = json_array();
    for (int s = 0; s < SEEDS; s++) {
        json_t *layout = layout_json(&mapping->layouts[s]);
        json_add(&layout, "seed", json_integer((json_int_t)mapping->arguments->seed + s));
        json_add_item(&layouts, layout);
    }
    json_add(&object, "layer", json_integer(mapping->choice.layer));
    json_add(&object, "channel",
             mapping->choice.channel == ALL ? json_null() : json_integer(mapping->choice.channel));
    json_add(&object, "layouts", layouts);
    json_add(&object, "shuffled", layout_json(&mapping->control));
    json_add(&object, "purity", purity_json(mapping->purity));
    json_add(&object, "shuffled_purity", purity_json(mapping->shuffled_purity));
    json_add(&object, "points", points_json(mapping));
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

// ---- the picture

// names [tokens, then classes], each of LINE_BYTES in `bytes`.
static void write_names(const char **names, char *bytes, const Mapping *mapping) {
    enum { COLUMNS = 16 };
    for (int i = 0; i < mapping->count; i++) {
        names[i] = bytes + (size_t)i * LINE_BYTES;
        tokens_line(bytes + (size_t)i * LINE_BYTES, mapping->checkpoint->tokenizer,
                    &mapping->tokens[i], 1, COLUMNS);
    }
    for (int c = 0; c < class_count(mapping); c++) {
        size_t size, at = (size_t)(mapping->count + c) * LINE_BYTES;
        const char *name = class_name(&mapping->classes, c, &size);
        snprintf(bytes + at, LINE_BYTES, "%.*s", size < 64 ? (int)size : 64, name);
        names[mapping->count + c] = bytes + at;
    }
}

static bool draw(const Mapping *mapping, Error *error) {
    char title[160], words[CIRCUIT_WORDS];
    size_t labels = (size_t)(mapping->count + class_count(mapping));
    const char **names = malloc(labels * sizeof *names);
    char *bytes = malloc(labels * LINE_BYTES);
    if (names == NULL || bytes == NULL) {
        free(names);
        free(bytes);
        return fail(error, "out of memory for %zu names", labels);
    }
    write_names(names, bytes, mapping);
    circuit_choice_words(words, &mapping->choice);
    snprintf(title, sizeof title, "%d circuits of the %d most frequent tokens%s; %s",
             mapping->map.N, mapping->count, class_count(mapping) > 0 ? " with a class" : "",
             words);
    MapPicture picture = { .title = title, .N = mapping->map.N, .xy = mapping->map.xy };
    MapLabels tokens = { mapping->labels.token, mapping->count, names };
    picture.groups = tokens;
    if (class_count(mapping) > 0) {
        picture.groups =
            (MapLabels){ mapping->labels.class, class_count(mapping), names + mapping->count };
        picture.words = tokens;
    }
    DrawList list = draw_new(0, 0, font_find());
    bool ok =
        map_picture(&list, &picture, error) && paint_png(&list, mapping->arguments->out, error);
    draw_free(&list);
    free(names);
    free(bytes);
    return ok;
}

// ---- the command

static bool map(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Recording recording;
    if (!recording_open_of(&recording, arguments->recording, checkpoint, error)) return false;
    Mapping mapping = { .checkpoint = checkpoint,
                        .recording = &recording,
                        .arguments = arguments,
                        .choice = arguments->choice };
    bool ok = circuit_choice_check(&mapping.choice, &recording.gatings, error) &&
              choose_tokens(&mapping, error) && make_map(&mapping, error) &&
              make_labels(&mapping, error) && measure(&mapping, error);
    if (ok && arguments->out != NULL) ok = draw(&mapping, error);
    if (ok && arguments->json) ok = print_json(&mapping, error);
    if (ok && !arguments->json) print_text(&mapping);
    mapping_free(&mapping);
    recording_close(&recording);
    return ok;
}

int command_map(int argc, char **argv) {
    static const struct argp_child children[] = {
        { &checkpoint_option, 0, NULL, 0 }, { &recording_option, 0, NULL, 0 },
        { &circuit_options, 0, NULL, 0 },   { &json_option, 0, NULL, 0 },
        { &threads_option, 0, NULL, 0 },    { 0 }
    };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Lays out the circuits of the most frequent tokens in the plane (UMAP), so that "
               "similar circuits are near each other, and prints how good the layout is.\vThe "
               "trustworthiness says whether near points are near circuits, the silhouette "
               "whether tokens and classes are apart. Both are printed for three seeds, and, as "
               "a control, for points at each other's places and for shuffled labels: tokens "
               "among the points, classes among the tokens.",
    };
    Arguments arguments = { .tokens = 100, .points = 5000, .seed = 1 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = map(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
