// Stories to tokenizers and token files, on all threads and in pieces.
#include "reference/data/encode.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

static Scratch scratch;
static const char *path;

static void set_up(void) {
    scratch = scratch_new("encode");
    path = scratch_path(&scratch, "tokens.bin");
}

static void tear_down(void) { scratch_remove(&scratch); }

static bool go_on(void *context, size_t bytes) {
    size_t *last = context;
    ck_assert_uint_gt(bytes, *last);
    *last = bytes;
    return true;
}

static bool stop(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return false;
}

// Text of words, blanks of every kind, contractions, composed characters, special tokens and bytes
// that are no UTF-8.
static char *random_text(size_t size, uint64_t seed) {
    static const char *const parts[] = { "turtle",    " the",      " was",         " slow",
                                         "  ",        "\n",        "\n\n",         " \t",
                                         "'s",        ".",         " 42",          "é",
                                         "e\xcc\x81", " \xcc\x88", "\xe3\x80\x80", "ﬁ",
                                         "\xff",      "\xc2\xa0",  "!? ",          "<|endoftext|>",
                                         " ",         ", \"",      "猫",           "   x",
                                         "    ",      "\n  ",      "  \n",         "\n \n" };
    enum { PARTS = sizeof parts / sizeof *parts };
    char *text = malloc(size + 64);
    uint64_t key = random_key(seed, "text");
    size_t at = 0;
    for (uint64_t i = 0; at < size; i++) {
        const char *part = parts[random_below(key, i, PARTS)];
        memcpy(text + at, part, strlen(part));
        at += strlen(part);
    }
    return text;
}

