// Recordings of gatings: what the hook stores, and files, whole and damaged.
#include "reference/circuits/recording.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/sgemm.h"
#include "tests/harness/layer.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include "tests/harness/tiny_model.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { V = 11, T = 6 };

// The dense kinds come first.
static int first_sparse(void) {
    Config kind;
    int variant = 0;
    while (layer_variant(variant, &kind, NULL) && !kind.ffn->sparse) variant++;
    return variant;
}

static TinyModel model_of(int variant) {
    Config kind;
    ck_assert(layer_variant(variant, &kind, NULL));
    Config config = tiny_config(&kind, V, T);
    return tiny_model(&config, 1, 5);
}

static GatingRecord new_record(const Config *config, int tokens) {
    GatingRecord record;
    Error error = { "" };
    ck_assert_msg(gating_record_new(&record, config, tokens, &error), "%s", error.text);
    return record;
}

static void record_pass(GatingRecord *record, TinyModel *tiny) {
    HookList hooks = one_hook(gating_record_hook, record);
    model_hooks(tiny->activations, &hooks);
    tiny_forward(tiny);
}

static GatingRecord recorded(int variant) {
    TinyModel tiny = model_of(variant);
    GatingRecord record = new_record(&tiny.model.config, T);
    record_pass(&record, &tiny);
    tiny_free(&tiny);
    return record;
}

// ---- the hook

// The record's entries of a token are the gating's, and NO_EXPERT after them.
static void check_token(const GatingRecord *record, int t, int layer, const Gating *gating,
                        int row) {
    size_t size = (size_t)record->C * (size_t)record->K, count = size, first = (size_t)row * size;
    if (gating->start != NULL) {
        first = (size_t)gating->start[row];
        count = (size_t)gating->start[row + 1] - first;
    }
    size_t entry = gating_record_entry(record, t, layer, 0);
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(record->index[entry + i],
                         i < count ? gating->index[first + i] : NO_EXPERT);
        ck_assert(record->score[entry + i] == (i < count ? gating->score[first + i] : 0.0f));
    }
}

static void check_record(const GatingRecord *record, const TinyModel *tiny) {
    for (int t = 0; t < record->T && record->first + t < T; t++) {
        int row = record->first + t;
        ck_assert_int_eq(record->tokens[t], tiny->inputs[row]);
        for (int l = 0; l < record->L; l++) {
            Gating gating = model_gating(tiny->activations, l);
            check_token(record, t, l, &gating, row);
        }
    }
}

START_TEST(the_hook_records_what_was_selected)
{
    TinyModel tiny = model_of(_i);
    const Config *config = &tiny.model.config;
    Gating shape = ffn_gating(config, NULL, 1);
    // All; the text after TOKEN_END; a part; more than there is.
    static const int firsts[] = { 0, 1, 2, 3 }, counts[] = { T, T - 1, 2, T };
    for (int i = 0; i < 4; i++) {
        GatingRecord record = new_record(config, counts[i]);
        ck_assert(record.L == 2 && record.C == shape.C && record.F == shape.F);
        ck_assert_int_eq(record.K, config->ffn->ragged ? config->E : config->K);
        record.first = firsts[i];
        record_pass(&record, &tiny);
        check_record(&record, &tiny);
        for (int t = T - record.first; t < record.T; t++)
            ck_assert_int_eq(record.index[gating_record_entry(&record, t, 0, 0)], NO_EXPERT);
        gating_record_free(&record);
    }
    tiny_free(&tiny);
}
END_TEST

START_TEST(a_dense_model_has_nothing_to_record)
{
    Config config = config_default(ffn_find("mlp"));
    GatingRecord record;
    Error error = { "" };
    ck_assert(!gating_record_new(&record, &config, 1, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "ffn=mlp"));
}
END_TEST

// ---- files

static void write_record(const GatingRecord *record, const char *path) {
    Error error = { "" };
    ck_assert_msg(gating_record_write(record, path, &error), "%s", error.text);
}

