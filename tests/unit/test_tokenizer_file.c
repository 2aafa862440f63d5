// tokenizer.json: what is refused, and with which words; both ways to write merges; the largest
// vocabulary.
#include "reference/data/tokenizer.h"
#include "reference/io/files.h"
#include "reference/io/json.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/tokenizer/"

static Tokenizer *load(const char *path) {
    Error error = { "" };
    Tokenizer *tokenizer = tokenizer_load(path, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    return tokenizer;
}

// What is changed in a good tokenizer.json, and what the message must say.
static const struct {
    const char *parent, *field, *value, *message; // value NULL: the field is taken away
} damages[] = {
    { "model", "type", "\"WordPiece\"", "model is \"WordPiece\", expected BPE" },
    { "model", "type", NULL, "expected BPE" },
    { "model", "dropout", "0.1", "model.dropout is 0.1" },
    { "model", "unk_token", "\"<unk>\"", "model.unk_token" },
    { "model", "continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix is \"##\"" },
    { "model", "end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix" },
    { "model", "byte_fallback", "true", "model.byte_fallback" },
    { "model", "ignore_merges", "true", "model.ignore_merges" },
    { "", "truncation", "{\"max_length\": 5}", "truncation is {\"max_length\":5}" },
    { "", "padding", "{}", "padding" },
    { "", "normalizer", "{\"type\": \"Lowercase\"}", "normalizer is \"Lowercase\", expected NFKC" },
    { "", "normalizer", "null", "normalizer is null, expected NFKC" },
    { "", "pre_tokenizer", "{\"type\": \"Whitespace\"}", "pre_tokenizer is \"Whitespace\"" },
    { "pre_tokenizer", "add_prefix_space", "false", "pre_tokenizer.add_prefix_space is false" },
    { "pre_tokenizer", "use_regex", "false", "pre_tokenizer.use_regex is false" },
    { "", "post_processor", "{\"type\": \"TemplateProcessing\"}",
      "post_processor is \"TemplateProcessing\"" },
    { "", "decoder", NULL, "decoder is nothing, expected ByteLevel" },
    { "", "added_tokens", "[]", "added_tokens has 0 tokens" },
    { "", "added_tokens", "[{\"id\": 1, \"content\": \"<|pad|>\"}, {}]",
      "added_tokens[0] must be <|pad|> with id 0" },
    { "", "added_tokens", "[{\"id\": 0, \"content\": \"<|pad|>\", \"lstrip\": true}, {}]",
      "added_tokens[0].lstrip is set" },
    { "", "model", "7", "model is 7" },
    { "model", "vocab", NULL, "model.vocab has 0 tokens" },
    { "model", "vocab", "[1, 2, 3]", "model.vocab has 0 tokens" },
    { "vocab", "zzz", "401", "\"zzz\" has id 401, expected an integer below 401" },
    { "vocab", "zzz", "-1", "\"zzz\" has id -1" },
    { "vocab", "zzz", "1.5", "\"zzz\" has id 1.5" },
    { "vocab", "zzz", "18446744073709551616", "invalid JSON" },
    { "vocab", "zzz", "300", "both have id 300" },
    { "vocab", "<|pad|>", NULL, "below 399" },
    { "vocab", "a b\\n", "400", "token 400, \"a b\\\\n\", is not made of GPT-2's byte symbols" },
    { "vocab", "", "400", "token 400, \"\", is not made of" },
    { "model", "merges", "7", "model.merges is missing or not an array" },
    { "model", "merges", "[\"a\"]", "model.merges[0] is not a merge" },
    { "model", "merges", "[[\"a\", \"b\", \"c\"]]", "model.merges[0] is not a merge" },
    { "model", "merges", "[[\"a\", 3]]", "model.merges[0] is not a merge" },
    { "model", "merges", "[[\"zzz\", \"a\"]]", "the left token is not in model.vocab" },
    { "model", "merges", "[[\"a\", \"\\u4f60\"]]", "the right token is not in model.vocab" },
    { "model", "merges", "[\"a \"]", "the right token is not in model.vocab" },
    { "model", "merges", "[[\"q\", \"z\"]]", "the merged token is not in model.vocab" },
    { "model", "merges", "[[\"h\", \"e\"], \"h e\"]", "model.merges[1] repeats model.merges[0]" },
};

static void expect_refused(const char *json, size_t size, const char *message) {
    Error error = { "" };
    ck_assert_ptr_null(tokenizer_parse(json, size, "bad.json", &error));
    ck_assert_msg(strstr(error.text, "bad.json: ") == error.text &&
                      strstr(error.text, message) != NULL && strchr(error.text, '\n') == NULL,
                  "'%s' does not say '%s' in one line", error.text, message);
}

START_TEST(damaged_files_are_named)
{
    json_t *root = json_read_file(GOLDEN "train_small_400.json", NULL), *parent = root;
    const char *at = damages[_i].parent;
    if (strcmp(at, "vocab") == 0)
        parent = json_object_get(json_object_get(root, "model"), "vocab");
    else if (*at)
        parent = json_object_get(root, at);
    json_object_del(parent, damages[_i].field);
    // Set as text, so that values may be what no library would write.
    if (damages[_i].value != NULL)
        json_object_set_new(parent, damages[_i].field, json_string("HERE"));
    char *text = json_dumps(root, 0);
    json_decref(root);
    char *here = strstr(text, "\"HERE\"");
    size_t capacity = strlen(text) + 256;
    char *json = malloc(capacity);
    if (here != NULL)
        snprintf(json, capacity, "%.*s%s%s", (int)(here - text), text, damages[_i].value, here + 6);
    else
        snprintf(json, capacity, "%s", text);
    expect_refused(json, strlen(json), damages[_i].message);
    free(json);
    free(text);
}
END_TEST

START_TEST(special_tokens_come_first)
{
    expect_refused("", 0, "invalid JSON");
    expect_refused("[]", 2, "model is nothing");
    MappedFile file;
    ck_assert(file_map(&file, GOLDEN "train_small_400.json", NULL));
    char *json = malloc(file.size);
    memcpy(json, file.bytes, file.size);
    memcpy(strstr(strstr(json, "\"vocab\""), "pad"), "pat", 3);
    expect_refused(json, file.size, "id 0 is \"<|pat|>\", expected \"<|pad|>\"");
    expect_refused((const char *)file.bytes, file.size - 3, "invalid JSON");
    free(json);
    file_unmap(&file);
}
END_TEST

START_TEST(too_large_a_vocabulary)
{
    json_t *root = json_read_file(GOLDEN "train_small_400.json", NULL);
    json_t *vocabulary = json_object_get(json_object_get(root, "model"), "vocab");
    for (int id = 400; id < 65536; id++) {
        char name[16];
        snprintf(name, sizeof name, "%07d", id);
        json_object_set_new(vocabulary, name, json_integer(id));
    }
    char *text = json_dumps(root, 0);
    expect_refused(text, strlen(text), "model.vocab has 65536 tokens, expected 3 to 65535");
    free(text);
    json_object_del(vocabulary, "0065535");
    text = json_dumps(root, 0);
    Tokenizer *tokenizer = tokenizer_parse(text, strlen(text), "largest", NULL);
    ck_assert_ptr_nonnull(tokenizer);
    ck_assert_int_eq(tokenizer_vocabulary(tokenizer), 65535);
    TokenList ids = { 0 };
    ck_assert(tokenizer_encode(tokenizer, "0065534", 7, true, &ids));
    ck_assert_uint_gt(ids.count, 1); // a token that no merge makes is never met
    free(ids.ids);
    tokenizer_free(tokenizer);
    free(text);
    json_decref(root);
}
END_TEST

// Older files write a merge as one string.
START_TEST(merges_as_strings)
{
    json_t *root = json_read_file(GOLDEN "train_small_400.json", NULL), *merge;
    json_t *merges = json_object_get(json_object_get(root, "model"), "merges");
    size_t i;
    json_array_foreach(merges, i, merge) {
        json_array_set_new(merges, i,
                           json_sprintf("%s %s", json_string_value(json_array_get(merge, 0)),
                                        json_string_value(json_array_get(merge, 1))));
    }
    char *text = json_dumps(root, 0);
    Tokenizer *tokenizer = tokenizer_parse(text, strlen(text), "strings", NULL);
    Tokenizer *expected = load(GOLDEN "train_small_400.json");
    ck_assert_ptr_nonnull(tokenizer);
    ck_assert_uint_eq(tokenizer_hash(tokenizer), tokenizer_hash(expected));
    tokenizer_free(tokenizer);
    tokenizer_free(expected);
    free(text);
    json_decref(root);
}
END_TEST

START_TEST(impossible_files)
{
    Error error;
    ck_assert_ptr_null(tokenizer_load("build/tmp/there is none.json", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "there is none.json"));
    Tokenizer *tokenizer = load(GOLDEN "train_small_400.json");
    ck_assert(!tokenizer_save(tokenizer, "build/tmp/no folder/tokenizer.json", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "no folder/tokenizer.json"));
    tokenizer_free(tokenizer);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { damaged_files_are_named, sizeof damages / sizeof *damages },
        { special_tokens_come_first },
        { too_large_a_vocabulary },
        { merges_as_strings },
        { impossible_files },
    };
    return run_tests("tokenizer file", tests, COUNT_OF(tests));
}
