// The golden files, and the proof that their checker fails closed: one value of every tensor of
// every file, changed in a copy, must make it fail, and so must NaN, a tensor too many or too few,
// and other settings than the file's own.
#include "reference/check/compare.h"
#include "reference/config/config.h"
#include "reference/numbers/parallel.h"
#include "reference/numbers/random.h"
#include "reference/numbers/sgemm.h"
#include "tests/golden/golden_check.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {
    "tests/golden/ffn/mlp.safetensors",
    "tests/golden/ffn/glu.safetensors",
    "tests/golden/ffn/glu_clamped.safetensors",
    "tests/golden/ffn/moe.safetensors",
    "tests/golden/ffn/moe_balance.safetensors",
    "tests/golden/ffn/choice_token.safetensors",
    "tests/golden/ffn/choice_expert.safetensors",
    "tests/golden/ffn/choice_unified_sequence_1.5.safetensors",
    "tests/golden/ffn/choice_unified_sequence_2.safetensors",
    "tests/golden/ffn/choice_unified_step_1.5.safetensors",
    "tests/golden/ffn/choice_unified_step_2.safetensors",
    "tests/golden/ffn/peer.safetensors",
    "tests/golden/ffn/sgatlin_dense_identity.safetensors",
    "tests/golden/ffn/sgatlin_key_value_identity.safetensors",
    "tests/golden/ffn/sgatlin_product_dense_gelu.safetensors",
    "tests/golden/ffn/sgatlin_product_dense_identity.safetensors",
    "tests/golden/ffn/sgatlin_product_dense_relu.safetensors",
    "tests/golden/ffn/sgatlin_product_dense_swish.safetensors",
    "tests/golden/ffn/sgatlin_product_key_value_identity.safetensors",
    "tests/golden/model/mlp.safetensors",
    "tests/golden/model/glu.safetensors",
    "tests/golden/model/moe.safetensors",
    "tests/golden/model/peer.safetensors",
    "tests/golden/model/sgatlin.safetensors",
};
enum {
    FILES = sizeof files / sizeof files[0],
    FFN_FILES = 19,
    MOST_TENSORS = 256,
    MOST_METADATA = 64
};

static Scratch scratch;
static const char *copy_path;
static FILE *nowhere;

// The copies are thousands of files that are synced: in memory, where the system has such a folder.
static void setup(void) {
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    scratch = scratch_new("golden");
    parallel_set_threads(1); // hundreds of tiny runs; the threads have tests of their own
    copy_path = scratch_path(&scratch, "copy.safetensors");
    nowhere = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(nowhere);
}

static void teardown(void) {
    scratch_remove(&scratch);
    fclose(nowhere);
}

START_TEST(golden_files_pass)
{
    Error error = { "" };
    ck_assert_msg(golden_check(files[_i], &golden_reference, stderr, &error), "%s", error.text);
    ck_assert(golden_applies(files[_i], &golden_reference));
    // the chapters' own tests read the file of the balancing
    bool chapters = strstr(files[_i], "moe_balance") == NULL;
    ck_assert_int_eq(golden_applies(files[_i], &golden_chapters), chapters);
    if (chapters) {
        ck_assert_msg(golden_check(files[_i], &golden_chapters, stderr, &error), "%s", error.text);
    }
}
END_TEST

static int files_in(const char *path) {
    DIR *entries = opendir(path);
    ck_assert_ptr_nonnull(entries);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        count += strstr(entry->d_name, ".safetensors") != NULL;
    closedir(entries);
    return count;
}

START_TEST(every_file_is_listed)
{
    ck_assert_int_eq(files_in("tests/golden/ffn"), FFN_FILES);
    ck_assert_int_eq(files_in("tests/golden/model"), FILES - FFN_FILES);
}
END_TEST

// A copy of a file in memory, to be written with a fault in it.
typedef struct {
    Safetensors file;
    SafeTensor tensors[MOST_TENSORS + 1];
    Metadata metadata[MOST_METADATA];
    int count, metadata_count;
} Copy;

static void copy_open(Copy *copy, const char *path) {
    Error error = { "" };
    ck_assert_msg(safetensors_open(&copy->file, path, &error), "%s", error.text);
    copy->count = copy->file.count;
    copy->metadata_count = copy->file.metadata_count;
    ck_assert_int_lt(copy->count, MOST_TENSORS);
    ck_assert_int_lt(copy->metadata_count, MOST_METADATA);
    memcpy(copy->tensors, copy->file.tensors, (size_t)copy->count * sizeof *copy->tensors);
    memcpy(copy->metadata, copy->file.metadata,
           (size_t)copy->metadata_count * sizeof *copy->metadata);
}

static void copy_write(const Copy *copy) {
    Error error = { "" };
    ck_assert_msg(safetensors_write(copy_path, copy->tensors, copy->count, copy->metadata,
                                    copy->metadata_count, &error),
                  "%s", error.text);
}

static bool copy_passes(const GoldenImplementation *implementation, Error *error) {
    *error = (Error){ "" };
    return golden_check(copy_path, implementation, nowhere, error);
}

