// Stories, token files and batches.
#include "reference/data/batches.h"
#include "reference/data/stories.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static Scratch scratch;
static const char *path; // of the one file most tests write

static void set_up(void) {
    scratch = scratch_new("data");
    path = scratch_path(&scratch, "tokens.bin");
}

static void tear_down(void) { scratch_remove(&scratch); }

// -- Stories --

static void expect_stories(const char *text, size_t size, size_t count,
                           const char *const *expected) {
    Stories stories;
    ck_assert(stories_find(&stories, text, size));
    ck_assert_uint_eq(stories.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(stories.items[i].size, strlen(expected[i]));
        ck_assert_mem_eq(stories.items[i].text, expected[i], stories.items[i].size);
    }
    free(stories.items);
}

static const struct {
    const char *text;
    size_t count;
    const char *story[3];
} texts[] = {
    { "", 0, { NULL } },
    { "\n\n", 0, { NULL } },
    { " \t\r\n\v\f\n", 0, { NULL } },
    { "<|endoftext|>", 0, { NULL } },
    { "<|endoftext|>\n \n<|endoftext|>\n", 0, { NULL } },
    { "a", 1, { "a" } },
    { "a\nb\n\n", 1, { "a\nb" } },
    { "a\n<|endoftext|>\nb\n<|endoftext|>\n", 2, { "a", "b" } },
    { "a\n<|endoftext|>\nb", 2, { "a", "b" } },
    { "a\n<|endoftext|>\n\n<|endoftext|>\n\n b \n<|endoftext|>", 2, { "a", "\n b " } },
    { "a\r\n<|endoftext|>\r\nb\r\n", 2, { "a", "b" } },
    { "a <|endoftext|>\n<|endoftext|> b\n<|endoftext|>\nc\n",
      2,
      { "a <|endoftext|>\n<|endoftext|> b", "c" } },
    { "a\n<|endoftext|> \nb\n<|endoftext|>\t \r\nc", 3, { "a", "b", "c" } },
    { "a\r\nb\r\n\r\n<|endoftext|>\r\nc\r\n", 2, { "a\r\nb", "c" } },
    { "a\n <|endoftext|>\n<|endoftext|>.\nb", 1, { "a\n <|endoftext|>\n<|endoftext|>.\nb" } },
    { "\xef\xbb\xbf"
      "a\n",
      1,
      { "a" } },
    { "\xef\xbb\xbf<|endoftext|>\na", 1, { "a" } },
    { "\xef\xbb\xbf\n", 0, { NULL } },
    { "a\xef\xbb\xbf"
      "b",
      1,
      { "a\xef\xbb\xbf"
        "b" } },
    { "a\n<|endoftext|", 1, { "a\n<|endoftext|" } },
};

START_TEST(stories_are_separated_by_lines)
{ expect_stories(texts[_i].text, strlen(texts[_i].text), texts[_i].count, texts[_i].story); }
END_TEST

START_TEST(many_stories_and_bytes_of_any_kind)
{
    enum { COUNT = 5000 };
    static const char story[] = "a\0b\xff\n<|endoftext|>\n";
    size_t size = sizeof story - 1;
    char *text = malloc(COUNT * size);
    for (size_t i = 0; i < COUNT; i++) memcpy(text + i * size, story, size);
    Stories stories;
    ck_assert(stories_find(&stories, text, COUNT * size));
    ck_assert_uint_eq(stories.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_ptr_eq(stories.items[i].text, text + i * size);
        ck_assert_uint_eq(stories.items[i].size, 4);
    }
    free(stories.items);
    free(text);
}
END_TEST

// More than is read before pages are released; the file is mostly a hole and takes no disk space.
START_TEST(stories_of_a_large_file)
{
    enum { HOLE = 70 << 20 };
    static const char rest[] = "\n<|endoftext|>\nb\n";
    FILE *stream = fopen(path, "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fseek(stream, HOLE, SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(rest, 1, sizeof rest - 1, stream), sizeof rest - 1);
    ck_assert_int_eq(fclose(stream), 0);
    MappedFile file;
    Stories stories;
    ck_assert(file_map(&file, path, NULL));
    ck_assert(stories_find_in_file(&stories, &file));
    ck_assert_uint_eq(stories.count, 2);
    ck_assert_ptr_eq(stories.items[0].text, file.bytes);
    ck_assert_uint_eq(stories.items[0].size, HOLE);
    ck_assert_uint_eq(stories.items[1].size, 1);
    ck_assert_int_eq(*stories.items[1].text, 'b');
    free(stories.items);
    file_unmap(&file);
}
END_TEST

// -- Token files --

enum { HEADER = 56 };

// Writes stories of the given sizes; token i of the whole is 2 + i (below V), the ends left out of
// the count.
static void write_numbered(const size_t *sizes, size_t count, int V) {
    Error error;
    TokenWriter *writer = token_writer_open(path, V, 99, &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    uint32_t next = 2, ids[64];
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < sizes[s]; i++) ids[i] = next++;
        ck_assert_msg(token_writer_story(writer, ids, sizes[s], &error), "%s", error.text);
    }
    ck_assert_msg(token_writer_commit(writer, &error), "%s", error.text);
}