static Tokenizer *small_tokenizer(void) {
    char *text = random_text(20000, 1);
    Story story = { text, 20000 };
    Error error;
    size_t last = 0;
    Tokenizer *tokenizer = train_tokenizer(&story, 1, 300, true, go_on, &last, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    ck_assert_int_eq(tokenizer_vocabulary(tokenizer), 300);
    ck_assert_uint_eq(last, 20000);
    free(text);
    return tokenizer;
}

static TokenFile encoded(const Tokenizer *tokenizer, const Story *stories, size_t count,
                         int threads) {
    Error error;
    size_t last = 0;
    parallel_set_threads(threads);
    TokenWriter *writer =
        token_writer_open(path, tokenizer_vocabulary(tokenizer), tokenizer_hash(tokenizer), &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    ck_assert_msg(encode_stories(writer, tokenizer, stories, count, go_on, &last, &error), "%s",
                  error.text);
    ck_assert_msg(token_writer_commit(writer, &error), "%s", error.text);
    TokenFile file;
    ck_assert_msg(token_file_open(&file, path, &error), "%s", error.text);
    return file;
}

// Story `s` of the file must be what the tokenizer says of the whole text at once.
static void expect_story(const TokenFile *file, size_t s, const Tokenizer *tokenizer,
                         const char *text, size_t size) {
    TokenList ids = { 0 };
    ck_assert(tokenizer_encode(tokenizer, text, size, false, &ids));
    ck_assert_uint_eq(file->offset[s + 1] - file->offset[s], ids.count + 1);
    size_t same = 0;
    while (same < ids.count && file->token[file->offset[s] + same] == ids.ids[same]) same++;
    ck_assert_uint_eq(same, ids.count);
    free(ids.ids);
}

START_TEST(a_long_story_in_pieces_has_the_tokens_of_the_whole)
{
    enum { SIZE = 1500001 };
    Tokenizer *tokenizer = small_tokenizer();
    char *text = random_text(SIZE, 2);
    Story stories[] = {
        { text, SIZE }, { text + 5, 11 }, { text + 100, PIECE_BYTES }, { text + 9, PIECE_BYTES + 1 }
    };
    TokenFile file = encoded(tokenizer, stories, 4, 2);
    ck_assert_uint_eq(file.stories, 4);
    for (size_t s = 0; s < 4; s++)
        expect_story(&file, s, tokenizer, stories[s].text, stories[s].size);
    token_file_close(&file);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(pieces_are_cut_where_nothing_changes)
{
    char *text = malloc(3 * MAX_PIECE_BYTES);
    memset(text, 'a', 3 * MAX_PIECE_BYTES);
    ck_assert_uint_eq(story_piece(text, 1), 1);
    ck_assert_uint_eq(story_piece(text, PIECE_BYTES), PIECE_BYTES);
    ck_assert_uint_eq(story_piece(text, MAX_PIECE_BYTES), MAX_PIECE_BYTES);
    ck_assert_uint_eq(story_piece(text, MAX_PIECE_BYTES + 1),
                      MAX_PIECE_BYTES); // no way to keep it whole
    text[PIECE_BYTES - 1] = ' ';
    text[PIECE_BYTES] = ' '; // not the first space of the two
    text[PIECE_BYTES + 7] = ' ';
    ck_assert_uint_eq(story_piece(text, MAX_PIECE_BYTES + 1), PIECE_BYTES + 7);
    text[PIECE_BYTES + 6] = '\n';
    text[PIECE_BYTES + 9] = ' ';
    ck_assert_uint_eq(story_piece(text, 3 * MAX_PIECE_BYTES), PIECE_BYTES + 9);
    memcpy(text + PIECE_BYTES, "aaaaaaaaaa", 10);
    memcpy(text + MAX_PIECE_BYTES - 2, "猫", 3); // the last resort spares characters
    ck_assert_uint_eq(story_piece(text, 3 * MAX_PIECE_BYTES), MAX_PIECE_BYTES - 2);
    memcpy(text + MAX_PIECE_BYTES - 3, "猫a", 4);
    ck_assert_uint_eq(story_piece(text, 3 * MAX_PIECE_BYTES), MAX_PIECE_BYTES);
    free(text);
}
END_TEST

START_TEST(any_number_of_threads_writes_the_same_tokens)
{
    enum { COUNT = 20000, SIZE = 40 * COUNT };
    Tokenizer *tokenizer = small_tokenizer();
    char *text = random_text(SIZE, 3);
    Story *stories = malloc(COUNT * sizeof *stories);
    for (size_t s = 0; s < COUNT; s++) stories[s] = (Story){ text + 40 * s, 1 + s % 40 };
    TokenFile one = encoded(tokenizer, stories, COUNT, 1),
              five = encoded(tokenizer, stories, COUNT, 5);
    ck_assert_uint_eq(one.stories, COUNT);
    ck_assert_uint_eq(one.file.size, five.file.size);
    ck_assert_mem_eq(one.file.bytes, five.file.bytes, one.file.size);
    for (size_t s = 0; s < COUNT; s += 997)
        expect_story(&one, s, tokenizer, stories[s].text, stories[s].size);
    token_file_close(&one);
    token_file_close(&five);
    free(stories);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(padding_spelled_in_a_text_is_left_out)
{
    Tokenizer *tokenizer = small_tokenizer();
    static const char text[] = "a<|pad|>b<|endoftext|>c<|pad|>";
    Story story = { text, sizeof text - 1 };
    TokenFile file = encoded(tokenizer, &story, 1, 1);
    int ends = 0;
    for (size_t i = 0; i < file.tokens; i++) {
        ck_assert_uint_ne(file.token[i], TOKEN_PAD);
        ends += file.token[i] == TOKEN_END;
    }
    ck_assert_int_eq(ends, 2); // the one in the text, and the story's own
    token_file_close(&file);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(work_stops_on_request)
{
    Tokenizer *tokenizer = small_tokenizer();
    Story story = { "a b", 3 };
    Error error;
    TokenWriter *writer = token_writer_open(path, 300, 0, &error);
    ck_assert(!encode_stories(writer, tokenizer, &story, 1, stop, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "stopped"));
    token_writer_discard(writer);
    ck_assert_ptr_null(train_tokenizer(&story, 1, 300, false, stop, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "stopped"));
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(a_vocabulary_larger_than_the_text_gives_is_refused)
{
    Story story = { "aaaa", 4 };
    Error error;
    size_t last = 0;
    ck_assert_ptr_null(train_tokenizer(&story, 1, 300, true, go_on, &last, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "300"));
    last = 0;
    Tokenizer *tokenizer = train_tokenizer(&story, 1, 300, false, go_on, &last, &error);
    ck_assert_ptr_nonnull(tokenizer);
    ck_assert_int_lt(tokenizer_vocabulary(tokenizer), 270);
    tokenizer_free(tokenizer);
}
END_TEST

int main(void) {
    static const TestFixture fixture = { set_up, tear_down };
    const TestRow tests[] = {
        { a_long_story_in_pieces_has_the_tokens_of_the_whole, .threads = USES_THREADS },
        { pieces_are_cut_where_nothing_changes },
        { any_number_of_threads_writes_the_same_tokens, .threads = NEEDS_THREADS },
        { padding_spelled_in_a_text_is_left_out },
        { work_stops_on_request },
        { a_vocabulary_larger_than_the_text_gives_is_refused },
    };
    return run_tests_with(&fixture, "encode", tests, COUNT_OF(tests));
}
