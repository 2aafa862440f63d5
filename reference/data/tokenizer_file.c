#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer_parts.h"
#include "reference/io/json.h"
#include <stdlib.h>
#include <string.h>

// tokenizer.json as Hugging Face's library reads and writes it. Only byte-level BPE is supported;
// anything in the file that would change an id or a text otherwise is refused by name.

typedef struct {
    char text[64];
} Shown;

// A value as short text of one line, for messages.
static Shown shown(const json_t *value) {
    Shown shown = { "nothing" };
    const json_t *type = json_object_get(value, "type");
    if (value == NULL) return shown;
    size_t capacity = sizeof shown.text - 4;
    size_t size = json_dumpb(type ? type : value, shown.text, capacity,
                             JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    strcpy(shown.text + (size < capacity ? size : capacity), size < capacity ? "" : "...");
    return shown;
}

static Shown shown_name(const char *name) {
    json_t *value = json_string(name);
    Shown text = shown(value);
    json_decref(value);
    return text;
}

static bool refuse(const char *where, const char *field, const json_t *found, const char *expected,
                   Error *error) {
    return fail(
        error,
        "%s: %s is %s, expected %s; only byte-level BPE as `sgatlin data` trains it is supported",
        where, field, shown(found).text, expected);
}

static bool is_type(const json_t *value, const char *type) {
    const char *found = json_string_value(json_object_get(value, "type"));
    return found != NULL && strcmp(found, type) == 0;
}

// Absent, null, false, 0 or empty.
static bool is_off(const json_t *value) {
    if (json_is_string(value)) return json_string_length(value) == 0;
    if (json_is_number(value)) return json_number_value(value) == 0.0;
    return value == NULL || json_is_null(value) || json_is_false(value);
}

static bool check_pipeline(const json_t *root, const char *where, Error *error) {
    const json_t *found = json_object_get(root, "truncation");
    if (!is_off(found)) return refuse(where, "truncation", found, "null", error);
    found = json_object_get(root, "padding");
    if (!is_off(found)) return refuse(where, "padding", found, "null", error);
    found = json_object_get(root, "normalizer");
    if (!is_type(found, "NFKC")) return refuse(where, "normalizer", found, "NFKC", error);
    found = json_object_get(root, "pre_tokenizer");
    if (!is_type(found, "ByteLevel"))
        return refuse(where, "pre_tokenizer", found, "ByteLevel", error);
    const json_t *option = json_object_get(found, "add_prefix_space");
    if (!json_is_true(option))
        return refuse(where, "pre_tokenizer.add_prefix_space", option, "true", error);
    option = json_object_get(found, "use_regex");
    if (option != NULL && !json_is_true(option))
        return refuse(where, "pre_tokenizer.use_regex", option, "true", error);
    found = json_object_get(root, "post_processor");
    if (!is_off(found) && !is_type(found, "ByteLevel")) {
        return refuse(where, "post_processor", found, "null or ByteLevel", error);
    }
    found = json_object_get(root, "decoder");
    return is_type(found, "ByteLevel") || refuse(where, "decoder", found, "ByteLevel", error);
}

static bool check_model(const json_t *model, const char *where, Error *error) {
    static const char *const off[] = {
        "dropout",       "unk_token",    "continuing_subword_prefix", "end_of_word_suffix",
        "byte_fallback", "ignore_merges"
    };
    if (!is_type(model, "BPE")) return refuse(where, "model", model, "BPE", error);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        const json_t *option = json_object_get(model, off[i]);
        if (is_off(option)) continue;
        char field[64];
        snprintf(field, sizeof field, "model.%s", off[i]);
        return refuse(where, field, option, "null or false", error);
    }
    return true;
}

