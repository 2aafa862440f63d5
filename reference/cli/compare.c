// sgatlin compare: whether a device computes what another one does.
#include "reference/check/decoder_agree.h"
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/config/presets.h"
#include "reference/ffn/ffn.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
    const Backend *device, *against;
    const char *ffn, *preset;
    int B, micro_batch, steps, threads;
    bool verbose;
    SetWords words;
} Arguments;

// What is compared without --ffn: every kind, and every routing, router and activation of them.
static const struct {
    const char *ffn, *settings;
} variants[] = {
    { "mlp", "" },
    { "glu", "" },
    { "moe", "" },
    { "moe", "switch=0.01 z=0.001 bias=0.001" },
    { "moe", "routing=expert" },
    { "moe", "routing=unified" },
    { "moe", "routing=unified pool=sequence" },
    { "peer", "" },
    { "sgatlin", "" },
    { "sgatlin", "router=product_key_value activation=relu" },
    { "sgatlin", "router=dense activation=gelu" },
    { "sgatlin", "router=key_value activation=swish" },
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

enum { KEY_AGAINST = 1000, KEY_MICRO_BATCH, KEY_STEPS };

static const struct argp_option known_options[] = {
    { "against", KEY_AGAINST, "NAME", 0, "the device that is right (default cpu)", 0 },
    { "ffn", 'f', "KIND", 0, "one kind of layer; without it all kinds, routings and routers", 0 },
    { "preset", 'p', "NAME", 0, "one of %presets (default tiny)", 0 },
    { "set", 's', "NAME=VALUE", 0, "change the preset's settings, as in --set D=128 K=8", 0 },
    { "batch", 'b', "N", 0, "rows of a batch (default 3)", 0 },
    { "micro-batch", KEY_MICRO_BATCH, "N", 0, "of them at a time on a GPU (default: all that fit)",
      0 },
    { "steps", KEY_STEPS, "N", 0, "training steps (default 10)", 0 },
    { "verbose", 'v', NULL, 0, "print the difference of every tensor", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state) {
    Arguments *arguments = state->input;
    Error error;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->threads;
        state->child_inputs[1] = &arguments->device;
        break;
    case KEY_AGAINST:
        arguments->against = backend_find(value, &error);
        if (arguments->against == NULL) argp_error(state, "%s", error.text);
        break;
    case 'f': arguments->ffn = value; break;
    case 'p': arguments->preset = value; break;
    case 'b': arguments->B = (int)option_whole(state, "--batch", value, 1, 4096); break;
    case KEY_MICRO_BATCH:
        arguments->micro_batch = (int)option_whole(state, "--micro-batch", value, 1, 4096);
        break;
    case KEY_STEPS: arguments->steps = (int)option_whole(state, "--steps", value, 1, 1000); break;
    case 'v': arguments->verbose = true; break;
    case 's':
    case ARGP_KEY_ARG: option_set(state, &arguments->words, value); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static bool choose_config(Config *out, const Arguments *arguments, const char *ffn,
                          const char *settings, Error *error) {
    const Preset *preset = preset_find(arguments->preset, error);
    const FfnKind *kind = preset != NULL ? ffn_named(ffn, error) : NULL;
    return kind != NULL && preset_config(out, preset, kind, error) &&
           words_each(settings, config_word, out, error) &&
           set_words_each(&arguments->words, config_word, out, error) && config_valid(out, error);
}

static void print_difference(void *context, const char *part, const char *tensor,
                             const Difference *d) {
    (void)context;
    printf("  %-14s %-32s %9.2e of %.2e allowed\n", part, tensor, d->worst, d->bound);
}

static bool compare(const Arguments *arguments, const char *ffn, const char *settings,
                    Error *error) {
    Config config;
    BackendErrors errors;
    if (!choose_config(&config, arguments, ffn, settings, error)) return false;
    BackendComparison comparison = { .actual = arguments->device,
                                     .expected = arguments->against,
                                     .config = &config,
                                     .B = arguments->B,
                                     .micro_batch = arguments->micro_batch,
                                     .steps = arguments->steps,
                                     .seed = 1,
                                     .tolerances =
                                         tolerances_of(arguments->device->precision, config.L),
                                     .report = arguments->verbose ? print_difference : NULL };
    if (!backends_agree(&errors, &comparison, error) ||
        !decoders_agree(&errors, &comparison, error) ||
        !backend_refuses_nan(arguments->device, &config, arguments->B, error))
        return false;
    printf("%-8s %-42s forward %.1e, gradients %.1e, training %.1e", ffn, settings, errors.forward,
           errors.backward, errors.training);
    if (errors.rows > 0) printf(", %ld of %ld other choices", errors.other_choices, errors.rows);
    printf("\n");
    return true;
}

static bool compare_all(const Arguments *arguments, Error *error) {
    if (arguments->ffn != NULL) return compare(arguments, arguments->ffn, "", error);
    for (int i = 0; i < VARIANTS; i++) {
        Error why;
        if (!compare(arguments, variants[i].ffn, variants[i].settings, &why))
            return fail(error, "%s%s%s: %.900s", variants[i].ffn, *variants[i].settings ? " " : "",
                        variants[i].settings, why.text);
    }
    return true;
}

int command_compare(int argc, char **argv) {
    const struct argp_child children[] = { { &threads_option, 0, NULL, 0 },
                                           { &device_option, 0, NULL, 0 },
                                           { 0 } };
    const struct argp argp = {
        .options = known_options,
        .parser = parse,
        .doc =
            "Compares a device with another one: forward pass, loss, gradients, training steps "
            "and decoding, tensor by tensor, within tolerances. The worst differences are printed, "
            "relative to the root mean square of their tensor.",
        .children = children,
        .help_filter = option_help,
    };
    Arguments arguments = { .against = &cpu_backend, .preset = "tiny", .B = 3, .steps = 10 };
    Error error;
    int status = 1;
    if (options_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments)) {
        program_start(arguments.threads, arguments.device);
        status = compare_all(&arguments, &error) ? 0 : command_failed(argv[0], &error);
    }
    set_words_free(&arguments.words);
    return status;
}