static void must_fail(const Copy *copy, const char *what, const char *name) {
    const GoldenImplementation *const all[] = { &golden_reference, &golden_chapters };
    copy_write(copy);
    for (int i = 0; i < COUNT_OF(all); i++) {
        Error error;
        ck_assert_msg(!copy_passes(all[i], &error), "%s: %s of %s was not noticed by the %s",
                      copy->file.path, what, name, all[i]->name);
        ck_assert_msg(strstr(error.text, copy_path) == error.text, "the message names no file: %s",
                      error.text);
    }
}

START_TEST(an_unchanged_copy_passes)
{
    Copy copy;
    Error error;
    copy_open(&copy, files[_i]);
    copy_write(&copy);
    ck_assert_msg(copy_passes(&golden_reference, &error), "%s", error.text);
    safetensors_close(&copy.file);
}
END_TEST

// The first element of a chosen expert's row; a row that was not chosen has no effect on a layer's
// numbers.
static size_t chosen_element(const Copy *copy, const SafeTensor *tensor) {
    const SafeTensor *chosen = safetensors_find(&copy->file, "gating.indices");
    if (chosen == NULL || strstr(tensor->name, "experts.") == NULL) {
        return random_below(random_key(5, tensor->name), 0, tensor->count);
    }
    int32_t index;
    memcpy(&index, chosen->data, sizeof index); // token 0, channel 0, rank 0
    return (size_t)index * (size_t)tensor->shape[tensor->rank - 1];
}

// Changes one element of a copy of the data by a hundredth of the tensor's rms, or an integer by
// one.
static void *change(const SafeTensor *tensor, size_t at, bool plant_nan) {
    size_t size = dtype_size(tensor->dtype);
    unsigned char *bytes = malloc(tensor->count * size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, tensor->data, tensor->count * size);
    if (tensor->dtype == DTYPE_I32) {
        int32_t value;
        memcpy(&value, bytes + at * size, size);
        value += value > 0 ? -1 : 1;
        memcpy(bytes + at * size, &value, size);
        return bytes;
    }
    double *values = malloc(tensor->count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    safetensor_to_doubles(values, tensor);
    values[at] = plant_nan ? NAN : values[at] + 0.01 * root_mean_square(values, tensor->count);
    memcpy(bytes + at * size, &values[at], size);
    free(values);
    return bytes;
}

static void change_every_tensor(const char *path, bool plant_nan) {
    Copy copy;
    copy_open(&copy, path);
    for (int i = 0; i < copy.count; i++) {
        const SafeTensor *whole = &copy.file.tensors[i];
        if (plant_nan && whole->dtype != DTYPE_F64) continue;
        void *data = change(whole, chosen_element(&copy, whole), plant_nan);
        copy.tensors[i].data = data;
        must_fail(&copy, plant_nan ? "NaN in an element" : "a changed element", whole->name);
        copy.tensors[i].data = whole->data;
        free(data);
    }
    safetensors_close(&copy.file);
}

START_TEST(one_changed_value_of_any_tensor_fails)
{ change_every_tensor(files[_i], false); }
END_TEST

START_TEST(nan_in_any_tensor_fails)
{ change_every_tensor(files[_i], true); }
END_TEST

START_TEST(a_missing_tensor_fails)
{
    Copy copy;
    copy_open(&copy, files[_i]);
    for (int i = 0; i < copy.file.count; i++) {
        copy.tensors[i] = copy.file.tensors[copy.file.count - 1]; // the last one takes its place
        copy.count = copy.file.count - 1;
        must_fail(&copy, "the absence", copy.file.tensors[i].name);
        copy.tensors[i] = copy.file.tensors[i];
    }
    safetensors_close(&copy.file);
}
END_TEST

START_TEST(a_tensor_that_no_check_knows_fails)
{
    static const char *const names[] = { "z", "grad.z", "after_5.embedding", "layers.2.after_ffn",
                                         "router.bias" };
    Copy copy;
    copy_open(&copy, files[_i]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        copy.tensors[copy.file.count] = copy.file.tensors[0];
        copy.tensors[copy.file.count].name = names[i];
        copy.count = copy.file.count + 1;
        must_fail(&copy, "the presence", names[i]);
    }
    safetensors_close(&copy.file);
}
END_TEST

START_TEST(another_shape_or_type_fails)
{
    Copy copy;
    copy_open(&copy, files[_i]);
    for (int i = 0; i < copy.count; i++) {
        SafeTensor *tensor = &copy.tensors[i];
        tensor->shape[tensor->rank++] = 1; // as many elements
        must_fail(&copy, "another rank", tensor->name);
        *tensor = copy.file.tensors[i];
        if (tensor->dtype == DTYPE_F64) continue;
        tensor->dtype = DTYPE_F32; // four bytes too
        must_fail(&copy, "another type", tensor->name);
        *tensor = copy.file.tensors[i];
    }
    safetensors_close(&copy.file);
}
END_TEST

// Every entry of the metadata, changed or left out. Those that only say how far a choice was from
// flipping, or that repeat a default, may go.
START_TEST(other_settings_than_the_files_own_fail)
{
    Copy copy;
    copy_open(&copy, files[_i]);
    for (int i = 0; i < copy.file.metadata_count; i++) {
        Metadata whole = copy.file.metadata[i];
        if (strcmp(whole.key, "smallest_gap") == 0) continue;
        static const char *const others[] = { "", "nonsense", "0", "nan", "inf", "17" };
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            copy.metadata[i].value = others[j];
            must_fail(&copy, others[j], whole.key);
        }
        copy.metadata[i] = whole;
        bool has_default = strcmp(whole.value, "product_dense") == 0 ||
                           strcmp(whole.value, "identity") == 0 ||
                           strcmp(whole.value, "token") == 0;
        copy.metadata[i] = copy.file.metadata[copy.file.metadata_count - 1];
        copy.metadata_count = copy.file.metadata_count - 1;
        if (!has_default) must_fail(&copy, "the absence", whole.key);
        copy.metadata[i] = whole;
        copy.metadata_count = copy.file.metadata_count;
    }
    bool routed = safetensors_metadata(&copy.file, "routing") != NULL;
    copy.metadata[copy.metadata_count++] =
        routed ? (Metadata){ "router", "dense" } : (Metadata){ "routing", "expert" };
    must_fail(&copy, "a setting of another kind", copy.metadata[copy.metadata_count - 1].key);
    safetensors_close(&copy.file);
}
END_TEST