START_TEST(a_file_gives_back_the_record)
{
    Error error = { "" };
    Scratch scratch = scratch_new("recording");
    GatingRecord record = recorded(_i), read;
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    write_record(&record, path);
    ck_assert_msg(gating_record_read(&read, path, &error), "%s", error.text);
    ck_assert(config_equal(&read.config, &record.config));
    ck_assert(read.T == T && read.L == record.L && read.C == record.C && read.K == record.K);
    ck_assert(read.F == record.F && read.ragged == record.ragged);
    size_t entries = gating_record_entry(&record, T, 0, 0);
    ck_assert_mem_eq(read.tokens, record.tokens, T * sizeof *read.tokens);
    ck_assert_mem_eq(read.index, record.index, entries * sizeof *read.index);
    ck_assert_mem_eq(read.score, record.score, entries * sizeof *read.score);
    gating_record_free(&read);
    record.T = 2; // the first tokens alone
    write_record(&record, path);
    ck_assert_msg(gating_record_read(&read, path, &error), "%s", error.text);
    ck_assert_int_eq(read.T, 2);
    ck_assert_mem_eq(read.index, record.index, entries / T * 2 * sizeof *read.index);
    gating_record_free(&read);
    gating_record_free(&record);
    scratch_remove(&scratch);
}
END_TEST

static void save(const char *path, const unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

// The error names the file, and nothing is left to free.
static void check_refused(const char *path, const char *what, const char *message) {
    Error error = { "" };
    GatingRecord record;
    ck_assert_msg(!gating_record_read(&record, path, &error), "%s was read", what);
    ck_assert_msg(strstr(error.text, path) != NULL && strstr(error.text, message) != NULL, "%s: %s",
                  what, error.text);
    ck_assert(record.T == 0 && record.index == NULL);
}

START_TEST(a_damaged_file_is_refused)
{
    Scratch scratch = scratch_new("recording");
    GatingRecord record = recorded(layer_variants() - 1);
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    const char *damaged = scratch_path(&scratch, "damaged.safetensors");
    write_record(&record, path);
    FILE *file = fopen(path, "rb");
    unsigned char bytes[1 << 14];
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    ck_assert(size > 600 && size < sizeof bytes);
    char what[64];
    for (size_t cut = 0; cut < size; cut++) {
        save(damaged, bytes, cut);
        snprintf(what, sizeof what, "the first %zu of %zu bytes", cut, size);
        check_refused(damaged, what, "");
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= (unsigned char)(1 << i % 8);
        save(damaged, bytes, size);
        snprintf(what, sizeof what, "byte %zu of %zu flipped", i, size);
        check_refused(damaged, what, "");
        bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    gating_record_free(&record);
    scratch_remove(&scratch);
}
END_TEST

// A recording with one fault, as if written by another program.
typedef struct {
    const char *what, *message;
    void (*plant)(SafeTensor tensors[4], Metadata *ffn, int *count);
} Foreign;

static int32_t values[T * 2 * 2 * 2];
static float floats[T * 2 * 2 * 2];

static void no_score(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)tensors;
    *count = 2;
}
static void no_tokens(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    tensors[0].name = "ids";
}
static void one_more(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    tensors[3] = tensors[0];
    tensors[3].name = "more";
    *count = 4;
}
static void other_dtype(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    tensors[1].dtype = DTYPE_F32;
}
static void other_rank(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    tensors[2].rank = 1;
    tensors[2].shape[0] = T * 2 * 2 * 2;
}
static void other_shape(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    tensors[1].shape[1] = 1;
    tensors[1].shape[2] = 4;
}
static void other_length(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    tensors[0].shape[0] = T - 1;
    tensors[0].count = T - 1;
}
static void dense(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)tensors;
    (void)count;
    ffn->value = "mlp";
}
static void no_kind(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)tensors;
    (void)count;
    ffn->key = "kind";
}
static void large_index(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)tensors;
    (void)ffn;
    (void)count;
    values[T * 8 - 1] = 9;
}
static void negative_index(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)tensors;
    (void)ffn;
    (void)count;
    values[T * 8 - 1] = -2;
}
static void a_gap(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)tensors;
    (void)ffn;
    (void)count;
    values[0] = NO_EXPERT;
}
static void large_token(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    static const int32_t tokens[T] = { 1, 2, 3, 4, 5, V };
    tensors[0].data = tokens;
}
static void negative_token(SafeTensor tensors[4], Metadata *ffn, int *count) {
    (void)ffn;
    (void)count;
    static const int32_t tokens[T] = { 1, 2, 3, 4, 5, -1 };
    tensors[0].data = tokens;
}

