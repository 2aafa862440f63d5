#include "reference/ffn/ffn.h"
#include "reference/numbers/memory.h"
#include "reference/numbers/random.h"
#include "reference/train/checkpoint.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// A run small enough to be damaged at every byte.
typedef struct {
    Scratch scratch;
    char run[300];
    Tokenizer *tokenizer;
    Model model;
    float *moments; // [2,floats]
    TrainState state;
} Fixture;

static Tokenizer *make_tokenizer(const char *text, int vocabulary) {
    TokenizerTrainer *trainer = tokenizer_trainer_new();
    Error error = { "" };
    ck_assert(trainer != NULL && tokenizer_trainer_add(trainer, text, strlen(text)));
    Tokenizer *tokenizer = tokenizer_trainer_finish(trainer, vocabulary, false, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    tokenizer_trainer_free(trainer);
    return tokenizer;
}

static void setup(Fixture *f) {
    Error error = { "" };
    *f = (Fixture){ .scratch = scratch_new("checkpoint") };
    snprintf(f->run, sizeof f->run, "%s/run", f->scratch.path);
    ck_assert(folder_make(f->run, &error));
    f->tokenizer = make_tokenizer("the turtle was slow, the turtle was slow", 262);
    Config config = { .ffn = ffn_find("sgatlin"),
                      .V = tokenizer_vocabulary(f->tokenizer),
                      .T = 4,
                      .D = 4,
                      .L = 1,
                      .Dh = 2,
                      .F = 4,
                      .C = 1,
                      .K = 2,
                      .Dk = 2 };
    ck_assert_msg(model_new(&f->model, &config, &error), "%s", error.text);
    tensors_init(&f->model.tensors, f->model.parameters, 3);
    const Tensors *tensors = &f->model.tensors;
    f->moments = floats_new(2 * tensors->floats);
    // only the tensors' own elements: what lies between is not saved
    for (int t = 0; t < 2 * tensors->count; t++) {
        const Tensor *tensor = &tensors->items[t % tensors->count];
        size_t offset = tensor->offset + (t < tensors->count ? 0 : tensors->floats);
        for (size_t i = offset; i < offset + tensor->count; i++)
            f->moments[i] = (float)random_uniform(9, i);
    }
    f->state = (TrainState){ .settings = settings_default(),
                             .data = "/where/the/data/is",
                             .train_sum = 0x123,
                             .valid_sum = UINT64_MAX,
                             .tokenizer_hash = tokenizer_hash(f->tokenizer) };
    f->state.settings.steps = 1000000;
    ck_assert(settings_finish(&f->state.settings, 10, &error));
}

static void teardown(Fixture *f) {
    floats_free(f->moments, 2 * f->model.tensors.floats);
    model_free(&f->model);
    tokenizer_free(f->tokenizer);
    scratch_remove(&f->scratch);
}

static void write_step(Fixture *f, int64_t step) {
    Error error = { "" };
    f->state.step = step;
    ck_assert_msg(checkpoint_write(f->run, &f->model, f->moments, &f->state, f->tokenizer, &error),
                  "%s", error.text);
    ck_assert_msg(checkpoint_prune(f->run, CHECKPOINTS_KEPT, &error), "%s", error.text);
}

static bool exists(Fixture *f, const char *name) {
    return path_exists(scratch_path(&f->scratch, name));
}

START_TEST(a_checkpoint_is_read_as_written)
{
    Fixture f;
    setup(&f);
    write_step(&f, 7);
    Error error = { "" };
    Checkpoint checkpoint;
    ck_assert_msg(checkpoint_open(&checkpoint, f.run, &error), "%s", error.text);
    ck_assert(config_equal(&checkpoint.model.config, &f.model.config));
    ck_assert_mem_eq(checkpoint.model.parameters, f.model.parameters,
                     f.model.tensors.floats * sizeof(float));
    TrainState state;
    ck_assert_msg(checkpoint_read_state(&state, checkpoint.path, &error), "%s", error.text);
    ck_assert_int_eq(state.step, 7);
    ck_assert_str_eq(state.data, f.state.data);
    ck_assert(state.train_sum == f.state.train_sum && state.valid_sum == f.state.valid_sum);
    ck_assert_mem_eq(&state.settings, &f.state.settings, sizeof state.settings);
    size_t floats = 2 * f.model.tensors.floats;
    float *moments = floats_new(floats);
    ck_assert_msg(checkpoint_read_moments(moments, &f.model.tensors, &state, checkpoint.path,
                                          &error),
                  "%s", error.text);
    ck_assert_mem_eq(moments, f.moments, floats * sizeof *moments);
    floats_free(moments, floats);
    state_free(&state);
    checkpoint_close(&checkpoint);
    teardown(&f);
}
END_TEST

START_TEST(the_newest_two_are_kept)
{
    Fixture f;
    setup(&f);
    // the last has one digit more than the name is padded to
    const int64_t steps[] = { 0, 5, 10, 999999, 1000000 };
    for (int i = 0; i < 5; i++) write_step(&f, steps[i]);
    ck_assert(!exists(&f, "run/step-000000") && !exists(&f, "run/step-000005") &&
              !exists(&f, "run/step-000010"));
    ck_assert(exists(&f, "run/step-999999") && exists(&f, "run/step-1000000"));
    // Neither what a crash leaves nor another name counts.
    Error error = { "" };
    ck_assert(folder_make(scratch_path(&f.scratch, "run/.step-2000000.partial"), &error));
    ck_assert(folder_make(scratch_path(&f.scratch, "run/step-3000000x"), &error));
    ck_assert(folder_make(scratch_path(&f.scratch, "run/step-0004000000"), &error));
    ck_assert(folder_make(scratch_path(&f.scratch, "run/step--5"), &error));
    char *found = checkpoint_find(f.run, &error);
    ck_assert_str_eq(found, scratch_path(&f.scratch, "run/step-1000000"));
    free(found);
    teardown(&f);
}
END_TEST

// What is written is read back: a state that could not be resumed is an error, and nothing of it
// appears.
START_TEST(a_checkpoint_that_cannot_be_read_is_not_written)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    Error error = { "" };
    f.state.step = f.state.settings.steps + 1;
    ck_assert(!checkpoint_write(f.run, &f.model, f.moments, &f.state, f.tokenizer, &error));
    ck_assert_msg(strstr(error.text, "1000001") != NULL, "%s", error.text);
    char *found = checkpoint_find(f.run, &error);
    ck_assert_str_eq(found, scratch_path(&f.scratch, "run/step-000005"));
    free(found);
    teardown(&f);
}
END_TEST