static bool check_special(const json_t *token, const char *where, size_t i, Error *error) {
    static const char *const off[] = { "single_word", "lstrip", "rstrip", "normalized" };
    const char *content = json_string_value(json_object_get(token, "content"));
    json_t *id = json_object_get(token, "id");
    if (!json_is_integer(id) || json_integer_value(id) != (json_int_t)i || content == NULL ||
        strcmp(content, special_tokens[i]) != 0) {
        return fail(error, "%s: added_tokens[%zu] must be %s with id %zu", where, i,
                    special_tokens[i], i);
    }
    for (size_t k = 0; k < sizeof off / sizeof *off; k++) {
        if (is_off(json_object_get(token, off[k]))) continue;
        return fail(error,
                    "%s: added_tokens[%zu].%s is set; special tokens must match the text exactly",
                    where, i, off[k]);
    }
    return true;
}

static bool check_specials(const json_t *tokens, const char *where, Error *error) {
    size_t count = json_array_size(tokens);
    if (!json_is_array(tokens) || count != TOKENIZER_SPECIALS) {
        return fail(error,
                    "%s: added_tokens has %zu tokens, expected two: %s with id 0 and %s with id 1",
                    where, count, special_tokens[0], special_tokens[1]);
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_special(json_array_get(tokens, i), where, i, error)) return false;
    }
    return true;
}

// The bytes that a token's symbols stand for, into `bytes`; 0: not all are symbols.
static size_t symbols_to_bytes(char *bytes, const char *symbols, size_t size) {
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        int32_t code_point;
        at += utf8_next(&code_point, symbols + at, size - at);
        int byte = symbol_byte(code_point);
        if (byte < 0) return 0;
        bytes[count++] = (char)byte;
    }
    return count;
}

static bool add_token(WordTable *tokens, uint32_t id, const char *name, const char *where,
                      Error *error) {
    size_t size = strlen(name);
    if (id < TOKENIZER_SPECIALS) {
        if (strcmp(name, special_tokens[id]) != 0) {
            return fail(error, "%s: model.vocab: id %u is %s, expected \"%s\"", where, id,
                        shown_name(name).text, special_tokens[id]);
        }
        return word_table_add(tokens, name, size) == id || fail(error, "%s: out of memory", where);
    }
    char *bytes = malloc(size + 1);
    if (bytes == NULL) return fail(error, "%s: out of memory", where);
    size_t count = symbols_to_bytes(bytes, name, size);
    uint32_t number = count == 0 ? TABLE_NONE : word_table_add(tokens, bytes, count);
    free(bytes);
    if (count == 0) {
        return fail(error, "%s: model.vocab: token %u, %s, is not made of GPT-2's byte symbols",
                    where, id, shown_name(name).text);
    }
    if (number == TABLE_NONE) return fail(error, "%s: out of memory", where);
    return number == id ||
           fail(error, "%s: model.vocab: tokens %u and %u are the same bytes", where, number, id);
}

// Puts the names in order of their ids, which must be 0 .. V-1, each once.
static bool order_names(const char **names, json_t *vocabulary, const char *where, Error *error) {
    size_t count = json_object_size(vocabulary);
    const char *name;
    json_t *value;
    json_object_foreach(vocabulary, name, value) {
        json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || (size_t)id >= count) {
            return fail(error,
                        "%s: model.vocab: %s has id %s, expected an integer below %zu (ids must "
                        "have no gaps)",
                        where, shown_name(name).text, shown(value).text, count);
        }
        if (names[id] != NULL) {
            return fail(error, "%s: model.vocab: %s and %s both have id %lld", where,
                        shown_name(names[id]).text, shown_name(name).text, (long long)id);
        }
        names[id] = name;
    }
    return true;
}

static bool read_vocabulary(Tokenizer *tokenizer, json_t *vocabulary, const char *where,
                            Error *error) {
    size_t count = json_object_size(vocabulary);
    if (count <= TOKENIZER_SPECIALS || count > TOKENIZER_MAX_VOCABULARY) {
        return fail(error, "%s: model.vocab has %zu tokens, expected 3 to %d", where, count,
                    TOKENIZER_MAX_VOCABULARY);
    }
    const char **names = calloc(count, sizeof *names);
    if (names == NULL) return fail(error, "%s: out of memory", where);
    bool ok = order_names(names, vocabulary, where, error);
    for (uint32_t id = 0; ok && id < count; id++)
        ok = add_token(&tokenizer->tokens, id, names[id], where, error);
    free(names);
    return ok;
}