static void open_numbered(TokenFile *file) {
    Error error;
    ck_assert_msg(token_file_open(file, path, &error), "%s", error.text);
}

static unsigned char *read_bytes(size_t *size) {
    MappedFile file;
    ck_assert(file_map(&file, path, NULL));
    unsigned char *bytes = malloc(file.size + 16);
    memcpy(bytes, file.bytes, file.size);
    *size = file.size;
    file_unmap(&file);
    return bytes;
}

// The file must be refused in one line that contains its path and `word`.
static void expect_refused(const char *word) {
    TokenFile file;
    Error error = { "" };
    ck_assert_msg(!token_file_open(&file, path, &error), "opened, although %s is wrong", word);
    ck_assert_msg(strstr(error.text, path) != NULL && strstr(error.text, word) != NULL, "%s: %s",
                  word, error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    ck_assert_ptr_null(file.file.bytes);
}

static const size_t sizes[] = { 3, 0, 4, 1 };

START_TEST(written_stories_come_back)
{
    write_numbered(sizes, 4, 10);
    TokenFile file;
    open_numbered(&file);
    ck_assert_int_eq(file.V, 10);
    ck_assert_uint_eq(file.tokenizer_hash, 99);
    ck_assert_uint_eq(file.stories, 4);
    ck_assert_uint_eq(file.tokens, 12);
    ck_assert_uint_eq(file.file.size, HEADER + 5 * 8 + 12 * 2);
    static const uint64_t offset[] = { 0, 4, 5, 10, 12 };
    static const uint16_t token[] = { 2, 3, 4, 1, 1, 5, 6, 7, 8, 1, 9, 1 };
    ck_assert_mem_eq(file.offset, offset, sizeof offset);
    ck_assert_mem_eq(file.token, token, sizeof token);
    ck_assert_str_eq(file.path, path);
    token_file_close(&file);
    token_file_close(&file); // twice is harmless
}
END_TEST

START_TEST(a_story_in_pieces_is_the_same_story)
{
    enum { COUNT = 10000 }; // more than the writer's own block
    uint32_t *ids = malloc(COUNT * sizeof *ids);
    for (uint32_t i = 0; i < COUNT; i++) ids[i] = 2 + i % 300;
    TokenWriter *writer = token_writer_open(path, 302, 1, NULL);
    ck_assert(token_writer_story(writer, ids, COUNT, NULL));
    ck_assert(token_writer_commit(writer, NULL));
    size_t size, size_in_bits;
    unsigned char *whole = read_bytes(&size);
    writer = token_writer_open(path, 302, 1, NULL);
    for (size_t i = 0, n = 1; i < COUNT; i += n, n = 2 * n < COUNT - i ? 2 * n : COUNT - i) {
        ck_assert(token_writer_tokens(writer, ids + i, n, NULL));
        if (i + n >= COUNT) break;
    }
    ck_assert(token_writer_end(writer, NULL));
    ck_assert(token_writer_commit(writer, NULL));
    unsigned char *in_bits = read_bytes(&size_in_bits);
    ck_assert_uint_eq(size, size_in_bits);
    ck_assert_mem_eq(whole, in_bits, size);
    free(whole);
    free(in_bits);
    free(ids);
}
END_TEST

START_TEST(the_writer_refuses_and_leaves_nothing)
{
    Error error;
    uint32_t id = 10;
    TokenWriter *writer = token_writer_open(path, 10, 0, &error);
    ck_assert(!token_writer_story(writer, &id, 1, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "token 10"));
    token_writer_discard(writer);
    writer = token_writer_open(path, 10, 0, &error);
    ck_assert(!token_writer_commit(writer, &error)); // no story
    ck_assert_ptr_nonnull(strstr(error.text, "stories"));
    ck_assert_ptr_null(token_writer_open(path, 65536, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "65536"));
    ck_assert_ptr_null(token_writer_open("build/tmp/no/such/folder/file", 10, 0, &error));
    ck_assert(!path_exists(path));
    ck_assert_int_eq(rmdir(scratch.path), 0); // it is empty
    ck_assert(folder_make(scratch.path, NULL));
}
END_TEST

START_TEST(any_flipped_byte_and_any_other_size_is_refused)
{
    write_numbered(sizes, 4, 10);
    size_t size;
    unsigned char *bytes = read_bytes(&size);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            write_bytes(path, bytes, size);
            expect_refused("expected");
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    }
    memset(bytes + size, 0, 16);
    for (size_t n = 0; n <= size + 16; n++) {
        if (n == size) continue;
        write_bytes(path, bytes, n);
        expect_refused("expected");
    }
    free(bytes);
}
END_TEST