START_TEST(every_bit_of_a_tensor_is_compared_with_its_file)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    Safetensors file;
    Error error = { "" };
    const Tensors *tensors = &f.model.tensors;
    ck_assert(safetensors_open(&file, scratch_path(&f.scratch, "run/step-000005/model.safetensors"),
                               &error));
    ck_assert_msg(tensors_equal_file(tensors, f.model.parameters, &file, &error), "%s", error.text);
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        float *last = &f.model.parameters[tensor->offset + tensor->count - 1], before = *last;
        *last = nextafterf(before, 9.0f);
        ck_assert(!tensors_equal_file(tensors, f.model.parameters, &file, &error));
        ck_assert_msg(strstr(error.text, tensor->name) != NULL, "%s", error.text);
        *last = before;
    }
    safetensors_close(&file);
    teardown(&f);
}
END_TEST

START_TEST(a_step_is_never_overwritten)
{
    Fixture f;
    setup(&f);
    write_step(&f, 3);
    Error error = { "" };
    ck_assert(!checkpoint_write(f.run, &f.model, f.moments, &f.state, f.tokenizer, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "step-000003"));
    teardown(&f);
}
END_TEST

START_TEST(a_folder_without_checkpoints_is_refused)
{
    Fixture f;
    setup(&f);
    Error error = { "" };
    ck_assert_ptr_null(checkpoint_find(f.run, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "contains no checkpoint"));
    ck_assert_ptr_null(checkpoint_find(scratch_path(&f.scratch, "nowhere"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "nowhere"));
    teardown(&f);
}
END_TEST

// The bytes of a file, in a buffer that is one byte longer.
static char *slurp(const char *path, size_t *size) {
    MappedFile file;
    Error error = { "" };
    ck_assert_msg(file_map(&file, path, &error), "%s", error.text);
    char *bytes = malloc(file.size + 1);
    memcpy(bytes, file.bytes, file.size);
    *size = file.size;
    file_unmap(&file);
    return bytes;
}

static void spill(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static bool read_model_file(Fixture *f, const char *folder, Error *error) {
    (void)f;
    Checkpoint checkpoint;
    if (!checkpoint_open(&checkpoint, folder, error)) return false;
    checkpoint_close(&checkpoint);
    return true;
}

static bool read_optimizer_file(Fixture *f, const char *folder, Error *error) {
    size_t floats = 2 * f->model.tensors.floats;
    float *moments = floats_new(floats);
    bool ok = checkpoint_read_moments(moments, &f->model.tensors, &f->state, folder, error);
    floats_free(moments, floats);
    return ok;
}

static bool read_state_file(Fixture *f, const char *folder, Error *error) {
    (void)f;
    TrainState state;
    if (!checkpoint_read_state(&state, folder, error)) return false;
    state_free(&state);
    return true;
}

// Each file of a checkpoint with the function that reads it, as training does. Not tokenizer.json:
// a flipped bit in a field that we do not use is not seen; its hash covers the fields that we do.
static const struct {
    const char *name;
    bool (*read)(Fixture *f, const char *folder, Error *error);
} files[] = {
    { "model.safetensors", read_model_file },
    { "optimizer.safetensors", read_optimizer_file },
    { "state.json", read_state_file },
};
enum { FILES = sizeof files / sizeof files[0] };

static bool read_all(Fixture *f, Error *error) {
    const char *folder = scratch_path(&f->scratch, "run/step-000009");
    for (int i = 0; i < FILES; i++) {
        if (!files[i].read(f, folder, error)) return false;
    }
    return true;
}

// The file must be refused, with one line that names it.
static void expect_refused(Fixture *f, int file, const char *what, size_t byte) {
    Error error = { "" };
    bool ok = files[file].read(f, scratch_path(&f->scratch, "run/step-000009"), &error);
    ck_assert_msg(!ok, "%s: %s %zu was not detected", files[file].name, what, byte);
    ck_assert_msg(strstr(error.text, files[file].name) != NULL, "%s %zu: %s", what, byte,
                  error.text);
    ck_assert_msg(strchr(error.text, '\n') == NULL, "%s %zu: %s", what, byte, error.text);
}

// Every byte of the JSON (of a tensor file: its header), then every seventh.
static size_t next_byte(const char *bytes, size_t size, size_t i) {
    uint64_t header = size;
    if (bytes[0] != '{') memcpy(&header, bytes, sizeof header);
    return i < sizeof header + header ? i + 1 : i + 7;
}

static void poke(const char *path, size_t i, char byte) {
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert(fseek(file, (long)i, SEEK_SET) == 0 && fputc((unsigned char)byte, file) != EOF);
    ck_assert_int_eq(fclose(file), 0);
}

// One bit of a byte, another one from byte to byte.
START_TEST(every_flipped_bit_is_detected)
{
    Fixture f;
    setup(&f);
    write_step(&f, 9);
    Error error = { "" };
    ck_assert_msg(read_all(&f, &error), "%s", error.text);
    char path[400];
    snprintf(path, sizeof path, "%s/step-000009/%s", f.run, files[_i].name);
    size_t size;
    char *bytes = slurp(path, &size);
    for (size_t i = 0; i < size; i = next_byte(bytes, size, i)) {
        poke(path, i, (char)(bytes[i] ^ 1 << i % 8));
        expect_refused(&f, _i, "a flipped bit of byte", i);
        poke(path, i, bytes[i]);
    }
    ck_assert_msg(read_all(&f, &error), "%s", error.text);
    free(bytes);
    teardown(&f);
}
END_TEST

START_TEST(every_cut_is_detected)
{
    Fixture f;
    setup(&f);
    write_step(&f, 9);
    char path[400];
    snprintf(path, sizeof path, "%s/step-000009/%s", f.run, files[_i].name);
    size_t size;
    char *bytes = slurp(path, &size);
    // the last byte of a JSON file is a newline, which may be missing
    size_t least = bytes[0] == '{' ? 2 : 1;
    for (size_t lost = least; lost <= size; lost += lost < 64 ? 1 : 7) {
        ck_assert_int_eq(truncate(path, (off_t)(size - lost)), 0);
        expect_refused(&f, _i, "a cut at byte", size - lost);
    }
    bytes[size] = 'x'; // slurp's buffer is one byte longer
    spill(path, bytes, size + 1);
    expect_refused(&f, _i, "one more byte at", size);
    ck_assert_int_eq(unlink(path), 0);
    expect_refused(&f, _i, "the absence of all bytes from", 0);
    free(bytes);
    teardown(&f);
}
END_TEST

START_TEST(damage_says_how_to_continue)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    write_step(&f, 9);
    ck_assert_int_eq(truncate(scratch_path(&f.scratch, "run/step-000009/model.safetensors"), 100),
                     0);
    Checkpoint checkpoint;
    Error error = { "" };
    ck_assert(!checkpoint_open(&checkpoint, f.run, &error)); // never silently the older one
    ck_assert_ptr_nonnull(strstr(error.text, "continue from step 5"));
    ck_assert_ptr_nonnull(strstr(error.text, "run/step-000009"));
    ck_assert_msg(checkpoint_open(&checkpoint, scratch_path(&f.scratch, "run/step-000005"), &error),
                  "%s", error.text);
    checkpoint_close(&checkpoint);
    teardown(&f);
}
END_TEST

// A good checkpoint that cannot be read now: no advice to remove it.
START_TEST(only_damage_may_advise_to_remove_a_checkpoint)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    write_step(&f, 9);
    Checkpoint checkpoint;
    Error error = { "" };
    const char *model = scratch_path(&f.scratch, "run/step-000009/model.safetensors"),
               *moved = scratch_path(&f.scratch, "model");
    ck_assert_int_eq(rename(model, moved), 0);
    ck_assert_int_eq(symlink("model.safetensors", model), 0); // too many levels of links
    ck_assert(!checkpoint_open(&checkpoint, f.run, &error));
    ck_assert_msg(strstr(error.text, "rm -r") == NULL, "%s", error.text);
    ck_assert_int_eq(unlink(model), 0);
    ck_assert(!checkpoint_open(&checkpoint, f.run, &error)); // a file that is missing is damage
    ck_assert_msg(strstr(error.text, "rm -r") != NULL, "%s", error.text);
    ck_assert_int_eq(rename(moved, model), 0);
    ck_assert_msg(checkpoint_open(&checkpoint, f.run, &error), "%s", error.text);
    checkpoint_close(&checkpoint);
    teardown(&f);
}
END_TEST