// A merge is ["left", "right"], or in older files "left right"; symbols are never spaces.
static bool split_merge(const json_t *merge, const char *part[2], size_t size[2]) {
    if (json_is_array(merge) && json_array_size(merge) == 2) {
        for (size_t i = 0; i < 2; i++) {
            part[i] = json_string_value(json_array_get(merge, i));
            size[i] = json_string_length(json_array_get(merge, i));
        }
        return part[0] != NULL && part[1] != NULL;
    }
    const char *text = json_string_value(merge), *space = text == NULL ? NULL : strchr(text, ' ');
    if (space == NULL) return false;
    part[0] = text;
    size[0] = (size_t)(space - text);
    part[1] = space + 1;
    size[1] = json_string_length(merge) - size[0] - 1;
    return true;
}

// left, right and left + right must all be tokens.
static bool read_merge(Tokenizer *tokenizer, const json_t *value, size_t i, const char *where,
                       Error *error) {
    static const char *const operand[] = { "the left token", "the right token",
                                           "the merged token" };
    const char *part[2];
    size_t size[2], count[2] = { 0 };
    if (!split_merge(value, part, size)) {
        return fail(error,
                    "%s: model.merges[%zu] is not a merge, expected [\"left\", \"right\"] or "
                    "\"left right\"",
                    where, i);
    }
    char *bytes = malloc(size[0] + size[1] + 1);
    if (bytes == NULL) return fail(error, "%s: out of memory", where);
    uint32_t id[3] = { TABLE_NONE, TABLE_NONE, TABLE_NONE };
    for (size_t k = 0; k < 2; k++) {
        count[k] = symbols_to_bytes(bytes + count[0], part[k], size[k]);
        if (count[k] > 0)
            id[k] = word_table_find(&tokenizer->tokens, bytes + (k ? count[0] : 0), count[k]);
    }
    id[2] = word_table_find(&tokenizer->tokens, bytes, count[0] + count[1]);
    free(bytes);
    for (size_t k = 0; k < 3; k++) {
        if (id[k] != TABLE_NONE) continue;
        return fail(error, "%s: model.merges[%zu], %s: %s is not in model.vocab", where, i,
                    shown(value).text, operand[k]);
    }
    uint32_t first = pair_table_add(&tokenizer->ranks, pair_key(id[0], id[1]), (uint32_t)i);
    if (first == TABLE_NONE) return fail(error, "%s: out of memory", where);
    if (first != i)
        return fail(error, "%s: model.merges[%zu] repeats model.merges[%u]", where, i, first);
    tokenizer->merges[tokenizer->merge_count++] = (Merge){ id[0], id[1], id[2] };
    return true;
}

static bool read_merges(Tokenizer *tokenizer, const json_t *merges, const char *where,
                        Error *error) {
    if (!json_is_array(merges))
        return fail(error, "%s: model.merges is missing or not an array", where);
    size_t count = json_array_size(merges);
    if (count >= TABLE_NONE)
        return fail(error, "%s: model.merges has %zu merges, too many", where, count);
    tokenizer->merges = malloc((count + 1) * sizeof *tokenizer->merges);
    if (tokenizer->merges == NULL) return fail(error, "%s: out of memory", where);
    for (size_t i = 0; i < count; i++) {
        if (!read_merge(tokenizer, json_array_get(merges, i), i, where, error)) return false;
    }
    return true;
}

static Tokenizer *read_tokenizer(const json_t *root, const char *where, Error *error) {
    const json_t *model = json_object_get(root, "model");
    bool ok = check_model(model, where, error) && check_pipeline(root, where, error) &&
              check_specials(json_object_get(root, "added_tokens"), where, error);
    if (!ok) return NULL;
    Tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (tokenizer == NULL) {
        fail(error, "%s: out of memory", where);
        return NULL;
    }
    ok = read_vocabulary(tokenizer, json_object_get(model, "vocab"), where, error) &&
         read_merges(tokenizer, json_object_get(model, "merges"), where, error) &&
         (tokenizer_complete(tokenizer) || fail(error, "%s: out of memory", where));
    if (ok) return tokenizer;
    tokenizer_free(tokenizer);
    return NULL;
}