// Damage that somebody made on purpose, so that the sum is right.
static const struct {
    size_t at, bytes;
    uint64_t value;
    const char *word;
} hostile[] = {
    { 0, 1, 'T', "magic" },
    { 8, 4, 2, "version" },
    { 12, 4, 4, "bytes per token" },
    { 24, 8, 0, "vocabulary V" },
    { 24, 8, 65536, "vocabulary V" },
    { 24, 8, UINT64_MAX, "vocabulary V" },
    { 24, 8, 9, "token[10]" },
    { 32, 8, 0, "stories S" },
    { 32, 8, 3, "tokens N" },
    { 32, 8, 1000, "stories S" },
    { 32, 8, UINT64_MAX, "stories S" },
    { 32, 8, UINT64_MAX / 8, "stories S" },
    { 40, 8, 11, "tokens N" },
    { 40, 8, UINT64_MAX, "tokens N" },
    { 40, 8, UINT64_MAX / 2 + 13, "tokens N" },
    { 56, 8, 1, "offset[0]" },
    { 64, 8, 0, "offset[1]" },
    { 64, 8, 13, "offset[1]" },
    { 64, 8, UINT64_MAX, "offset[1]" },
    { 64, 8, 3, "the last token of story 0" },
    { 72, 8, 4, "offset[2]" },
    { 88, 8, 10, "offset[4]" },
    { HEADER + 40 + 6, 2, 2, "the last token of story 0" },
    { HEADER + 40 + 20, 2, 10, "token[10]" },
    { HEADER + 40, 2, 65535, "token[0]" },
};

START_TEST(hostile_fields_are_named)
{
    write_numbered(sizes, 4, 10);
    size_t size;
    unsigned char *bytes = read_bytes(&size);
    memcpy(bytes + hostile[_i].at, &hostile[_i].value, hostile[_i].bytes);
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, bytes, 48);
    XXH3_64bits_update(state, bytes + HEADER, size - HEADER);
    uint64_t sum = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    memcpy(bytes + 48, &sum, sizeof sum);
    write_bytes(path, bytes, size);
    expect_refused(hostile[_i].word);
    free(bytes);
}
END_TEST

START_TEST(a_missing_file_and_a_folder_are_refused)
{
    expect_refused("cannot be opened");
    ck_assert(folder_make(path, NULL));
    expect_refused("folder");
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

// -- Batches --

// Story sizes with the end, as the tests below count them: 4, 1, 5, 2; N = 12.

static void expect_row(const int32_t *row, int T, const int32_t *expected) {
    for (int t = 0; t < T; t++) ck_assert_int_eq(row[t], expected[t]);
}

// The shuffled stream of an epoch, reconstructed from batches of one row of one token.
static void stream_of(const TokenFile *file, uint64_t seed, uint64_t epoch, int32_t *out) {
    Batches batches;
    ck_assert(batches_open(&batches, file, BATCH_PACKED, 1, 1, seed, NULL));
    for (size_t i = 0; i < file->tokens; i++) {
        int32_t input;
        batches_get(&batches, epoch * file->tokens + i, &input, out + i);
        ck_assert_int_eq(input, TOKEN_END);
    }
    batches_close(&batches);
}

START_TEST(an_epoch_is_whole_stories_in_another_order)
{
    write_numbered(sizes, 4, 10);
    TokenFile file;
    open_numbered(&file);
    int32_t stream[12];
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        stream_of(&file, 7, epoch, stream);
        bool seen[4] = { false };
        for (size_t i = 0; i < 12;) { // the first token of a story identifies it
            size_t s = stream[i] == 2 ? 0 : stream[i] == 1 ? 1 : stream[i] == 5 ? 2 : 3;
            ck_assert(!seen[s]);
            seen[s] = true;
            for (uint64_t at = file.offset[s]; at < file.offset[s + 1]; at++) {
                ck_assert_int_eq(stream[i++], file.token[at]);
            }
        }
        for (int s = 0; s < 4; s++) ck_assert(seen[s]);
    }
    token_file_close(&file);
}
END_TEST