// The settings of a model file are compared with its size before anything is allocated for them.
START_TEST(a_file_too_small_for_its_settings_is_refused)
{
    static const Metadata larger[] = { { "L", "4096" }, { "V", "16777216" }, { "F", "16777216" } };
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    Error error = { "" };
    Safetensors file;
    Checkpoint checkpoint;
    const char *path = scratch_path(&f.scratch, "run/step-000005/model.safetensors");
    ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.text);
    for (int i = 0; i < file.metadata_count; i++) {
        if (strcmp(file.metadata[i].key, larger[_i].key) == 0) file.metadata[i] = larger[_i];
    }
    ck_assert_msg(safetensors_write(path, file.tensors, file.count, file.metadata,
                                    file.metadata_count, &error),
                  "%s", error.text);
    safetensors_close(&file);
    ck_assert(!checkpoint_open(&checkpoint, f.run, &error));
    ck_assert_msg(strstr(error.text, "model of ") != NULL, "%s", error.text);
    ck_assert_msg(strstr(error.text, "too few") != NULL, "%s", error.text);
    teardown(&f);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ // which needs terabytes of address space
START_TEST(too_little_memory_is_not_damage)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    write_step(&f, 9);
    Checkpoint checkpoint;
    Error error = { "" };
    const struct rlimit none = { 0, RLIM_INFINITY };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0); // from here on only what malloc has already
    ck_assert(!checkpoint_open(&checkpoint, f.run, &error));
    const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &all), 0);
    ck_assert_msg(strstr(error.text, "rm -r") == NULL, "%s", error.text);
    teardown(&f);
}
END_TEST
#endif

