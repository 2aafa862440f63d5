#include "reference/cli/commands.h"
#include "reference/cli/options.h"
#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// sgatlin tokenize: text to ids and back, for looking and for scripts.

static const char description[] =
    "Text to ids and back.\n\n"
    "Reads the files one after another, without any (or for -) standard input. Each line is one "
    "text as a JSON string; "
    "for each, one line with the JSON array of its ids is printed. With --decode it is the other "
    "way round; bytes that "
    "are not UTF-8 then come out as U+FFFD."
    "\vWith --raw each file whole is one text of any bytes, taken as it is: special tokens are not "
    "looked for, nothing "
    "is "
    "normalized and no space is put in front. Its ids are one array; past four million ids a new "
    "line with a new array "
    "begins. --decode --raw reads arrays and prints the bytes of all lines end to end, so that "
    "with a vocabulary that "
    "holds every byte `tokenize --raw | tokenize --decode --raw` gives back what went in.\n\n"
    "Memory grows with the longest line; with --raw it does not grow with the text.";

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

static error_t parse_option(int key, char *text, struct argp_state *state) {
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
        if (arguments->tokenizer == NULL)
            argp_error(state, "--tokenizer FILE is missing: say which tokenizer.json to use");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

// One array as it is printed.
typedef struct {
    size_t ids; // in this line
} Line;

enum { LINE_IDS = 1 << 22 };

// A TokenSink. false: standard output takes no more, which main tells apart (a closed pipe is no
// failure).
static bool print_ids(void *context, const uint32_t *ids, size_t count) {
    Line *line = context;
    for (size_t i = 0; i < count; i++) {
        if (line->ids == LINE_IDS) {
            fputs("]\n[", stdout);
            line->ids = 0;
        }
        printf(line->ids++ ? ", %u" : "%u", ids[i]);
    }
    return !ferror(stdout);
}

static bool print_encoded(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                          const char *where, Error *error) {
    Line line = { 0 };
    putchar('[');
    bool ok = tokenizer_encode_to(tokenizer, text, size, raw, print_ids, &line);
    fputs("]\n", stdout);
    return ok || ferror(stdout) || fail(error, "%s: out of memory", where);
}

// A JSON string of bytes: what is not UTF-8 becomes one U+FFFD for each maximal ill-formed subpart.
static bool print_text(const ByteList *bytes) {
    ByteList valid = { .bytes = malloc(3 * bytes->count + 1) };
    if (valid.bytes == NULL) return false;
    for (size_t at = 0; at < bytes->count;) {
        int32_t code_point;
        size_t length = utf8_next(&code_point, bytes->bytes + at, bytes->count - at);
        const char *good = code_point < 0 ? "\xef\xbf\xbd" : bytes->bytes + at;
        size_t good_length = code_point < 0 ? 3 : length;
        memcpy(valid.bytes + valid.count, good, good_length);
        valid.count += good_length;
        at += length;
    }
    json_t *string = json_stringn(valid.bytes, valid.count);
    bool ok =
        string != NULL && (json_dumpf(string, stdout, JSON_ENCODE_ANY) == 0 || ferror(stdout));
    putchar('\n');
    json_decref(string);
    free(valid.bytes);
    return ok;
}

static bool encode_line(const Tokenizer *tokenizer, const json_t *value, const char *where,
                        Error *error) {
    if (!json_is_string(value)) {
        return fail(error,
                    "%s: wanted one text as a JSON string, as in \"Once upon a time\"; for plain "
                    "text use --raw",
                    where);
    }
    return print_encoded(tokenizer, json_string_value(value), json_string_length(value), false,
                         where, error);
}

static bool read_ids(TokenList *ids, const Tokenizer *tokenizer, const json_t *value,
                     const char *where, Error *error) {
    if (!json_is_array(value))
        return fail(error, "%s: wanted a JSON array of ids, as in [1, 2, 3]", where);
    size_t count = json_array_size(value);
    ids->ids = malloc((count + 1) * sizeof *ids->ids);
    if (ids->ids == NULL) return fail(error, "%s: out of memory", where);
    for (; ids->count < count; ids->count++) {
        const json_t *id = json_array_get(value, ids->count);
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= tokenizer_vocabulary(tokenizer)) {
            return fail(
                error,
                "%s: element %zu is no id of this tokenizer, wanted a whole number from 0 to %d",
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
    size_t room = 0;
    ssize_t size;
    bool ok = true;
    for (size_t number = 1;
         ok && !ferror(stdout) && (errno = 0, size = getline(&line, &room, in)) >= 0; number++) {
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

// Standard input as a mapped file, by way of a temporary one, so that it may be larger than memory.
static bool map_standard_input(MappedFile *out, Error *error) {
    static const char name[] = "standard input";
    *out = (MappedFile){ 0 };
    FILE *copy = tmpfile();
    if (copy == NULL) return fail(error, "%s: no temporary file for it: %s", name, strerror(errno));
    char buffer[1 << 16];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, stdin)) > 0 &&
           fwrite(buffer, 1, got, copy) == got)
        out->size += got;
    bool ok = got == 0 && !ferror(stdin) && fflush(copy) == 0;
    if (ok && out->size > 0) {
        void *bytes = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fileno(copy), 0);
        ok = bytes != MAP_FAILED;
        if (ok) out->bytes = bytes;
    }
    if (!ok) fail(error, "%s: cannot be read through a temporary file: %s", name, strerror(errno));
    fclose(copy);
    return ok;
}

static bool run_raw(const Tokenizer *tokenizer, const char *path, Error *error) {
    MappedFile file;
    bool is_input = strcmp(path, "-") == 0;
    if (is_input ? !map_standard_input(&file, error) : !file_map(&file, path, error)) return false;
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

// A vocabulary that lacks bytes loses them without a word; where bytes are what is asked for, say
// so.
static void warn_of_lost_bytes(const Tokenizer *tokenizer, const Arguments *arguments,
                               const char *command) {
    int held = 0;
    for (int id = TOKENIZER_SPECIALS; id < tokenizer_vocabulary(tokenizer); id++) {
        size_t size;
        tokenizer_token(tokenizer, (uint32_t)id, &size);
        held += size == 1;
    }
    if (held == 256 || !arguments->raw || arguments->decode) return;
    fprintf(stderr, "%s: %s lacks %d of the 256 bytes; they are left out\n", command,
            arguments->tokenizer, 256 - held);
}

int command_tokenize(int argc, char **argv) {
    Arguments arguments = { 0 };
    const struct argp parser = {
        options, parse_option, "[FILE...]", description, NULL, NULL, NULL
    };
    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) return 2;
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
