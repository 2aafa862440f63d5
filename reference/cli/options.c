#include "reference/cli/options.h"
#include "reference/cli/blas_watch.h"
#include "reference/config/scales.h"
#include "reference/ffn/ffn.h"
#include "reference/io/parse.h"
#include "reference/numbers/array.h"
#include "reference/numbers/blas_core.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/processors.h"
#include "reference/numbers/sgemm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEY_THREADS = 2000, KEY_JSON, KEY_DEVICE, KEY_PRECISION, MAX_THREADS = 1024 };
enum { NAMES = FFN_NAMES_SIZE }; // bytes for a list of names

int64_t option_whole(const struct argp_state *state, const char *option, const char *text,
                     int64_t min, int64_t max) {
    int64_t value = 0;
    if (!parse_int(text, &value) || value < min || value > max) {
        argp_error(state, "--%s %s: expected a whole number from %lld to %lld", option, text,
                   (long long)min, (long long)max);
    }
    return value;
}

double option_real(const struct argp_state *state, const char *option, const char *text, double min,
                   double max) {
    double value = 0;
    if (!parse_real(text, &value) || value < min || value > max) {
        argp_error(state, "--%s %s: expected a number from %g to %g", option, text, min, max);
    }
    return value;
}

bool options_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input) {
    error_t code = argp_parse(argp, argc, argv, flags, NULL, input);
    if (code == 0) return true;
    fprintf(stderr, "%s: the options cannot be read: %s\n", argv[0], strerror(code));
    return false;
}

// ---- options of several commands