START_TEST(files_of_different_checkpoints_do_not_mix)
{
    Fixture f;
    setup(&f);
    write_step(&f, 5);
    write_step(&f, 9);
    Error error = { "" };
    const char *const moved[] = { "optimizer.safetensors", "state.json" };
    for (int i = 0; i < 2; i++) {
        char from[64], to[64];
        snprintf(from, sizeof from, "run/step-000005/%s", moved[i]);
        snprintf(to, sizeof to, "run/step-000009/%s", moved[i]);
        size_t size, own_size;
        char *bytes = slurp(scratch_path(&f.scratch, from), &size);
        char *own = slurp(scratch_path(&f.scratch, to), &own_size);
        spill(scratch_path(&f.scratch, to), bytes, size);
        ck_assert(!read_all(&f, &error));
        ck_assert_msg(strstr(error.text, moved[i]) != NULL && strstr(error.text, "step") != NULL,
                      "%s", error.text);
        spill(scratch_path(&f.scratch, to), own, own_size);
        free(bytes);
        free(own);
    }
    Tokenizer *other = make_tokenizer("a dog ran home, a dog ran home", 262);
    ck_assert(
        tokenizer_save(other, scratch_path(&f.scratch, "run/step-000009/tokenizer.json"), &error));
    ck_assert(!read_all(&f, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "tokenizer.json"));
    tokenizer_free(other);
    teardown(&f);
}
END_TEST