// 40 stories of 0 to 9 tokens.
static void write_many(void) {
    size_t many[40], total = 0;
    for (size_t s = 0; s < 40; s++) total += many[s] = s * 7 % 10;
    write_numbered(many, 40, (int)total + 2);
}

START_TEST(the_order_changes_with_epoch_and_seed)
{
    write_many();
    TokenFile file;
    open_numbered(&file);
    size_t bytes = file.tokens * sizeof(int32_t);
    int32_t *a = malloc(bytes), *b = malloc(bytes);
    stream_of(&file, 7, 0, a);
    stream_of(&file, 7, 0, b);
    ck_assert_mem_eq(a, b, bytes);
    stream_of(&file, 7, 1, b);
    ck_assert_mem_ne(a, b, bytes);
    stream_of(&file, 8, 0, b);
    ck_assert_mem_ne(a, b, bytes);
    free(a);
    free(b);
    token_file_close(&file);
}
END_TEST

START_TEST(packed_rows_are_cut_from_the_stream)
{
    write_many();
    TokenFile file;
    open_numbered(&file);
    enum { B = 3, T = 7, EPOCHS = 3 };
    size_t N = file.tokens;
    int32_t *stream = malloc(EPOCHS * N * sizeof *stream);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++)
        stream_of(&file, 5, epoch, stream + epoch * N);
    Batches batches;
    ck_assert(batches_open(&batches, &file, BATCH_PACKED, B, T, 5, NULL));
    ck_assert_uint_eq(batches_per_epoch(&batches), N / (B * T));
    int32_t inputs[B * T], targets[B * T];
    // each token of an epoch once
    for (uint64_t step = 0; (step + 1) * B * T <= EPOCHS * N; step++) {
        batches_get(&batches, step, inputs, targets);
        expect_row(targets, B * T, stream + step * B * T);
        for (int b = 0; b < B; b++) {
            ck_assert_int_eq(inputs[b * T], TOKEN_END);
            expect_row(inputs + b * T + 1, T - 1, targets + b * T);
        }
    }
    batches_close(&batches);
    free(stream);
    token_file_close(&file);
}
END_TEST

START_TEST(padded_rows_hold_one_story_each)
{
    write_numbered(sizes, 4, 10);
    TokenFile file;
    open_numbered(&file);
    enum { B = 3, T = 4 };
    static const int32_t rows[4][T] = {
        { 2, 3, 4, 1 }, { 1, 0, 0, 0 }, { 5, 6, 7, 8 }, { 9, 1, 0, 0 }
    };
    static const int32_t shifted[4][T] = {
        { 1, 2, 3, 4 }, { 1, 1, 0, 0 }, { 1, 5, 6, 7 }, { 1, 9, 1, 0 }
    };
    Batches batches;
    ck_assert(batches_open(&batches, &file, BATCH_PADDED, B, T, 3, NULL));
    ck_assert_uint_eq(batches_per_epoch(&batches), 1);
    int seen[4] = { 0 };
    for (uint64_t step = 0; step < 8; step++) { // 24 rows: six epochs
        int32_t inputs[B * T], targets[B * T];
        batches_get(&batches, step, inputs, targets);
        for (int b = 0; b < B; b++) {
            int s = targets[b * T] == 2 ? 0 : targets[b * T] == 1 ? 1 : targets[b * T] == 5 ? 2 : 3;
            expect_row(targets + b * T, T, rows[s]);
            expect_row(inputs + b * T, T, shifted[s]);
            seen[s]++;
            // the end of an epoch: each story as often as the others
            if ((step * B + (uint64_t)b) % 4 == 3) {
                for (int i = 0; i < 4; i++)
                    ck_assert_int_eq(seen[i], (int)((step * B + (uint64_t)b) / 4 + 1));
            }
        }
    }
    batches_close(&batches);
    token_file_close(&file);
}
END_TEST