static error_t parse_checkpoint(int key, char *value, struct argp_state *state) {
    const char **checkpoint = state->input;
    switch (key) {
    case 'c': *checkpoint = value; return 0;
    case ARGP_KEY_END:
        if (*checkpoint == NULL) argp_error(state, "expected --checkpoint RUN");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_threads(int key, char *value, struct argp_state *state) {
    if (key != KEY_THREADS) return ARGP_ERR_UNKNOWN;
    *(int *)state->input = (int)option_whole(state, "threads", value, 1, MAX_THREADS);
    return 0;
}

static error_t parse_json(int key, char *value, struct argp_state *state) {
    (void)value;
    if (key != KEY_JSON) return ARGP_ERR_UNKNOWN;
    *(bool *)state->input = true;
    return 0;
}

static void set_device(const struct argp_state *state, const char *name) {
    const Backend **backend = state->input;
    Error error;
    const Backend *found = backend_find(name, &error);
    if (found == NULL) {
        argp_error(state, "%s", error.text);
    } else {
        *backend = found;
    }
}

static void set_bf16(const struct argp_state *state) {
    const Backend **backend = state->input;
    if ((*backend)->bf16 == NULL) {
        argp_error(state, "--precision bf16: the device %s computes in fp32 only",
                   (*backend)->name);
    } else {
        *backend = (*backend)->bf16;
    }
}

// --precision may come before --device; until the end state->hook is its value, if that is bf16.
static error_t parse_device(int key, char *value, struct argp_state *state) {
    switch (key) {
    case ARGP_KEY_INIT: set_device(state, NULL); return 0;
    case KEY_DEVICE: set_device(state, value); return 0;
    case KEY_PRECISION:
        if (strcmp(value, "fp32") != 0 && strcmp(value, "bf16") != 0)
            argp_error(state, "--precision %s: expected fp32 or bf16", value);
        state->hook = strcmp(value, "bf16") == 0 ? value : NULL;
        return 0;
    case ARGP_KEY_END:
        if (state->hook != NULL) set_bf16(state);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option checkpoint_rows[] = {
    { "checkpoint", 'c', "RUN", 0, "folder of a run, or of one checkpoint", 0 },
    { 0 },
};
static const struct argp_option threads_rows[] = {
    { "threads", KEY_THREADS, "N", 0, "number of threads (default: one per processor)", 0 },
    { 0 },
};
static const struct argp_option json_rows[] = {
    { "json", KEY_JSON, NULL, 0, "print JSON instead of text", 0 },
    { 0 },
};
static const struct argp_option device_rows[] = {
    { "device", KEY_DEVICE, "NAME", 0, "where to run: one of %devices (default: the first)", 0 },
    { "precision", KEY_PRECISION, "NAME", 0,
      "of the operands of matrix products: fp32 (default), or on a GPU bf16", 0 },
    { 0 },
};
const struct argp checkpoint_option = { .options = checkpoint_rows, .parser = parse_checkpoint };
const struct argp threads_option = { .options = threads_rows, .parser = parse_threads };
const struct argp json_option = { .options = json_rows, .parser = parse_json };
const struct argp device_option = { .options = device_rows,
                                    .parser = parse_device,
                                    .help_filter = option_help };

// ---- lists of names in help texts

static void append_name(char out[NAMES], const char *name) {
    size_t used = strlen(out);
    snprintf(out + used, NAMES - used, "%s%s", used > 0 ? ", " : "", name);
}

static void list_presets(char out[NAMES]) {
    for (int i = 0; presets[i].name != NULL; i++) append_name(out, presets[i].name);
}

static void list_scales(char out[NAMES]) {
    for (int i = 0; i < SCALES; i++) append_name(out, scale_names[i]);
}

static void list_routers(char out[NAMES]) {
    for (int i = 0; i < ROUTERS; i++) append_name(out, router_names[i]);
}

static void list_activations(char out[NAMES]) {
    for (int i = 0; i < ACTIVATIONS; i++) append_name(out, activation_names[i]);
}

char *option_help(int key, const char *text, void *input) {
    static const struct {
        const char *name;
        void (*list)(char out[NAMES]);
    } lists[] = { { "%kinds", ffn_names },
                  { "%presets", list_presets },
                  { "%scales", list_scales },
                  { "%routers", list_routers },
                  { "%activations", list_activations },
                  { "%devices", backend_names } };
    (void)key;
    (void)input;
    for (int i = 0; text != NULL && i < (int)(sizeof lists / sizeof lists[0]); i++) {
        const char *start = strstr(text, lists[i].name);
        if (start == NULL) continue;
        char names[NAMES] = "";
        lists[i].list(names);
        size_t size = strlen(text) + NAMES;
        char *out = malloc(size); // argp frees it
        if (out == NULL) break;
        snprintf(out, size, "%.*s%s%s", (int)(start - text), text, names,
                 start + strlen(lists[i].name));
        return out;
    }
    return (char *)text;
}

// ---- --set

void option_setting(const struct argp_state *state, SetWords *words, const char *name,
                    const char *value) {
    size_t size = strlen(name) + strlen(value) + 2;
    char **grown =
        array_grow(words->words, &words->capacity, (size_t)words->count + 1, sizeof *grown);
    if (grown != NULL) words->words = grown;
    char *word = malloc(size);
    if (grown == NULL || word == NULL) {
        free(word);
        argp_failure(state, 1, 0, "out of memory");
        return;
    }
    snprintf(word, size, "%s=%s", name, value);
    words->words[words->count++] = word;
}

void option_set(const struct argp_state *state, SetWords *words, const char *word) {
    char name[32];
    size_t length = strcspn(word, "=");
    if (length == 0 || length >= sizeof name || word[length] == '\0' || word[length + 1] == '\0' ||
        strchr(word, ' ') != NULL) {
        argp_error(state, "%s: expected NAME=VALUE, as in --set D=128 K=8", word);
        return;
    }
    memcpy(name, word, length);
    name[length] = '\0';
    option_setting(state, words, name, word + length + 1);
}

bool set_words_each(const SetWords *words, SettingFunction *set, void *context, Error *error) {
    for (int i = 0; i < words->count; i++) {
        if (!words_each(words->words[i], set, context, error)) return false;
    }
    return true;
}

void set_words_free(SetWords *words) {
    for (int i = 0; i < words->count; i++) free(words->words[i]);
    free(words->words);
    *words = (SetWords){ 0 };
}

bool set_any(void *all_settings, const char *name, const char *value, Error *error) {
    const AllSettings *all = all_settings;
    bool found = false;
    if (strcmp(name, "ffn") == 0)
        return fail(error, "ffn=%s: use --ffn %s to choose the kind of layer", value, value);
    if (!config_set(all->config, name, value, &found, error)) return false;
    if (found) return true;
    if (!settings_set(all->settings, name, value, &found, error)) return false;
    return found || fail(error, "%s=%s: unknown setting %s; --help lists them", name, value, name);
}

bool set_words_used(const SetWords *words, const Config *config, Error *error) {
    for (int i = 0; i < words->count; i++) {
        char name[32];
        Error why;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(words->words[i], "="), words->words[i]);
        if (config_unused(config, name, &why))
            return fail(error, "%s: %s", words->words[i], why.text);
    }
    return true;
}

const char *routing_words(const Config *config) {
    if (config->routing == ROUTING_EXPERT) return "--routing expert";
    if (config->routing == ROUTING_TOKEN) return "--routing token";
    return config->pool == POOL_SEQUENCE ? "--routing unified --pool sequence"
                                         : "--routing unified --pool step";
}

int command_failed(const char *command, const Error *error) {
    fprintf(stderr, "%s: %s\n", command, error->text);
    return 1;
}

int command_misused(const char *command, const Error *error) {
    fprintf(stderr, "%s: %s\nTry `%s --help' for more information.\n", command, error->text,
            command);
    return 2;
}

// ---- start

// "blas=OpenBLAS core=Zen (instead of Prescott)"
static void print_blas(const BlasCore *found) {
    int name = (int)strcspn(found->library, " ");
    if (strcmp(found->library, "plain loops") == 0) {
        fprintf(stderr, "blas=none");
    } else {
        fprintf(stderr, "blas=%.*s", name, found->library);
    }
    if (*found->core == '\0') return;
    fprintf(stderr, " core=%s", found->core);
    if (found->replaced != NULL && strcasecmp(found->replaced, found->core) != 0)
        fprintf(stderr, " (instead of %s)", found->replaced);
}

static bool is_pthread_openblas(void) {
    const char *library = sgemm_library();
    return strncmp(library, "OpenBLAS", 8) == 0 && strstr(library, "USE_OPENMP") == NULL &&
           strstr(library, "SINGLE_THREADED") == NULL;
}

void warn_of_threads(int requested, int allowed) {
    fprintf(stderr, "warning: %d threads are too many for %d processors; using %d\n", requested,
            processors_available(), allowed);
}

void program_start(int threads, const Backend *backend) {
    int allowed = threads_allowed(threads, processors_available());
    if (threads > allowed) warn_of_threads(threads, allowed);
    threads = threads == 0 ? parallel_threads() : allowed;
    sgemm_setup();
    blas_watch_begin();
    sgemm_reserve(threads);
    blas_watch_end();
    parallel_set_threads(threads); // last: an OpenMP build of OpenBLAS sets its own number
    BlasCore found = blas_core_found();
    char warning[512];
    print_blas(&found);
    fprintf(stderr, " threads=%d device=%s%s\n", parallel_threads(), backend->name,
            backend->precision == PRECISION_BF16 ? " precision=bf16" : "");
    if (blas_core_warning(&found, warning, sizeof warning))
        fprintf(stderr, "warning: %s\n", warning);
    if (!is_pthread_openblas()) return;
    fprintf(stderr, "warning: this is the pthread build of OpenBLAS, whose waiting threads slow "
                    "down an OpenMP program; install the OpenMP build "
                    "(libopenblas-openmp-dev)\n");
}