static const struct {
    const char *text, *complaint;
} states[] = {
    { "", "" },
    { "null", "is not a JSON object" },
    { "[]", "is not a JSON object" },
    { "{}", "version is missing" },
    { "{\"version\": 2}", "version is 2" },
    { "{\"version\": \"1\"}", "version is not an integer" },
    { "{\"version\": 1}", "settings is missing" },
    { "{\"version\": 1, \"settings\": 3}", "settings is missing or not an object" },
    { "{\"version\": 1, \"version\": 1}", "" },
};

START_TEST(hostile_states_are_named)
{
    TrainState state;
    Error error = { "" };
    ck_assert(!state_parse(&state, states[_i].text, strlen(states[_i].text), "state.json", &error));
    ck_assert_msg(strstr(error.text, states[_i].complaint) != NULL, "%s", error.text);
    ck_assert_int_eq(strncmp(error.text, "state.json", 10), 0);
    ck_assert_ptr_null(state.data);
}
END_TEST

// Each field in turn: missing, of another type, and out of range.
START_TEST(every_field_of_a_state_is_checked)
{
    static const char *const fields[] = { "step",      "settings",       "data", "train_sum",
                                          "valid_sum", "tokenizer_hash", "sum" };
    static const char *const values[] = { NULL,   "null",  "-1",   "1e3",
                                          "\"\"", "\"x\"", "[[]]", "18446744073709551616" };
    Fixture f;
    setup(&f);
    write_step(&f, 9);
    Error error = { "" };
    json_t *whole = json_read_file(scratch_path(&f.scratch, "run/step-000009/state.json"), &error);
    ck_assert_msg(whole != NULL, "%s", error.text);
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 8; j++) {
            json_t *damaged = json_deep_copy(whole), *value = NULL;
            if (values[j] != NULL) value = json_loads(values[j], JSON_DECODE_ANY, NULL);
            if (value != NULL) json_object_set_new(damaged, fields[i], value);
            if (value == NULL) json_object_del(damaged, fields[i]);
            char *text = json_dumps(damaged, 0);
            TrainState state;
            ck_assert(!state_parse(&state, text, strlen(text), "state.json", &error));
            ck_assert_msg(strstr(error.text, fields[i]) != NULL, "%s: %s", text, error.text);
            free(text);
            json_decref(damaged);
        }
    }
    json_decref(whole);
    teardown(&f);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_checkpoint_is_read_as_written },
        { the_newest_two_are_kept },
        { a_checkpoint_that_cannot_be_read_is_not_written },
        { every_bit_of_a_tensor_is_compared_with_its_file },
        { a_step_is_never_overwritten },
        { a_folder_without_checkpoints_is_refused },
        { every_flipped_bit_is_detected, FILES },
        { every_cut_is_detected, FILES },
        { damage_says_how_to_continue },
        { only_damage_may_advise_to_remove_a_checkpoint },
        { a_file_too_small_for_its_settings_is_refused, 3 },
#ifndef __SANITIZE_ADDRESS__
        { too_little_memory_is_not_damage },
#endif
        { files_of_different_checkpoints_do_not_mix },
        { hostile_states_are_named, COUNT_OF(states) },
        { every_field_of_a_state_is_checked },
    };
    return run_tests("checkpoint", tests, COUNT_OF(tests));
}
