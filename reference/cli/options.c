#include "reference/cli/options.h"
#include "reference/ffn/ffn.h"
#include "reference/io/parse.h"
#include "reference/numbers/matmul.h"
#include "reference/numbers/parallel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t option_whole(const struct argp_state *state, const char *option, const char *text,
                     int64_t least, int64_t most) {
    int64_t value = 0;
    if (!parse_int(text, &value) || value < least || value > most) {
        argp_error(state, "--%s %s: wanted a whole number from %lld to %lld", option, text,
                   (long long)least, (long long)most);
    }
    return value;
}

double option_real(const struct argp_state *state, const char *option, const char *text,
                   double least, double most) {
    double value = 0;
    if (!parse_real(text, &value) || value < least || value > most) {
        argp_error(state, "--%s %s: wanted a number from %g to %g", option, text, least, most);
    }
    return value;
}

void option_setting(const struct argp_state *state, SetWords *words, const char *name,
                    const char *value) {
    size_t size = strlen(name) + strlen(value) + 2;
    char **grown = realloc(words->words, ((size_t)words->count + 1) * sizeof *grown),
         *word = malloc(size);
    if (grown != NULL) words->words = grown;
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
        argp_error(state, "%s: wanted NAME=VALUE, as in --set D=128 K=8", word);
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
        return fail(error, "ffn=%s: the kind of layer is chosen with --ffn %s", value, value);
    if (!config_set(all->config, name, value, &found, error)) return false;
    if (found) return true;
    if (!settings_set(all->settings, name, value, &found, error)) return false;
    return found ||
           fail(error, "%s=%s: there is no setting %s; --help lists them", name, value, name);
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

void program_start(int threads) {
    if (threads == 0) threads = parallel_threads();
    matmul_setup();
    parallel_set_threads(threads); // last: an OpenMP build of OpenBLAS sets them with its own
    const char *library = matmul_library();
    bool openblas = strncmp(library, "OpenBLAS", 8) == 0;
    fprintf(stderr, "cblas=%s threads=%d device=cpu\n",
            openblas                              ? "openblas"
            : strcmp(library, "plain loops") == 0 ? "none"
                                                  : library,
            parallel_threads());
    if (openblas && strstr(library, "USE_OPENMP") == NULL &&
        strstr(library, "SINGLE_THREADED") == NULL) {
        fprintf(stderr, "this OpenBLAS is the pthread build, whose waiting threads slow an OpenMP "
                        "program down; install "
                        "the openmp build (libopenblas-openmp-dev)\n");
    }
}