static const Foreign foreign[] = {
    { "a file without scores", "score", no_score },
    { "a file without tokens", "not a recording", no_tokens },
    { "one tensor more", "4 tensors", one_more },
    { "indices in floats", "index", other_dtype },
    { "flat scores", "score", other_rank },
    { "another number of layers", "index", other_shape },
    { "fewer tokens", "index", other_length },
    { "a dense model's metadata", "mlp", dense },
    { "no kind in the metadata", "ffn", no_kind },
    { "an index of F", "index[47] is 9", large_index },
    { "an index of -2", "index[47] is -2", negative_index },
    { "an expert after none", "index[1]", a_gap },
    { "a token of V", "tokens[5] is 11", large_token },
    { "a token of -1", "tokens[5] is -1", negative_token },
};
enum { FOREIGN = sizeof foreign / sizeof foreign[0] };

// plant NULL: no fault.
static void write_foreign(const char *path, const Foreign *one) {
    static const int32_t tokens[T] = { 1, 2, 3, 4, 5, 6 };
    Config kind = config_default(ffn_find("sgatlin")), config = tiny_config(&kind, V, T);
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS], *ffn = NULL;
    int count = 3, settings_count = config_settings(&config, settings);
    for (int i = 0; i < settings_count; i++) {
        metadata[i] = (Metadata){ settings[i].name, settings[i].value };
        if (strcmp(settings[i].name, "ffn") == 0) ffn = &metadata[i];
    }
    ck_assert_ptr_nonnull(ffn);
    SafeTensor tensors[4] = { { "tokens", DTYPE_I32, 1, { T }, T, tokens },
                              { "index", DTYPE_I32, 4, { T, 2, 2, 2 }, T * 8, values },
                              { "score", DTYPE_F32, 4, { T, 2, 2, 2 }, T * 8, floats } };
    memset(values, 0, sizeof values);
    if (one != NULL) one->plant(tensors, ffn, &count);
    Error error = { "" };
    ck_assert_msg(safetensors_write(path, tensors, count, metadata, settings_count, &error), "%s",
                  error.text);
}

START_TEST(a_foreign_file_is_refused)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "foreign.safetensors");
    write_foreign(path, &foreign[_i]);
    check_refused(path, foreign[_i].what, foreign[_i].message);
    GatingRecord record;
    Error error = { "" };
    write_foreign(path, NULL);
    ck_assert_msg(gating_record_read(&record, path, &error), "%s", error.text);
    gating_record_free(&record);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_wrong_record_is_not_written)
{
    Scratch scratch = scratch_new("recording");
    const char *path = scratch_path(&scratch, "gatings.safetensors");
    GatingRecord record = recorded(layer_variants() - 1);
    Error error = { "" };
    record.index[3] = record.F;
    ck_assert(!gating_record_write(&record, path, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "index[3]"));
    record.index[3] = 0;
    record.T = 0;
    ck_assert(!gating_record_write(&record, path, &error));
    ck_assert(!path_exists(path));
    record.T = T;
    gating_record_free(&record);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    sgemm_setup();
    parallel_set_threads(1);
    int variants = layer_variants(), first = first_sparse();
    const TestRow tests[] = {
        { the_hook_records_what_was_selected, variants - first, .first = first },
        { a_file_gives_back_the_record, variants - first, .first = first },
        { a_dense_model_has_nothing_to_record },
        { a_damaged_file_is_refused },
        { a_foreign_file_is_refused, FOREIGN },
        { a_wrong_record_is_not_written },
    };
    return run_tests("recording", tests, COUNT_OF(tests));
}
