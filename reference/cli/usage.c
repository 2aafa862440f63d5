// sgatlin usage: how often the neurons of a recording fire, which fire together, and how much the
// first layer's choices follow the words; each beside a control.
#include "reference/circuits/usage.h"
#include "reference/circuits/cka.h"
#include "reference/circuits/coactivation.h"
#include "reference/circuits/usage_picture.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/cli/recording_options.h"
#include "reference/cli/sparse_checkpoint.h"
#include "reference/cli/token_json.h"
#include "reference/draw/paint.h"
#include "reference/io/files.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *checkpoint, *recording, *out;
    int channel, threads;
    bool json;
} Arguments;

enum { KEY_CHANNEL = 1000, SEED = 1 };

static const struct argp_option options[] = {
    { "channel", KEY_CHANNEL, "C", 0, "whose co-activation matrices to draw, from 0 (default 0)",
      0 },
    { "out", 'o', "FILE", 0, "PNG file to write: histograms and co-activation; must not exist", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->checkpoint;
        state->child_inputs[1] = &arguments->recording;
        state->child_inputs[2] = &arguments->json;
        state->child_inputs[3] = &arguments->threads;
        break;
    case 'o': arguments->out = value; break;
    case KEY_CHANNEL:
        arguments->channel = (int)option_whole(state, "channel", value, 0, 65535);
        break;
    case ARGP_KEY_ARG: argp_error(state, "%s: unexpected argument", value); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

// ---- measuring

typedef struct {
    double share, gini;               // each distinct token counted once
    double gini_positions;            // all positions counted
    double random_share, random_gini; // the control of the first two
    SubkeyShare subkeys;              // of all channels; NAN without product keys
    EmbeddingCka cka;
} LayerMeasures;

typedef struct {
    const Checkpoint *checkpoint;
    const Recording *recording;
    const Arguments *arguments;
    Usage positions, tokens, random;
    LayerMeasures *layers;      // [L]
    Coactivation *coactivation; // [L], of the chosen channel
    bool product_keys;
} Measures;

static void measures_free(Measures *measures) {
    for (int l = 0; measures->coactivation != NULL && l < measures->recording->gatings.L; l++)
        coactivation_free(&measures->coactivation[l]);
    free(measures->coactivation);
    free(measures->layers);
    usage_free(&measures->positions);
    usage_free(&measures->tokens);
    usage_free(&measures->random);
}

static bool has_product_keys(const Config *config) {
    if (strcmp(config->ffn->name, "peer") == 0) return true;
    return strcmp(config->ffn->name, "sgatlin") == 0 &&
           (config->router == ROUTER_PRODUCT_DENSE || config->router == ROUTER_PRODUCT_KEY_VALUE);
}

// Adds the shares of one channel, weighted by its pairs.
static void add_subkeys(SubkeyShare *sum, double *pairs, const SubkeyShare *share,
                        const Coactivation *coactivation) {
    double own = 0;
    for (int i = 0; i < coactivation->F; i++) own += (double)coactivation->total[i];
    if (own == 0) return;
    double all = *pairs + own;
    sum->shared += (share->shared - sum->shared) * own / all;
    sum->shuffled += (share->shuffled - sum->shuffled) * own / all;
    sum->deviation = fmax(sum->deviation, share->deviation);
    *pairs = all;
}

// One channel of a layer; the co-activation of the chosen one is saved.
static bool measure_channel(Measures *measures, int layer, int channel, double *pairs,
                            Error *error) {
    Circuits circuits;
    Coactivation coactivation;
    SubkeyShare share;
    const GatingRecord *record = &measures->recording->gatings;
    if (!circuits_new(&circuits, record, layer, channel, error)) return false;
    bool ok = coactivation_new(&coactivation, &circuits, error);
    circuits_free(&circuits);
    if (!ok) return false;
    if (measures->product_keys) {
        ok = coactivation_subkeys(&share, &coactivation, config_keys(&record->config), SEED, error);
        if (ok) add_subkeys(&measures->layers[layer].subkeys, pairs, &share, &coactivation);
    }
    if (ok && channel == measures->arguments->channel) {
        measures->coactivation[layer] = coactivation;
    } else {
        coactivation_free(&coactivation);
    }
    return ok;
}

static bool measure_layer(Measures *measures, int l, Error *error) {
    LayerMeasures *layer = &measures->layers[l];
    double pairs = 0;
    layer->share = usage_layer_share(&measures->tokens, l);
    layer->random_share = usage_layer_share(&measures->random, l);
    for (int c = 0; c < measures->recording->gatings.C; c++) {
        if (!measure_channel(measures, l, c, &pairs, error)) return false;
    }
    if (pairs == 0) layer->subkeys = (SubkeyShare){ NAN, NAN, NAN };
    return usage_gini(&layer->gini, &measures->tokens, l, error) &&
           usage_gini(&layer->gini_positions, &measures->positions, l, error) &&
           usage_gini(&layer->random_gini, &measures->random, l, error) &&
           cka_of_embeddings(&layer->cka, &measures->checkpoint->model,
                             &measures->recording->gatings, l, SEED, error);
}

static bool measure(Measures *measures, Error *error) {
    const GatingRecord *record = &measures->recording->gatings;
    if (measures->arguments->channel >= record->C)
        return fail(error, "--channel %d: the model's channels are 0 to %d",
                    measures->arguments->channel, record->C - 1);
    measures->product_keys = has_product_keys(&record->config);
    measures->layers = calloc((size_t)record->L, sizeof *measures->layers);
    measures->coactivation = calloc((size_t)record->L, sizeof *measures->coactivation);
    if (measures->layers == NULL || measures->coactivation == NULL)
        return fail(error, "out of memory for %d layers", record->L);
    if (!usage_of_record(&measures->positions, record, error) ||
        !usage_of_tokens(&measures->tokens, record, 0, error) ||
        !usage_of_tokens(&measures->random, record, SEED, error))
        return false;
    for (int l = 0; l < record->L; l++) {
        if (!measure_layer(measures, l, error)) return false;
    }
    return true;
}

// ---- text

static void print_usage(const Measures *measures) {
    printf("Neurons that fire, each distinct token counted once; as many drawn at random\n\n"
           "layer    fired  at random     Gini  at random  every position counted\n");
    for (int l = 0; l < measures->recording->gatings.L; l++) {
        const LayerMeasures *layer = &measures->layers[l];
        printf("%5d  %6.1f%%  %8.1f%%  %7.3f  %9.3f  %22.3f\n", l, 100 * layer->share,
               100 * layer->random_share, layer->gini, layer->random_gini, layer->gini_positions);
    }
}

static void print_bin(int64_t low, int64_t high) {
    char text[48];
    if (low == high) {
        snprintf(text, sizeof text, "%lld", (long long)low);
    } else {
        snprintf(text, sizeof text, "%lld-%lld", (long long)low, (long long)high);
    }
    printf("  %9s", text);
}

static int used_bins(const Measures *measures) {
    int used = 1;
    for (int l = 0; l < measures->tokens.L; l++) {
        int64_t bins[USAGE_BINS];
        usage_histogram(bins, &measures->tokens, l);
        for (int b = 0; b < USAGE_BINS; b++) used = bins[b] > 0 && b >= used ? b + 1 : used;
    }
    return used;
}

// Transposed, since there may be many bins: one row per bin, one column per layer.
static void print_histogram(const Measures *measures) {
    int used = used_bins(measures), L = measures->tokens.L < 10 ? measures->tokens.L : 10;
    printf("\nNeurons by the number of different tokens they fire at\n\n     tokens");
    for (int l = 0; l < L; l++) printf("  layer %2d", l);
    printf("\n");
    for (int b = 0; b < used; b++) {
        print_bin(b < 2 ? b : (int64_t)1 << (b - 1), b < 2 ? b : ((int64_t)1 << b) - 1);
        for (int l = 0; l < L; l++) {
            int64_t bins[USAGE_BINS];
            usage_histogram(bins, &measures->tokens, l);
            printf("  %8lld", (long long)bins[b]);
        }
        printf("\n");
    }
}

static void print_subkeys(const Measures *measures) {
    if (!measures->product_keys) return;
    printf("\nNeurons that fire together in a channel: pairs that share a sub-key\n\n"
           "layer    pairs  neurons shuffled\n");
    for (int l = 0; l < measures->recording->gatings.L; l++) {
        const SubkeyShare *share = &measures->layers[l].subkeys;
        printf("%5d  %6.1f%%  %8.1f%% ±%.1f\n", l, 100 * share->shared, 100 * share->shuffled,
               100 * share->deviation);
    }
}

static void print_cka(const Measures *measures) {
    printf("\nLinear CKA of embeddings and gatings, at %d distinct tokens (biased, unbiased)\n\n"
           "layer      recorded       words shuffled   random neurons\n",
           measures->layers[0].cka.points);
    for (int l = 0; l < measures->recording->gatings.L; l++) {
        const EmbeddingCka *cka = &measures->layers[l].cka;
        printf("%5d   %6.3f %6.3f    %6.3f %6.3f    %6.3f %6.3f\n", l, cka->recorded.biased,
               cka->recorded.unbiased, cka->shuffled.biased, cka->shuffled.unbiased,
               cka->random.biased, cka->random.unbiased);
    }
}

static void print_text(const Measures *measures) {
    const Recording *recording = measures->recording;
    printf("%d positions of %d stories\n\n", recording->gatings.T, recording->stories);
    print_usage(measures);
    print_histogram(measures);
    print_subkeys(measures);
    print_cka(measures);
}

// ---- JSON

// null for what is not defined
static json_t *real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *cka_json(Cka cka) {
    json_t *object = json_object();
    json_add(&object, "biased", real(cka.biased));
    json_add(&object, "unbiased", real(cka.unbiased));
    return object;
}

static json_t *embedding_json(const EmbeddingCka *cka) {
    json_t *object = json_object();
    json_add(&object, "points", json_integer(cka->points));
    json_add(&object, "recorded", cka_json(cka->recorded));
    json_add(&object, "words_shuffled", cka_json(cka->shuffled));
    json_add(&object, "random_neurons", cka_json(cka->random));
    return object;
}

static json_t *subkeys_json(const SubkeyShare *share) {
    json_t *object = json_object();
    json_add(&object, "shared", real(share->shared));
    json_add(&object, "shuffled", real(share->shuffled));
    json_add(&object, "deviation", real(share->deviation));
    return object;
}

static json_t *layer_json(const Measures *measures, int l) {
    const LayerMeasures *layer = &measures->layers[l];
    int64_t bins[USAGE_BINS];
    int used = used_bins(measures);
    usage_histogram(bins, &measures->tokens, l);
    json_t *object = json_object(), *histogram = json_array();
    for (int b = 0; b < used; b++) json_add_item(&histogram, json_integer(bins[b]));
    json_add(&object, "layer", json_integer(l));
    json_add(&object, "usage", json_real(layer->share));
    json_add(&object, "gini", json_real(layer->gini));
    json_add(&object, "gini_positions", json_real(layer->gini_positions));
    json_add(&object, "random_usage", json_real(layer->random_share));
    json_add(&object, "random_gini", json_real(layer->random_gini));
    json_add(&object, "histogram", histogram);
    json_add(&object, "shared_subkeys",
             measures->product_keys ? subkeys_json(&layer->subkeys) : json_null());
    json_add(&object, "cka", embedding_json(&layer->cka));
    return object;
}

static bool print_json(const Measures *measures, Error *error) {
    const Recording *recording = measures->recording;
    json_t *object = json_object(), *layers = json_array();
    for (int l = 0; l < recording->gatings.L; l++) json_add_item(&layers, layer_json(measures, l));
    json_add(&object, "positions", json_integer(recording->gatings.T));
    json_add(&object, "stories", json_integer(recording->stories));
    json_add(&object, "layers", layers);
    return print_json_line(object) || fail(error, "out of memory for the JSON");
}

// ---- the command

static bool draw(const Measures *measures, Error *error) {
    int L = measures->recording->gatings.L;
    SubkeyShare *subkeys = malloc((size_t)L * sizeof *subkeys);
    if (subkeys == NULL) return fail(error, "out of memory for %d layers", L);
    for (int l = 0; l < L; l++) subkeys[l] = measures->layers[l].subkeys;
    const UsagePicture picture = { .tokens = &measures->tokens,
                                   .random = &measures->random,
                                   .coactivation = measures->coactivation,
                                   .subkeys = measures->product_keys ? subkeys : NULL,
                                   .channel = measures->arguments->channel };
    DrawList list = draw_new(0, 0, font_find());
    bool ok = usage_picture(&list, &picture, SEED, error) &&
              paint_png(&list, measures->arguments->out, error);
    draw_free(&list);
    free(subkeys);
    return ok;
}

static bool usage(const Arguments *arguments, const Checkpoint *checkpoint, Error *error) {
    Recording recording;
    if (!recording_open_of(&recording, arguments->recording, checkpoint, error)) return false;
    Measures measures = { .checkpoint = checkpoint,
                          .recording = &recording,
                          .arguments = arguments };
    bool ok = measure(&measures, error);
    if (ok && arguments->out != NULL) ok = draw(&measures, error);
    if (ok && arguments->json) ok = print_json(&measures, error);
    if (ok && !arguments->json) print_text(&measures);
    measures_free(&measures);
    recording_close(&recording);
    return ok;
}

int command_usage(int argc, char **argv) {
    static const struct argp_child children[] = { { &checkpoint_option, 0, NULL, 0 },
                                                  { &recording_option, 0, NULL, 0 },
                                                  { &json_option, 0, NULL, 0 },
                                                  { &threads_option, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .children = children,
        .doc = "Prints, for each layer of a recording, the share of neurons that fire, the Gini "
               "coefficient and a histogram of how often they do, which of them fire together, and "
               "how similar the gatings are to the token embeddings (linear CKA); each beside a "
               "control.",
    };
    Arguments arguments = { .channel = 0 };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    program_start(arguments.threads, &cpu_backend);
    Error error;
    Checkpoint checkpoint;
    if (!path_is_new(arguments.out, &error) ||
        !sparse_checkpoint_open(&checkpoint, arguments.checkpoint, &error))
        return command_failed(argv[0], &error);
    bool ok = usage(&arguments, &checkpoint, &error);
    checkpoint_close(&checkpoint);
    return ok ? 0 : command_failed(argv[0], &error);
}
