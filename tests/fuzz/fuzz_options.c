// Hostile command lines: each line is a word, the first one the command. Its options are parsed,
// and nothing is run. What would end the program (wrong usage) ends the input instead.
#define _GNU_SOURCE // RTLD_NEXT
#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "tests/fuzz/fuzz.h"
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 40, MAX_BYTES = 4096 };

static const struct {
    const char *name;
    CommandFunction *function;
} commands[] = {
    { "data", command_data },       { "tokenize", command_tokenize },
    { "train", command_train },     { "sample", command_sample },
    { "eval", command_eval },       { "flops", command_flops },
    { "curves", command_curves },   { "bench", command_bench },
    { "isoflop", command_isoflop }, { "gates", command_gates },
    { "record", command_record },   { "neighbours", command_neighbours },
    { "map", command_map },         { "usage", command_usage },
    { "neuron", command_neuron },   { "why", command_why },
    { "patch", command_patch },     { "recall", command_recall },
    { "score", command_score },
};

static jmp_buf parsed;

// What is left of the words of --set when an input ends in the middle is not freed.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

// In place of libc's: the options are parsed, without a word and without leaving; then nothing is
// run.
error_t argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *end,
                   void *input) {
    error_t (*original)(const struct argp *, int, char **, unsigned, int *, void *);
    *(void **)&original = dlsym(RTLD_NEXT, "argp_parse");
    require(original != NULL);
    // without libc's own options: --help, and the hidden --HANG, which sleeps
    flags |= ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP;
    original(argp, argc, argv, flags, end, input);
    longjmp(parsed, 1);
}

static void end_with(const char *format, va_list arguments) {
    char text[8192];
    require(vsnprintf(text, sizeof text, format, arguments) > 0);
    longjmp(parsed, 1);
}

void argp_error(const struct argp_state *state, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)state;
    end_with(format, arguments);
}

void argp_failure(const struct argp_state *state, int status, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)state;
    (void)status;
    (void)code;
    end_with(format, arguments);
}

// The words that are NAME=VALUE as settings of a model and of its training.
static void set(int argc, char **argv) {
    Error error = { "" };
    for (int kind = 0; ffn_kinds[kind] != NULL; kind++) {
        Config config = config_default(ffn_kinds[kind]);
        TrainSettings settings = settings_default();
        AllSettings all = { &config, &settings };
        require(preset_config(&config, &presets[0], ffn_kinds[kind], &error));
        for (int i = 1; i < argc; i++) {
            if (!words_each(argv[i], set_any, &all, &error))
                require(error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
        }
        settings_finish(&settings, 100, &error);
        config_valid(&config, &error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char text[MAX_BYTES + 1], *argv[MAX_WORDS + 1] = { NULL };
    int argc = 0;
    if (size > MAX_BYTES) return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    for (char *word = text; word != NULL && argc < MAX_WORDS;) {
        argv[argc++] = word;
        word = strchr(word, '\n');
        if (word != NULL) *word++ = '\0';
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[0], commands[i].name) == 0 && setjmp(parsed) == 0)
            commands[i].function(argc, argv);
    }
    if (strcmp(argv[0], "set") == 0) set(argc, argv);
    return 0;
}
