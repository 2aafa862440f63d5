#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include "reference/io/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char description[] =
    "Converts text to token ids and back.\n\n"
    "Reads the files in order; without files, or for -, standard input. Each line is one text as a "
    "JSON string, and gives one line with the JSON array of its ids. --decode does the reverse; "
    "bytes that are not UTF-8 are then printed as U+FFFD, and on a terminal all control characters "
    "as in \\u001b."
    "\vWith --raw, each file as a whole is one text of arbitrary bytes, taken as they are: special "
    "tokens are not recognized, nothing is normalized and no space is added in front. Its ids are "
    "one array; after four million ids a new line with a new array begins. --decode --raw reads "
    "arrays and prints the bytes of all lines one after another, so that `tokenize --raw | "
    "tokenize --decode --raw` returns the input if the vocabulary has every byte.\n\n"
    "Memory grows with the longest line; with --raw it does not depend on the text's length.";

static const struct argp_option options[] = {
    { "tokenizer", 't', "FILE", 0, "the tokenizer.json to use (required)", 0 },
    { "decode", 'd', NULL, 0, "from ids to text", 0 },
    { "raw", 'r', NULL, 0, "text is bytes, not JSON strings", 0 },
    { 0 },
};

typedef struct {
    const char *tokenizer;
    bool decode, raw;
    char **files;
    int file_count;
} Arguments;

static error_t parse(int key, char *text, struct argp_state *state) {
    Arguments *arguments = state->input;
    switch (key) {
    case 't': arguments->tokenizer = text; return 0;
    case 'd': arguments->decode = true; return 0;
    case 'r': arguments->raw = true; return 0;
    case ARGP_KEY_ARGS:
        arguments->files = state->argv + state->next;
        arguments->file_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_END:
        if (arguments->tokenizer == NULL) argp_error(state, "expected --tokenizer FILE");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

enum { MAX_LINE_IDS = 1 << 22 };

// A TokenSink; context counts the ids in the current line. false: writing failed, and main decides
// whether that is an error (a closed pipe is not).
static bool print_ids(void *context, const uint32_t *ids, size_t count) {
    size_t *line_ids = context;
    for (size_t i = 0; i < count; i++) {
        if (*line_ids == MAX_LINE_IDS) {
            fputs("]\n[", stdout);
            *line_ids = 0;
        }
        printf(*line_ids > 0 ? ", %u" : "%u", ids[i]);
        ++*line_ids;
    }
    return !ferror(stdout);
}

static bool print_encoded(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                          const char *where, Error *error) {
    size_t line_ids = 0;
    putchar('[');
    bool ok = tokenizer_encode_to(tokenizer, text, size, raw, print_ids, &line_ids);
    fputs("]\n", stdout);
    return ok || ferror(stdout) || fail(error, "%s: out of memory", where);
}

// Prints a value; JSON leaves some control characters as they are, which a terminal would obey.
static bool print_json(const json_t *value) {
    if (isatty(STDOUT_FILENO) != 1)
        return json_dumpf(value, stdout, JSON_ENCODE_ANY) == 0 || ferror(stdout);
    char *text = json_text(value, JSON_ENCODE_ANY);
    if (text != NULL) utf8_print_escaped(stdout, text, strlen(text), ESCAPE_JSON);
    free(text);
    return text != NULL;
}

// Prints bytes as a JSON string. Each maximal ill-formed subpart becomes one U+FFFD.
static bool print_text(const ByteList *bytes) {
    ByteList valid = { .bytes = malloc(3 * bytes->count + 1) };
    if (valid.bytes == NULL) return false;
    for (size_t i = 0; i < bytes->count;) {
        int32_t code_point;
        size_t length = utf8_next(&code_point, bytes->bytes + i, bytes->count - i);
        bool replace = code_point < 0;
        size_t valid_length = replace ? 3 : length;
        memcpy(valid.bytes + valid.count, replace ? "\xef\xbf\xbd" : bytes->bytes + i,
               valid_length);
        valid.count += valid_length;
        i += length;
    }
    json_t *string = json_stringn(valid.bytes, valid.count);
    bool ok = string != NULL && print_json(string);
    putchar('\n');
    json_decref(string);
    free(valid.bytes);
    return ok;
}

static bool encode_line(const Tokenizer *tokenizer, const json_t *value, const char *where,
                        Error *error) {
    if (!json_is_string(value)) {
        return fail(
            error,
            "%s: expected a JSON string, as in \"Once upon a time\"; for plain text use --raw",
            where);
    }
    return print_encoded(tokenizer, json_string_value(value), json_string_length(value), false,
                         where, error);
}

static bool read_ids(TokenList *ids, const Tokenizer *tokenizer, const json_t *value,
                     const char *where, Error *error) {
    if (!json_is_array(value))
        return fail(error, "%s: expected a JSON array of ids, as in [1, 2, 3]", where);
    size_t count = json_array_size(value);
    ids->ids = malloc((count + 1) * sizeof *ids->ids);
    if (ids->ids == NULL) return fail(error, "%s: out of memory", where);
    for (; ids->count < count; ids->count++) {
        const json_t *id = json_array_get(value, ids->count);
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= tokenizer_vocabulary(tokenizer)) {
            return fail(error,
                        "%s: element %zu is not a token id, expected a whole number from 0 to %d",
                        where, ids->count, tokenizer_vocabulary(tokenizer) - 1);
        }
        ids->ids[ids->count] = (uint32_t)json_integer_value(id);
    }
    return true;
}

static bool decode_line(const Tokenizer *tokenizer, const json_t *value, bool raw,
                        const char *where, Error *error) {
    TokenList ids = { 0 };
    ByteList bytes = { 0 };
    bool ok = read_ids(&ids, tokenizer, value, where, error);
    if (ok) {
        ok = tokenizer_decode(tokenizer, ids.ids, ids.count, &bytes);
        if (ok && raw && bytes.count > 0) fwrite(bytes.bytes, 1, bytes.count, stdout);
        if (ok && !raw) ok = print_text(&bytes);
        if (!ok) fail(error, "%s: out of memory", where);
    }
    free(ids.ids);
    free(bytes.bytes);
    return ok;
}

static bool run_line(const Tokenizer *tokenizer, const Arguments *arguments, const char *line,
                     size_t size, const char *where, Error *error) {
    json_t *value = json_parse(line, size, where, error);
    if (value == NULL) return false;
    bool ok = arguments->decode ? decode_line(tokenizer, value, arguments->raw, where, error)
                                : encode_line(tokenizer, value, where, error);
    json_decref(value);
    return ok;
}

static bool run_lines(const Tokenizer *tokenizer, const Arguments *arguments, FILE *in,
                      const char *name, Error *error) {
    char *line = NULL, where[512];
    size_t capacity = 0;
    bool ok = true;
    for (size_t number = 1; ok && !ferror(stdout); number++) {
        errno = 0;
        ssize_t size = getline(&line, &capacity, in);
        if (size < 0) break;
        if (size > 0 && line[size - 1] == '\n') size--;
        snprintf(where, sizeof where, "%s:%zu", name, number);
        ok = run_line(tokenizer, arguments, line, (size_t)size, where, error);
    }
    free(line);
    if (ok && !feof(in) && !ferror(stdout)) {
        ok = fail(error, "%s: cannot be read: %s", name, errno ? strerror(errno) : "read error");
    }
    return ok;
}

// Maps standard input through a temporary file, so that it may be larger than memory.
static bool map_standard_input(MappedFile *out, Error *error) {
    static const char name[] = "standard input";
    *out = (MappedFile){ 0 };
    FILE *copy = file_unnamed(error);
    if (copy == NULL) return false;
    char buffer[1 << 16];
    size_t size;
    while ((size = fread(buffer, 1, sizeof buffer, stdin)) > 0 &&
           fwrite(buffer, 1, size, copy) == size)
        out->size += size;
    bool ok = size == 0 && !ferror(stdin) && fflush(copy) == 0;
    if (ok && out->size > 0) {
        void *bytes = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fileno(copy), 0);
        ok = bytes != MAP_FAILED;
        if (ok) out->bytes = bytes;
    }
    if (!ok) fail(error, "%s: cannot be copied to a temporary file: %s", name, strerror(errno));
    fclose(copy);
    return ok;
}