START_TEST(a_step_gives_the_same_batch_from_anywhere)
{
    write_many();
    TokenFile file;
    open_numbered(&file);
    enum { B = 4, T = 9, STEPS = 30 };
    BatchMode mode = _i == 0 ? BATCH_PACKED : BATCH_PADDED;
    Batches walking;
    ck_assert(batches_open(&walking, &file, mode, B, T, 11, NULL));
    for (uint64_t step = 0; step < STEPS; step++) {
        int32_t inputs[2][B * T], targets[2][B * T];
        batches_get(&walking, step, inputs[0], targets[0]);
        Batches fresh;
        ck_assert(batches_open(&fresh, &file, mode, B, T, 11, NULL));
        batches_get(&fresh, step, inputs[1], targets[1]);
        batches_close(&fresh);
        ck_assert_mem_eq(inputs[0], inputs[1], sizeof *inputs);
        ck_assert_mem_eq(targets[0], targets[1], sizeof *targets);
    }
    batches_close(&walking);
    token_file_close(&file);
}
END_TEST

START_TEST(data_for_less_than_a_batch_is_refused)
{
    write_numbered(sizes, 4, 10);
    TokenFile file;
    open_numbered(&file);
    Batches batches;
    Error error;
    // 12 tokens: just enough
    ck_assert(batches_open(&batches, &file, BATCH_PACKED, 3, 4, 0, &error));
    ck_assert_uint_eq(batches_per_epoch(&batches), 1);
    batches_close(&batches);
    ck_assert(!batches_open(&batches, &file, BATCH_PACKED, 1, 13, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "12 tokens"));
    ck_assert(!batches_open(&batches, &file, BATCH_PACKED, 1 << 30, 1 << 30, 0, &error));
    ck_assert(!batches_open(&batches, &file, BATCH_PADDED, 5, 1, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "4 stories"));
    ck_assert(!batches_open(&batches, &file, BATCH_PACKED, 0, 4, 0, &error));
    token_file_close(&file);
}
END_TEST

static const struct {
    int B, T;
} shapes[] = { { 1, 1 }, { 1, 12 },  { 2, 5 },  { 3, 4 }, { 2, 6 },
               { 5, 1 }, { 4, 100 }, { 1, 11 }, { 1, 13 } };

START_TEST(evaluation_scores_every_token_once)
{
    write_numbered(sizes, 4, 10);
    TokenFile file;
    open_numbered(&file);
    int B = shapes[_i].B, T = shapes[_i].T, rows = 0;
    int32_t inputs[400], targets[400];
    size_t scored = 0;
    for (uint64_t batch = 0;; batch++) {
        int used = eval_batch(&file, B, T, batch, inputs, targets);
        if (used == 0) break;
        rows += used;
        for (int b = 0; b < B; b++) {
            ck_assert_int_eq(inputs[b * T], TOKEN_END);
            expect_row(inputs + b * T + 1, T - 1, targets + b * T);
        }
        for (int i = 0; i < B * T; i++) {
            if (scored < file.tokens)
                ck_assert_int_eq(targets[i], file.token[scored++]);
            else
                ck_assert_int_eq(targets[i], TOKEN_PAD);
        }
    }
    ck_assert_uint_eq(scored, file.tokens);
    ck_assert_int_eq(rows, (12 + T - 1) / T);
    ck_assert_int_eq(eval_batch(&file, B, T, UINT64_MAX, inputs, targets), 0);
    ck_assert_int_eq(eval_batch(&file, B, T, UINT64_MAX / (uint64_t)B, inputs, targets), 0);
    token_file_close(&file);
}
END_TEST

int main(void) {
    static const TestFixture fixture = { set_up, tear_down };
    const TestRow tests[] = {
        { stories_are_separated_by_lines, COUNT_OF(texts) },
        { many_stories_and_bytes_of_any_kind },
        { stories_of_a_large_file },
        { written_stories_come_back },
        { a_story_in_pieces_is_the_same_story },
        { the_writer_refuses_and_leaves_nothing },
        { any_flipped_byte_and_any_other_size_is_refused },
        { hostile_fields_are_named, COUNT_OF(hostile) },
        { a_missing_file_and_a_folder_are_refused },
        { an_epoch_is_whole_stories_in_another_order },
        { the_order_changes_with_epoch_and_seed },
        { packed_rows_are_cut_from_the_stream },
        { padded_rows_hold_one_story_each },
        { a_step_gives_the_same_batch_from_anywhere, 2 },
        { data_for_less_than_a_batch_is_refused },
        { evaluation_scores_every_token_once, COUNT_OF(shapes) },
    };
    return run_tests_with(&fixture, "data", tests, COUNT_OF(tests));
}
