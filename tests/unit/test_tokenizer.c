// The tokenizer against Hugging Face's (golden cases and vocabularies), by hand and by definition.
#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include "reference/numbers/random.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#define GOLDEN "tests/golden/tokenizer/"

static Tokenizer *load(const char *path) {
    Error error = { "" };
    Tokenizer *tokenizer = tokenizer_load(path, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    return tokenizer;
}

static void expect_ids(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                       const uint32_t *expected, size_t count) {
    TokenList ids = { 0 };
    ck_assert(tokenizer_encode(tokenizer, text, size, raw, &ids));
    ck_assert_msg(ids.count == count, "%.60s: %zu ids, expected %zu", text, ids.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(ids.ids[i] == expected[i], "%.60s: id %zu is %u, expected %u", text, i,
                      ids.ids[i], expected[i]);
    }
    free(ids.ids);
}

// The text of bytes, one U+FFFD for each maximal ill-formed subpart; the caller frees it.
static char *valid_text(const ByteList *bytes, size_t *size) {
    char *text = malloc(3 * bytes->count + 1);
    *size = 0;
    for (size_t at = 0; at < bytes->count;) {
        int32_t code_point;
        size_t length = utf8_next(&code_point, bytes->bytes + at, bytes->count - at);
        *size += (size_t)utf8proc_encode_char(code_point < 0 ? 0xfffd : code_point,
                                              (utf8proc_uint8_t *)text + *size);
        at += length;
    }
    return text;
}

static void expect_decoded(const Tokenizer *tokenizer, const uint32_t *ids, size_t count,
                           const json_t *expected) {
    ByteList bytes = { 0 };
    size_t size;
    ck_assert(tokenizer_decode(tokenizer, ids, count, &bytes));
    char *text = valid_text(&bytes, &size);
    ck_assert_uint_eq(size, json_string_length(expected));
    ck_assert_int_eq(memcmp(text, json_string_value(expected), size), 0);
    free(text);
    free(bytes.bytes);
}

static void expect_case(const Tokenizer *tokenizer, const json_t *line) {
    const json_t *text = json_object_get(line, "text"), *ids = json_object_get(line, "ids");
    size_t count = json_array_size(ids);
    uint32_t *expected = malloc((count + 1) * sizeof *expected);
    for (size_t i = 0; i < count; i++)
        expected[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
    expect_ids(tokenizer, json_string_value(text), json_string_length(text), false, expected,
               count);
    expect_decoded(tokenizer, expected, count, json_object_get(line, "decoded"));
    free(expected);
}

static void expect_cases(const char *tokenizer_path, const char *cases_path, int expected) {
    Tokenizer *tokenizer = load(tokenizer_path);
    FILE *file = fopen(cases_path, "r");
    ck_assert_ptr_nonnull(file);
    char *line = NULL;
    size_t capacity = 0;
    int cases = 0;
    for (ssize_t size; (size = getline(&line, &capacity, file)) > 0; cases++) {
        json_t *value = json_parse(line, (size_t)size, cases_path, NULL);
        ck_assert_ptr_nonnull(value);
        expect_case(tokenizer, value);
        json_decref(value);
    }
    ck_assert_int_eq(cases, expected);
    free(line);
    fclose(file);
    tokenizer_free(tokenizer);
}

START_TEST(golden_cases)
{ expect_cases(GOLDEN "train_small_400.json", GOLDEN "cases_small_400.jsonl", 62); }
END_TEST

// 174 of the 256 bytes are not in this vocabulary, and are left out of the ids.
START_TEST(golden_cases_of_a_partial_vocabulary)
{ expect_cases(GOLDEN "partial_160.json", GOLDEN "cases_partial_160.jsonl", 62); }
END_TEST

// -- training --

// Gives each text of a file to the trainer: what is before each separator, without newlines at
// its end.
static TokenizerTrainer *trainer_of(const char *path, const char *separator) {
    MappedFile file;
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    ck_assert(trainer != NULL && file_map(&file, path, NULL));
    const char *at = (const char *)file.bytes, *end = at + file.size;
    size_t length = strlen(separator);
    while (at < end) {
        const char *stop = at;
        while (stop < end &&
               ((size_t)(end - stop) < length || memcmp(stop, separator, length) != 0))
            stop++;
        size_t size = (size_t)(stop - at);
        while (size > 0 && at[size - 1] == '\n') size--;
        ck_assert(tokenizer_trainer_add(trainer, at, size));
        at = stop + length;
    }
    file_unmap(&file);
    return trainer;
}

static void expect_trained(const char *texts, const char *separator, const char *wanted_path,
                           int vocabulary) {
    Scratch scratch = scratch_new("tokenizer");
    const char *path = scratch_path(&scratch, "tokenizer.json");
    TokenizerTrainer *trainer = trainer_of(texts, separator);
    Error error = { "" };
    Tokenizer *trained = tokenizer_trainer_finish(trainer, vocabulary, true, &error),
              *expected = load(wanted_path);
    ck_assert_msg(trained != NULL && tokenizer_save(trained, path, &error), "%s", error.text);
    Tokenizer *loaded = load(path);
    ck_assert_uint_eq(tokenizer_hash(trained), tokenizer_hash(expected));
    ck_assert_uint_eq(tokenizer_hash(loaded), tokenizer_hash(expected));
    json_t *ours = json_read_file(path, NULL), *theirs = json_read_file(wanted_path, NULL);
    // the whole file, down to the decoder's options
    ck_assert(ours != NULL && json_equal(ours, theirs));
    json_decref(ours);
    json_decref(theirs);
    tokenizer_free(trained);
    tokenizer_free(loaded);
    tokenizer_free(expected);
    tokenizer_trainer_free(trainer);
    scratch_remove(&scratch);
}

START_TEST(golden_training)
{ expect_trained(GOLDEN "train_small.txt", "\n", GOLDEN "train_small_400.json", 400); }
END_TEST

static Tokenizer *train(const char *text, int vocabulary, bool exact, Error *error) {
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    ck_assert(trainer != NULL && tokenizer_trainer_add(trainer, text, strlen(text)));
    Tokenizer *tokenizer = tokenizer_trainer_finish(trainer, vocabulary, exact, error);
    tokenizer_trainer_free(trainer);
    return tokenizer;
}

static void expect_token(const Tokenizer *tokenizer, uint32_t id, const char *expected) {
    size_t size;
    const char *token = tokenizer_token(tokenizer, id, &size);
    ck_assert_msg(size == strlen(expected) && memcmp(token, expected, size) == 0,
                  "token %u is '%.*s', expected '%s'", id, (int)size, token, expected);
}

// " abab" once, " ab" twice: (a, b) occurs 4 times, (space, a) 3 times. Then (space, ab) 3 times,
// and last the one (space ab, ab). The bytes come first, ! (33, the lowest code point) as 2.
START_TEST(merges_by_hand)
{
    Tokenizer *tokenizer = train("abab ab ab", 400, false, NULL);
    ck_assert_int_eq(tokenizer_vocabulary(tokenizer), 261);
    expect_token(tokenizer, TOKEN_PAD, "<|pad|>");
    expect_token(tokenizer, TOKEN_END, "<|endoftext|>");
    expect_token(tokenizer, 2, "!");
    expect_token(tokenizer, 258, "ab");
    expect_token(tokenizer, 259, " ab");
    expect_token(tokenizer, 260, " abab");
    expect_ids(tokenizer, "abab abababx", 12, false, (uint32_t[]){ 260, 260, 258, 89 }, 4);
    expect_ids(tokenizer, "abab", 4, true, (uint32_t[]){ 258, 258 }, 2);
    tokenizer_free(tokenizer);
}
END_TEST

// (space, c) occurs twice. The other pairs occur once: a is 66, b 67, space 222, so (a, b) is
// first; then of the pairs that are left and new, by (left id, right id): (space, ab), (space c,
// a), (space c, b).
START_TEST(ties_by_ids)
{
    Tokenizer *tokenizer = train("cb ca ab", 263, true, NULL);
    expect_token(tokenizer, 66, "a");
    expect_token(tokenizer, 222, " ");
    static const char *const expected[] = { " c", "ab", " ab", " ca", " cb" };
    for (uint32_t i = 0; i < 5; i++) expect_token(tokenizer, 258 + i, expected[i]);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(vocabulary_limits)
{
    Error error;
    ck_assert_ptr_null(train("abab ab ab", 262, true, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "only 261 tokens, 262 were asked for"));
    Tokenizer *tokenizer = train("abab ab ab", 261, true, &error);
    ck_assert_ptr_nonnull(tokenizer);
    tokenizer_free(tokenizer);
    tokenizer = train("", 258, true, &error);
    ck_assert_int_eq(tokenizer_vocabulary(tokenizer), 258);
    tokenizer_free(tokenizer);
    static const int wrong[] = { -1, 0, 257, 65536 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_ptr_null(train("abab ab ab", wrong[i], false, &error));
        ck_assert_ptr_nonnull(strstr(error.text, "expected 258"));
    }
}
END_TEST

// -- any bytes --

START_TEST(raw_gives_back_any_bytes)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 255, 65535, 65536, 65539, 300007 };
    Tokenizer *tokenizer = load(GOLDEN "train_small_400.json");
    size_t size = sizes[_i];
    uint64_t key = random_key(5, "raw");
    char *text = malloc(size + 1);
    for (size_t i = 0; i < size; i++) text[i] = (char)random_below(key, i, i % 3 == 0 ? 256 : 128);
    TokenList ids = { 0 };
    ByteList bytes = { 0 };
    ck_assert(tokenizer_encode(tokenizer, text, size, true, &ids));
    ck_assert(tokenizer_decode(tokenizer, ids.ids, ids.count, &bytes));
    ck_assert_uint_eq(bytes.count, size);
    ck_assert(size == 0 || memcmp(bytes.bytes, text, size) == 0);
    free(ids.ids);
    free(bytes.bytes);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(raw_takes_special_tokens_as_text)
{
    Tokenizer *tokenizer = load(GOLDEN "train_small_400.json");
    TokenList ids = { 0 };
    ck_assert(tokenizer_encode(tokenizer, "<|pad|>", 7, true, &ids));
    ck_assert_uint_gt(ids.count, 1);
    ids.count = 0;
    ck_assert(tokenizer_encode(tokenizer, "<|pad|>\0<|endoftext|>", 21, false, &ids));
    ck_assert_uint_eq(ids.count, 4); // pad, the prefix space, NUL, end
    ck_assert(ids.ids[0] == TOKEN_PAD && ids.ids[3] == TOKEN_END);
    ck_assert(tokenizer_encode(tokenizer, NULL, 0, false, &ids) && ids.count == 4);
    free(ids.ids);
    ByteList bytes = { 0 };
    ck_assert(tokenizer_decode(tokenizer, (uint32_t[]){ 400, UINT32_MAX, 66 }, 3, &bytes));
    ck_assert(bytes.count == 1 && bytes.bytes[0] == 'a'); // ids that are none are skipped
    free(bytes.bytes);
    tokenizer_free(tokenizer);
}
END_TEST

// -- merging --

// The definition, word for word and quadratic: of all pairs with a merge take the lowest rank, of
// those the leftmost.
static size_t merge_slowly(uint32_t *ids, size_t count, const uint32_t (*merges)[3],
                           size_t merge_count) {
    for (;;) {
        size_t best = merge_count, where = 0;
        for (size_t i = 0; i + 1 < count; i++) {
            for (size_t rank = 0; rank < best; rank++) {
                if (merges[rank][0] == ids[i] && merges[rank][1] == ids[i + 1])
                    best = rank, where = i;
            }
        }
        if (best == merge_count) return count;
        ids[where] = merges[best][2];
        memmove(ids + where + 1, ids + where + 2, (--count - where - 1) * sizeof *ids);
    }
}

// A tokenizer of the bytes and these merges, by way of its file.
static Tokenizer *with_merges(const char *const (*merges)[2], size_t count) {
    json_t *root = json_read_file(GOLDEN "train_small_400.json", NULL);
    json_t *model = json_object_get(root, "model"), *vocabulary = json_object_get(model, "vocab"),
           *value;
    const char *name;
    void *next;
    json_object_foreach_safe(vocabulary, next, name, value) {
        if (json_integer_value(value) >= 258) json_object_del(vocabulary, name);
    }
    json_array_clear(json_object_get(model, "merges"));
    for (size_t i = 0; i < count; i++) {
        char made[64];
        snprintf(made, sizeof made, "%s%s", merges[i][0], merges[i][1]);
        json_object_set_new(vocabulary, made,
                            json_integer((json_int_t)json_object_size(vocabulary)));
        json_array_append_new(json_object_get(model, "merges"),
                              json_pack("[s, s]", merges[i][0], merges[i][1]));
    }
    char *text = json_dumps(root, 0);
    Error error = { "" };
    Tokenizer *tokenizer = tokenizer_parse(text, strlen(text), "with_merges", &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    free(text);
    json_decref(root);
    return tokenizer;
}

// Ranks on purpose not in the order of length, and pairs that overlap.
static const char *const tangled[][2] = { { "b", "a" },   { "a", "a" },   { "aa", "b" },
                                          { "a", "b" },   { "c", "c" },   { "cc", "cc" },
                                          { "ba", "aa" }, { "b", "c" },   { "ab", "ba" },
                                          { "aa", "aa" }, { "cccc", "a" } };
enum { TANGLED = sizeof tangled / sizeof *tangled };

START_TEST(merging_is_the_definition)
{
    Tokenizer *tokenizer = with_merges(tangled, TANGLED);
    uint32_t merges[TANGLED][3], ids[300];
    for (size_t i = 0; i < TANGLED; i++) {
        char part[3][16];
        snprintf(part[0], 16, "%s", tangled[i][0]);
        snprintf(part[1], 16, "%s", tangled[i][1]);
        snprintf(part[2], 16, "%s%s", tangled[i][0], tangled[i][1]);
        for (int k = 0; k < 3; k++) {
            for (merges[i][k] = 2;; merges[i][k]++) {
                size_t size;
                const char *token = tokenizer_token(tokenizer, merges[i][k], &size);
                if (size == strlen(part[k]) && memcmp(token, part[k], size) == 0) break;
            }
        }
    }
    uint64_t key = random_key(9, "merging");
    for (uint64_t round = 0; round < 300; round++) {
        char word[300];
        size_t count = (size_t)(round % 299) + 1;
        for (size_t i = 0; i < count; i++) {
            word[i] = "abc"[random_below(key, round * 300 + i, round % 2 ? 3 : 2)];
            ids[i] = (uint32_t)(66 + word[i] - 'a');
        }
        size_t merged = merge_slowly(ids, count, merges, TANGLED);
        expect_ids(tokenizer, word, count, true, ids, merged);
    }
    tokenizer_free(tokenizer);
}
END_TEST

// One pre-token of 1 MiB and the rest of the run after it: quadratic merging would take hours.
START_TEST(long_words)
{
    static const char *const doubling[][2] = { { "a", "a" }, { "aa", "aa" }, { "aaaa", "aaaa" } };
    enum { EXTRA = 24, SIZE = PRETOKEN_MAX + EXTRA };
    Tokenizer *tokenizer = with_merges(doubling, 3);
    char *text = malloc(SIZE);
    memset(text, 'a', SIZE);
    TokenList ids = { 0 };
    ck_assert(tokenizer_encode(tokenizer, text, SIZE, true, &ids));
    ck_assert_uint_eq(ids.count, SIZE / 8);
    for (size_t i = 0; i < ids.count; i++) ck_assert_uint_eq(ids.ids[i], 260);
    free(ids.ids);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

typedef struct {
    TokenList ids;
    size_t calls, stop_after;
} Collected;

static bool collect(void *context, const uint32_t *ids, size_t count) {
    Collected *collected = context;
    TokenList *list = &collected->ids;
    list->ids = realloc(list->ids, (list->count + count) * sizeof *list->ids);
    memcpy(list->ids + list->count, ids, count * sizeof *ids);
    list->count += count;
    return ++collected->calls != collected->stop_after;
}

START_TEST(encoded_in_pieces)
{
    Tokenizer *tokenizer = load(GOLDEN "train_small_400.json");
    enum { WORDS = 200000 };
    char *text = malloc(4 * WORDS);
    for (size_t i = 0; i < WORDS; i++) memcpy(text + 4 * i, i % 1000 ? "the " : "\n<3\n", 4);
    TokenList ids = { 0 };
    Collected collected = { .stop_after = 0 };
    ck_assert(tokenizer_encode(tokenizer, text, 4 * WORDS, false, &ids));
    ck_assert(tokenizer_encode_to(tokenizer, text, 4 * WORDS, false, collect, &collected));
    ck_assert_uint_gt(collected.calls, 2);
    ck_assert_uint_eq(collected.ids.count, ids.count);
    ck_assert_mem_eq(collected.ids.ids, ids.ids, ids.count * sizeof *ids.ids);
    collected.calls = 0;
    collected.stop_after = 2;
    ck_assert(!tokenizer_encode_to(tokenizer, text, 4 * WORDS, false, collect, &collected));
    ck_assert_uint_eq(collected.calls, 2);
    free(collected.ids.ids);
    free(ids.ids);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(hashes_of_tokenizers_differ)
{
    Tokenizer *tokenizer[3] = { with_merges(tangled, TANGLED), with_merges(tangled, TANGLED - 1),
                                train("abab ab ab", 261, true, NULL) };
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_ne(tokenizer_hash(tokenizer[i]), tokenizer_hash(tokenizer[(i + 1) % 3]));
    }
    for (int i = 0; i < 3; i++) tokenizer_free(tokenizer[i]);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { golden_cases },
        { golden_cases_of_a_partial_vocabulary },
        { raw_gives_back_any_bytes, 9 },
        { raw_takes_special_tokens_as_text },
        { merging_is_the_definition },
        { long_words },
        { encoded_in_pieces },
        { golden_training },
        { merges_by_hand },
        { ties_by_ids },
        { vocabulary_limits },
        { hashes_of_tokenizers_differ },
    };
    return run_tests("tokenizer", tests, COUNT_OF(tests));
}