static bool run_raw(const Tokenizer *tokenizer, const char *path, Error *error) {
    MappedFile file;
    bool mapped =
        strcmp(path, "-") == 0 ? map_standard_input(&file, error) : file_map(&file, path, error);
    if (!mapped) return false;
    bool ok = print_encoded(tokenizer, (const char *)file.bytes, file.size, true, path, error);
    file_unmap(&file);
    return ok;
}

static bool run_file(const Tokenizer *tokenizer, const Arguments *arguments, const char *path,
                     Error *error) {
    if (arguments->raw && !arguments->decode) return run_raw(tokenizer, path, error);
    if (strcmp(path, "-") == 0)
        return run_lines(tokenizer, arguments, stdin, "standard input", error);
    FILE *in = fopen(path, "rb");
    if (in == NULL) return fail(error, "%s: cannot be opened: %s", path, strerror(errno));
    bool ok = run_lines(tokenizer, arguments, in, path, error);
    fclose(in);
    return ok;
}

// Encoding drops bytes that the vocabulary does not have; warns about it when the input is bytes.
static void warn_of_lost_bytes(const Tokenizer *tokenizer, const Arguments *arguments,
                               const char *command) {
    int known = 0;
    for (int id = TOKENIZER_SPECIALS; id < tokenizer_vocabulary(tokenizer); id++) {
        size_t size;
        tokenizer_token(tokenizer, (uint32_t)id, &size);
        known += size == 1;
    }
    if (known == 256 || !arguments->raw || arguments->decode) return;
    fprintf(stderr, "%s: %s has no token for %d of the 256 bytes; they are dropped\n", command,
            arguments->tokenizer, 256 - known);
}

int command_tokenize(int argc, char **argv) {
    Arguments arguments = { 0 };
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[FILE...]",
        .doc = description,
    };
    if (!options_parse(&argp, argc, argv, 0, &arguments)) return 1;
    Error error;
    Tokenizer *tokenizer = tokenizer_load(arguments.tokenizer, &error);
    if (tokenizer == NULL) return command_failed(argv[0], &error);
    warn_of_lost_bytes(tokenizer, &arguments, argv[0]);
    bool ok = true;
    if (arguments.file_count == 0) ok = run_file(tokenizer, &arguments, "-", &error);
    for (int i = 0; ok && i < arguments.file_count; i++) {
        ok = run_file(tokenizer, &arguments, arguments.files[i], &error);
    }
    tokenizer_free(tokenizer);
    return ok ? 0 : command_failed(argv[0], &error);
}