Tokenizer *tokenizer_parse(const char *json, size_t size, const char *where, Error *error) {
    json_t *root = json_parse(json, size, where, error);
    if (root == NULL) return NULL;
    Tokenizer *tokenizer = read_tokenizer(root, where, error);
    json_decref(root);
    return tokenizer;
}

Tokenizer *tokenizer_load(const char *path, Error *error) {
    json_t *root = json_read_file(path, error);
    if (root == NULL) return NULL;
    Tokenizer *tokenizer = read_tokenizer(root, path, error);
    json_decref(root);
    return tokenizer;
}

// ---- writing

// A token's name in the file: each byte as its symbol, special tokens unchanged. The caller frees
// it.
static char *token_name(const Tokenizer *tokenizer, uint32_t id) {
    size_t size, length = 0;
    const char *bytes = tokenizer_token(tokenizer, id, &size);
    char *name = malloc(2 * size + 1); // symbols are below U+0800: at most two bytes of UTF-8
    if (name == NULL) return NULL;
    for (size_t i = 0; i < size; i++) {
        int32_t symbol = byte_symbol((unsigned char)bytes[i]);
        if (symbol >= 0x80) name[length++] = (char)(0xc0 | symbol >> 6);
        name[length++] = (char)(symbol < 0x80 ? symbol : 0x80 | (symbol & 0x3f));
    }
    name[length] = '\0';
    return name;
}

static json_t *special_to_json(int id) {
    return json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", id, "content", special_tokens[id],
                     "single_word", 0, "lstrip", 0, "rstrip", 0, "normalized", 0, "special", 1);
}

static json_t *byte_level(void) {
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 1,
                     "trim_offsets", 1, "use_regex", 1);
}

static json_t *vocabulary_to_json(const Tokenizer *tokenizer) {
    json_t *vocabulary = json_object();
    for (uint32_t id = 0; id < tokenizer->tokens.count; id++) {
        char *name = token_name(tokenizer, id);
        int failed = name == NULL || json_object_set_new(vocabulary, name, json_integer(id)) != 0;
        free(name);
        if (!failed) continue;
        json_decref(vocabulary);
        return NULL;
    }
    return vocabulary;
}

static json_t *merges_to_json(const Tokenizer *tokenizer) {
    json_t *merges = json_array();
    for (size_t i = 0; i < tokenizer->merge_count; i++) {
        char *left = token_name(tokenizer, tokenizer->merges[i].left);
        char *right = token_name(tokenizer, tokenizer->merges[i].right);
        json_t *merge = left == NULL || right == NULL ? NULL : json_pack("[s, s]", left, right);
        free(left);
        free(right);
        if (json_array_append_new(merges, merge) == 0) continue;
        json_decref(merges);
        return NULL;
    }
    return merges;
}

static json_t *model_to_json(const Tokenizer *tokenizer) {
    return json_pack("{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout",
                     "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0,
                     "byte_fallback", 0, "ignore_merges", 0, "vocab", vocabulary_to_json(tokenizer),
                     "merges", merges_to_json(tokenizer));
}

bool tokenizer_save(const Tokenizer *tokenizer, const char *path, Error *error) {
    json_t *root =
        json_pack("{s:s, s:n, s:n, s:[o, o], s:{s:s}, s:o, s:o, s:o, s:o}", "version", "1.0",
                  "truncation", "padding", "added_tokens", special_to_json(0), special_to_json(1),
                  "normalizer", "type", "NFKC", "pre_tokenizer", byte_level(), "post_processor",
                  byte_level(), "decoder", byte_level(), "model", model_to_json(tokenizer));
    if (root == NULL) return fail(error, "%s: out of memory", path);
    bool ok = json_write_file(path, root, error);
    json_decref(root);
    return ok;
}