START_TEST(other_kinds_and_activations_fail)
{
    static const char *const settings[][2] = { { "ffn", "moe" },
                                               { "ffn", "peer" },
                                               { "ffn", "mlp" },
                                               { "activation", "relu" },
                                               { "router", "dense" } };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        Copy copy;
        copy_open(&copy, "tests/golden/ffn/sgatlin_product_dense_gelu.safetensors");
        for (int j = 0; j < copy.metadata_count; j++) {
            if (strcmp(copy.metadata[j].key, settings[i][0]) == 0)
                copy.metadata[j].value = settings[i][1];
        }
        must_fail(&copy, settings[i][1], settings[i][0]);
        safetensors_close(&copy.file);
    }
}
END_TEST

START_TEST(a_kind_that_is_not_built_in_is_named)
{
    Copy copy;
    Error error;
    copy_open(&copy, files[0]);
    for (int j = 0; j < copy.metadata_count; j++) {
        if (strcmp(copy.metadata[j].key, "ffn") == 0) copy.metadata[j].value = "other";
    }
    copy_write(&copy);
    ck_assert(!copy_passes(&golden_reference, &error));
    ck_assert_ptr_nonnull(
        strstr(error.text, "kind other is not built in: kinds are mlp, glu, moe, peer, sgatlin"));
    safetensors_close(&copy.file);
}
END_TEST

START_TEST(other_files_than_golden_ones_fail)
{
    static const char *const paths[] = { "tests/golden/none.safetensors", "tests/golden",
                                         "Makefile", "/dev/null" };
    Error error = { "" };
    ck_assert(!golden_check(paths[_i], &golden_reference, nowhere, &error));
    ck_assert(strstr(error.text, paths[_i]) != NULL);
    ck_assert(!golden_applies(paths[_i], &golden_reference));
}
END_TEST

// The checker reads the settings one by one; a checkpoint's reader must come to the same.
START_TEST(model_settings_read_as_a_checkpoints)
{
    Safetensors file;
    Error error = { "" };
    Config config;
    ck_assert_msg(safetensors_open(&file, files[FFN_FILES + _i], &error), "%s", error.text);
    ck_assert_msg(ffn_config_from_metadata(&config, &file, &error), "%s", error.text);
    ck_assert_int_eq(config.V, 41);
    ck_assert_int_eq(config.L, 2);
    ck_assert_int_eq(config.Dh, 8);
    ck_assert_str_eq(config.ffn->name, safetensors_metadata(&file, "ffn"));
    safetensors_close(&file);
}
END_TEST

int main(void) {
    sgemm_setup();
    static const TestFixture fixture = { setup, teardown };
    const TestRow tests[] = {
        { every_file_is_listed },
        { golden_files_pass, FILES },
        { model_settings_read_as_a_checkpoints, FILES - FFN_FILES },
        { an_unchanged_copy_passes, FILES },
        { one_changed_value_of_any_tensor_fails, FILES },
        { nan_in_any_tensor_fails, FILES },
        { a_missing_tensor_fails, FILES },
        { a_tensor_that_no_check_knows_fails, FILES },
        { another_shape_or_type_fails, FILES },
        { other_settings_than_the_files_own_fail, FILES },
        { other_kinds_and_activations_fail },
        { a_kind_that_is_not_built_in_is_named },
        { other_files_than_golden_ones_fail, 4 },
    };
    return run_tests_with(&fixture, "golden", tests, COUNT_OF(tests));
}
