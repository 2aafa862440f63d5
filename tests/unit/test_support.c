#include "reference/io/files.h"
#include "reference/io/json.h"
#include "reference/io/safetensors.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static Error error;

static void write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void check_content(const char *path, const char *expected) {
    MappedFile file;
    ck_assert_msg(file_map(&file, path, &error), "%s", error.text);
    ck_assert_uint_eq(file.size, strlen(expected));
    ck_assert_mem_eq(file.bytes, expected, file.size);
    file_unmap(&file);
}

static int count_entries(const char *path) {
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count - 2; // . and ..
}

static void check_said(const char *fragment) {
    ck_assert_msg(strstr(error.text, fragment) != NULL, "expected \"%s\" in \"%s\"", fragment,
                  error.text);
    ck_assert_msg(strchr(error.text, '\n') == NULL, "more than one line: %s", error.text);
}

// --- files ---

START_TEST(a_file_appears_only_when_committed)
{
    Scratch scratch = scratch_new("files");
    const char *path = scratch_path(&scratch, "a.txt");
    OutputFile out;
    ck_assert_msg(output_open(&out, path, &error), "%s", error.text);
    fputs("one", out.stream);
    ck_assert(!path_exists(path));
    // hidden, and no name that any code looks for
    ck_assert_ptr_null(strstr(out.temporary, "/a.txt"));
    ck_assert_msg(output_commit(&out, &error), "%s", error.text);
    check_content(path, "one");

    ck_assert(output_open(&out, path, &error));
    fputs("two", out.stream);
    output_discard(&out);
    check_content(path, "one");

    ck_assert(output_open(&out, path, &error));
    fputs("three", out.stream);
    ck_assert(output_commit(&out, &error));
    check_content(path, "three");
    ck_assert_int_eq(count_entries(scratch.path), 1);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(impossible_outputs_are_refused)
{
    Scratch scratch = scratch_new("files");
    OutputFile out;
    ck_assert(!output_open(&out, scratch.path, &error));
    check_said("is a folder");
    ck_assert(!output_open(&out, "/dev/null", &error));
    check_said("device");
    ck_assert(!output_open(&out, scratch_path(&scratch, "no/a.txt"), &error));
    check_said("does not exist");
    ck_assert(!output_open(&out, "", &error));
    check_said("name of an output file is empty");
    ck_assert_int_eq(count_entries(scratch.path), 0);
    scratch_remove(&scratch);
}
END_TEST

// A limit on the size of files fails like a full disk: some write of the stream, or none before
// fflush.
START_TEST(a_full_disk_leaves_the_old_file)
{
    Scratch scratch = scratch_new("full");
    const char *path = scratch_path(&scratch, "a.bin");
    write_bytes(path, "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, tiny;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = before;
    tiny.rlim_cur = 10000;
    for (size_t size = 10001; size < 200000; size *= 3) {
        OutputFile out;
        ck_assert(output_open(&out, path, &error));
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
        for (size_t i = 0; i < size; i++) fputc('x', out.stream);
        bool committed = output_commit(&out, &error);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
        ck_assert(!committed);
        check_said("a.bin: cannot be written");
        check_said("bytes are free");
        check_said("File too large");
        check_said("the size limit of files was reached");
        ck_assert_ptr_null(strstr(error.text, "free some space"));
        check_content(path, "old");
        ck_assert_int_eq(count_entries(scratch.path), 1);
    }
    scratch_remove(&scratch);
}
END_TEST

// A process that has begun to write a file and a folder. Kill it with SIGKILL.
static pid_t start_writing(const char *file, const char *folder) {
    int ends[2];
    char begun = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        OutputFile out;
        OutputFolder in;
        begun = output_open(&out, file, NULL) && output_folder_open(&in, folder, NULL);
        if (write(ends[1], &begun, 1) != 1) _exit(1);
        for (;;) pause();
    }
    ck_assert(read(ends[0], &begun, 1) == 1 && begun);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void kill_writing(pid_t process) {
    ck_assert_int_eq(kill(process, SIGKILL), 0);
    ck_assert_int_eq(waitpid(process, NULL, 0), process);
}

START_TEST(leftovers_of_the_dead_are_removed)
{
    Scratch scratch = scratch_new("leftover");
    const char *a = scratch_path(&scratch, "a"), *run = scratch_path(&scratch, "run");
    OutputFile file;
    OutputFolder folder;
    write_bytes(scratch_path(&scratch, ".partial"), "x", 1); // not a temporary
    write_bytes(scratch_path(&scratch, ".a.part"), "x", 1);
    write_bytes(scratch_path(&scratch, "a.partial"), "x", 1);

    pid_t writer = start_writing(a, run);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    ck_assert(!output_open(&file, a, &error));
    check_said("a: another process is writing it");
    check_said("/.a.partial)");
    ck_assert(!output_folder_open(&folder, run, &error));
    check_said("run: another process is writing it");
    folder_clear(scratch.path);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    kill_writing(writer);
    ck_assert_int_eq(count_entries(scratch.path), 5);
    folder_clear(scratch.path);
    ck_assert_int_eq(count_entries(scratch.path), 3);

    kill_writing(start_writing(a, run));
    write_bytes(scratch_path(&scratch, ".run.partial/b"), "x", 1);
    ck_assert_msg(output_open(&file, a, &error), "%s", error.text);
    fputs("new", file.stream);
    ck_assert(output_commit(&file, &error));
    check_content(a, "new");
    ck_assert_msg(output_folder_open(&folder, run, &error), "%s", error.text);
    ck_assert_int_eq(count_entries(folder.temporary), 0);
    output_folder_discard(&folder);
    ck_assert_int_eq(count_entries(scratch.path), 4);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(a_folder_appears_whole_or_not_at_all)
{
    Scratch scratch = scratch_new("folder");
    const char *path = scratch_path(&scratch, "step-000001");
    OutputFolder out;
    ck_assert_msg(output_folder_open(&out, path, &error), "%s", error.text);
    ck_assert(!path_exists(path));
    // nothing but whole checkpoints is named so
    ck_assert_ptr_null(strstr(out.temporary, "/step-"));
    char *inside = path_join(out.temporary, "a.txt");
    write_bytes(inside, "one", 3);
    free(inside);
    ck_assert_msg(output_folder_commit(&out, &error), "%s", error.text);
    check_content(scratch_path(&scratch, "step-000001/a.txt"), "one");

    ck_assert(!output_folder_open(&out, path, &error));
    check_said("already exists");
    check_content(scratch_path(&scratch, "step-000001/a.txt"), "one");

    const char *late = scratch_path(&scratch, "step-000002/");
    ck_assert(output_folder_open(&out, late, &error));
    ck_assert(folder_make(late, &error)); // another process was faster
    ck_assert(!output_folder_commit(&out, &error));
    check_said("already exists");
    ck_assert_int_eq(count_entries(scratch.path), 2);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(folders_and_paths)
{
    Scratch scratch = scratch_new("paths");
    const char *deep = scratch_path(&scratch, "a/b//c/");
    ck_assert_msg(folder_make(deep, &error), "%s", error.text);
    ck_assert(folder_make(deep, &error));
    ck_assert(path_is_folder(deep));
    const char *file = scratch_path(&scratch, "f");
    write_bytes(file, "", 0);
    ck_assert(!folder_make(scratch_path(&scratch, "f/g"), &error));
    check_said("cannot create the folder");
    ck_assert(!folder_remove(file, &error));
    check_said("is not a folder");
    ck_assert(!folder_remove(scratch_path(&scratch, "a"), &error)); // contains a folder
    ck_assert(folder_remove(deep, &error));
    ck_assert(!path_exists(deep));

    MappedFile mapped;
    ck_assert(file_map(&mapped, file, &error));
    ck_assert_ptr_null(mapped.bytes);
    file_unmap(&mapped);
    ck_assert(!file_map(&mapped, scratch.path, &error));
    check_said("is a folder");
    ck_assert(!file_map(&mapped, scratch_path(&scratch, "none"), &error));
    check_said("No such file");

    static const char *joins[][3] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "/", "b", "/b" }, { "", "b", "b" }
    };
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        char *joined = path_join(joins[i][0], joins[i][1]);
        ck_assert_str_eq(joined, joins[i][2]);
        free(joined);
    }
    ck_assert_uint_ne(disk_free("/"), UINT64_MAX);
    ck_assert_uint_eq(disk_free(scratch_path(&scratch, "not/there/yet")) / 1000000000,
                      disk_free(scratch.path) / 1000000000);
    ck_assert(disk_check(scratch.path, 1, &error));
    ck_assert(!disk_check(scratch.path, UINT64_MAX - 1, &error));
    check_said("of disk space needed");
    scratch_remove(&scratch);
}
END_TEST

// --- JSON ---

static const struct {
    const char *text, *said; // said NULL: is read
} json_cases[] = {
    { "{\"a\":[1,2.5,\"x\\u0000y\"]}", NULL },
    { "\"alone\"", NULL },
    { " [9007199254740993] ", NULL },
    { "", "where: line" },
    { "{\"a\":1,\"a\":2}", "duplicate" },
    { "[1] 2", "end of file expected" },
    { "{\"a\":\n  tru}", "line 2, column" },
    { "[\"\xff\"]", "unable to decode byte 0xff" },
    { "[\"\xed\xa0\x80\"]", "unable to decode byte 0xed" },
    { "[1", "where: line 1" },
    { "[NaN]", "where: line 1" },
};

START_TEST(json_is_accepted_or_refused)
{
    const char *text = json_cases[_i].text, *said = json_cases[_i].said;
    json_t *value = json_parse(text, strlen(text), "where", &error);
    ck_assert_msg((value != NULL) == (said == NULL), "%s", text);
    if (said != NULL) check_said(said);
    json_decref(value);
}
END_TEST

static int allocations_left;
static void *allocate_some(size_t size) { return allocations_left-- > 0 ? malloc(size) : NULL; }

// Whichever allocation fails, the message has a reason.
START_TEST(json_that_does_not_fit_in_memory)
{
    static const char text[] = "{\"a\": [1, 2.5, \"x\", null]}";
    json_malloc_t allocate;
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    json_t *value = NULL;
    int failures = 0, named = 0;
    for (; value == NULL; failures++) {
        allocations_left = failures;
        json_set_alloc_funcs(allocate_some, free);
        value = json_parse(text, sizeof text - 1, "where", &error);
        json_set_alloc_funcs(allocate, release);
        if (value != NULL) break;
        named += strstr(error.text, "where: out of memory") != NULL;
        ck_assert_msg(error.text[strlen(error.text) - 1] != ' ', "%s", error.text);
    }
    ck_assert_int_eq(named, failures);
    ck_assert_int_gt(failures, 5);
    json_decref(value);
}
END_TEST

// Whichever allocation fails, a text is whole or not there.
START_TEST(json_text_that_does_not_fit_in_memory)
{
    static const char text[] = "{\"a\":\"0123456789abcdef\",\"b\":[1,22,333,4444,55555]}";
    json_malloc_t allocate;
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    json_t *value = json_parse(text, sizeof text - 1, "where", &error);
    char *written = NULL;
    int failures = 0;
    for (; written == NULL; failures++) {
        allocations_left = failures;
        json_set_alloc_funcs(allocate_some, free);
        written = json_text(value, JSON_COMPACT);
        json_set_alloc_funcs(allocate, release);
    }
    ck_assert_str_eq(written, text);
    ck_assert_int_gt(failures, 2);
    free(written);
    json_decref(value);
}
END_TEST

START_TEST(json_depth_is_limited)
{
    for (int depth = 60; depth < 70; depth++) {
        char text[200] = "\"";
        memset(text + 1, '[', 70); // brackets in a string are not depth
        size_t used = 71;
        text[used++] = '"';
        json_t *value = json_parse(text, used, "where", &error);
        ck_assert_ptr_nonnull(value);
        json_decref(value);
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        value = json_parse(text, (size_t)depth * 2, "where", &error);
        ck_assert_int_eq(value != NULL, depth <= 64);
        if (value == NULL) check_said("nested deeper than 64");
        json_decref(value);
    }
}
END_TEST

START_TEST(json_is_written_sorted_and_read_again)
{
    Scratch scratch = scratch_new("json");
    const char *path = scratch_path(&scratch, "a.json");
    json_t *value = json_pack("{s:i, s:s}", "z", 1, "a", "\xc3\xa9\n");
    ck_assert_msg(json_write_file(path, value, &error), "%s", error.text);
    check_content(path, "{\n  \"a\": \"\xc3\xa9\\n\",\n  \"z\": 1\n}\n");
    json_t *again = json_read_file(path, &error);
    ck_assert(json_equal(value, again));
    json_decref(value);
    json_decref(again);
    ck_assert_ptr_null(json_read_file(scratch_path(&scratch, "none"), &error));
    scratch_remove(&scratch);
}
END_TEST

START_TEST(json_builders_remember_failure)
{
    json_t *object = json_object(), *array = json_array();
    json_add_item(&array, json_integer(1));
    json_add_item(&array, json_hex(UINT64_MAX));
    json_add(&object, "a", array);
    json_add(&object, "b", json_true());
    char *text = json_dumps(object, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"a\":[1,\"ffffffffffffffff\"],\"b\":true}");
    free(text);
    json_add(&object, "c", json_string("\xff")); // not UTF-8: json_string returns NULL
    ck_assert_ptr_null(object);
    json_add(&object, "d", json_integer(1));
    ck_assert_ptr_null(object);
    array = json_array();
    json_add_item(&array, NULL);
    json_add_item(&array, json_integer(1));
    ck_assert_ptr_null(array);
}
END_TEST

// --- safetensors ---

static const uint8_t bytes_data[3] = { 1, 2, 255 };
static const uint16_t half_data[1] = { 65535 };
static const float float_data[6] = { 0.5f, -1, 2, 3, 4, 1e30f };
static const double double_data[1] = { 0.1 };
static const int64_t long_data[2] = { -7, INT64_C(1) << 40 };
static const int32_t int_data[2] = { -5, 2147483647 };
static const SafeTensor samples[] = {
    { .name = "bytes",
      .dtype = DTYPE_U8,
      .rank = 1,
      .shape = { 3 },
      .count = 3,
      .data = bytes_data },
    { .name = "half",
      .dtype = DTYPE_U16,
      .rank = 1,
      .shape = { 1 },
      .count = 1,
      .data = half_data },
    { .name = "layers.0.w",
      .dtype = DTYPE_F32,
      .rank = 2,
      .shape = { 2, 3 },
      .count = 6,
      .data = float_data },
    { .name = "scalar", .dtype = DTYPE_F64, .rank = 0, .count = 1, .data = double_data },
    { .name = "empty", .dtype = DTYPE_F32, .rank = 2, .shape = { 0, 3 }, .count = 0, .data = NULL },
    { .name = "long \"q\"",
      .dtype = DTYPE_I64,
      .rank = 1,
      .shape = { 2 },
      .count = 2,
      .data = long_data },
    { .name = "int", .dtype = DTYPE_I32, .rank = 1, .shape = { 2 }, .count = 2, .data = int_data },
};
enum { SAMPLES = sizeof samples / sizeof *samples };
static const Metadata pairs[] = { { "D", "64" }, { "note", "na\xc3\xafve\n" } };

static bool same_content(const Safetensors *file) {
    if (file->count != SAMPLES || file->metadata_count != 2) return false;
    for (int i = 0; i < SAMPLES; i++) {
        const SafeTensor *found = safetensors_find(file, samples[i].name), *expected = &samples[i];
        if (found == NULL || found->dtype != expected->dtype || found->rank != expected->rank)
            return false;
        if (found->count != expected->count ||
            memcmp(found->shape, expected->shape, sizeof expected->shape) != 0) {
            return false;
        }
        size_t size = expected->count * dtype_size(expected->dtype);
        if (size > 0 && memcmp(found->data, expected->data, size) != 0) return false;
    }
    for (int i = 0; i < 2; i++) {
        const char *value = safetensors_metadata(file, pairs[i].key);
        if (value == NULL || strcmp(value, pairs[i].value) != 0) return false;
    }
    return true;
}

START_TEST(safetensors_round_trip)
{
    Scratch scratch = scratch_new("safetensors");
    const char *path = scratch_path(&scratch, "a.safetensors"),
               *again = scratch_path(&scratch, "b.safetensors");
    Safetensors file, copy;
    ck_assert_msg(safetensors_write(path, samples, SAMPLES, pairs, 2, &error), "%s", error.text);
    ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.text);
    ck_assert(same_content(&file));
    for (int i = 0; i < file.count; i++) {
        ck_assert_uint_eq((uintptr_t)file.tensors[i].data % dtype_size(file.tensors[i].dtype), 0);
    }
    ck_assert_ptr_null(safetensors_find(&file, "none"));
    ck_assert_ptr_null(safetensors_metadata(&file, "xxh3.header"));
    // what was read can be written again as it is
    ck_assert(safetensors_write(again, file.tensors, file.count, file.metadata, file.metadata_count,
                                &error));
    ck_assert(safetensors_open(&copy, again, &error));
    ck_assert(same_content(&copy));
    safetensors_close(&copy);
    safetensors_close(&file);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(elements_are_converted)
{
    float floats[6];
    double doubles[6];
    int32_t ints[3];
    safetensor_to_floats(floats, &samples[2]);
    ck_assert_mem_eq(floats, float_data, sizeof float_data);
    safetensor_to_doubles(doubles, &samples[2]);
    for (int i = 0; i < 6; i++) ck_assert(doubles[i] == (double)float_data[i]);
    safetensor_to_floats(floats, &samples[3]);
    ck_assert(floats[0] == 0.1f);
    safetensor_to_floats(floats, &samples[0]);
    ck_assert(floats[2] == 255.0f);
    safetensor_to_ints(ints, &samples[0]);
    ck_assert_int_eq(ints[2], 255);
    safetensor_to_ints(ints, &samples[1]);
    ck_assert_int_eq(ints[0], 65535);
    safetensor_to_ints(ints, &samples[5]);
    ck_assert_int_eq(ints[0], -7);
    ck_assert_int_eq(ints[1], INT32_MAX);
    safetensor_to_ints(ints, &samples[6]);
    ck_assert_int_eq(ints[1], 2147483647);
    safetensor_to_doubles(doubles, &samples[5]);
    ck_assert(doubles[1] == 0x1p40);
}
END_TEST

static void write_raw(const char *path, const char *header, uint64_t length, size_t data) {
    static const char zeros[256];
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(&length, sizeof length, 1, file);
    fputs(header, file);
    fwrite(zeros, 1, data, file);
    fclose(file);
}

#define TENSOR(dtype, shape, begin, end) \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"
#define EIGHT     "\"a\":" TENSOR("F32", "[2]", "0", "8")
#define HUGE_SIZE "4611686018427387904" // 2^62

static const struct {
    const char *header;
    size_t data;
    const char *said; // NULL: is read
} headers[] = {
    { "{" EIGHT "}", 8, NULL },
    { "{}", 0, NULL },
    { "{" EIGHT "}   ", 8, NULL },
    { "{\"__metadata__\":{\"k\":\"v\"}," EIGHT "}", 8, NULL },
    { "{\"e\":" TENSOR("F32", "[0]", "0", "0") "," EIGHT
                                               ",\"f\":" TENSOR("U8", "[2,0]", "8", "8") "}",
      8, NULL },
    { "{" EIGHT "}", 9, "1 bytes of data belong to no tensor" },
    { "{" EIGHT "}", 7, "tensor 'a': data_offsets 0 to 8 are outside" },
    { "{" EIGHT "," EIGHT "}", 8, "duplicate" },
    { "{" EIGHT ",\"b\":" TENSOR("F32", "[2]", "0", "8") "}", 8, "overlap" },
    { "{" EIGHT ",\"b\":" TENSOR("F32", "[2]", "4", "12") "}", 12, "tensor 'b'" },
    { "{" EIGHT ",\"b\":" TENSOR("U8", "[2]", "10", "12") "}", 12, "gap" },
    { "{\"a\":" TENSOR("F32", "[2]", "1", "9") "}", 9, "gap" },
    { "{\"a\":" TENSOR("F32", "[2]", "8", "0") "}", 8, "outside" },
    { "{\"a\":" TENSOR("F32", "[2]", "-8", "0") "}", 8, "outside" },
    { "{\"a\":" TENSOR("F32", "[2]", "0", "9223372036854775807") "}", 8, "outside" },
    { "{\"a\":" TENSOR("F32", "[2]", "0", "9223372036854775808") "}", 8, "line 1" },
    { "{\"a\":" TENSOR("F32", "[3]", "0", "8") "}", 8, "span 8 bytes, shape and dtype need 12" },
    { "{\"a\":" TENSOR("F32", "[" HUGE_SIZE "]", "0", "8") "}", 8,
      "larger than the address space" },
    { "{\"a\":" TENSOR("F32", "[" HUGE_SIZE ",4]", "0", "0") "}", 0,
      "larger than the address space" },
    { "{\"a\":" TENSOR("F32", "[" HUGE_SIZE ",4,0]", "0", "0") "}", 0,
      "larger than the address space" },
    { "{\"a\":" TENSOR("F32", "[4294967296,4294967296]", "0", "0") "}", 0,
      "larger than the address space" },
    { "{\"a\":" TENSOR("F32", "[-2]", "0", "8") "}", 8, "dimension 0 is not a size" },
    { "{\"a\":" TENSOR("F32", "[2.0]", "0", "8") "}", 8, "dimension 0 is not a size" },
    { "{\"a\":" TENSOR("F32", "[1,1,1,1,1,1,1,1,2]", "0", "8") "}", 8, "9 dimensions" },
    { "{\"a\":" TENSOR("F32", "2", "0", "8") "}", 8, "no shape" },
    { "{\"a\":" TENSOR("BF16", "[4]", "0", "8") "}", 8,
      "tensor 'a': dtype 'BF16' is not supported" },
    { "{\"a\":" TENSOR("F3\\n", "[2]", "0", "8") "}", 8, "dtype '?'" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "must be two integers" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8,
      "nothing else" },
    { "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, "no dtype" },
    { "{\"a\":3}", 0, "expected dtype, shape" },
    { "{\"a\\n\":3}", 0, "control characters" },
    { "{\"a\\u0000b\":3}", 0, "line 1" },
    { "[]", 0, "does not begin with '{'" },
    { "   {}", 0, "does not begin with '{'" },
    { "", 0, "does not begin with '{'" },
    { "{}{}", 0, "end of file expected" },
    { "{" EIGHT, 8, "line 1" },
    { "{\"__metadata__\":[]}", 0, "__metadata__ is not an object" },
    { "{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k' is not a string" },
    { "{\"__metadata__\":{\"k\":\"a\\u0000b\"}}", 0,
      "metadata 'k' is not a string, or contains NUL" },
    { "{\"__metadata__\":{\"xxh3.a\":\"0000000000000000\"}," EIGHT "}", 8,
      "not one of its header" },
    { "{\"__metadata__\":{\"xxh3.header\":\"0000000000000000\"}," EIGHT "}", 8,
      "the header's XXH3 hash is" },
    { "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0,
      "nested deeper" },
};

START_TEST(headers_accepted_and_refused)
{
    Scratch scratch = scratch_new("hostile");
    const char *path = scratch_path(&scratch, "a.safetensors"), *said = headers[_i].said;
    write_raw(path, headers[_i].header, strlen(headers[_i].header), headers[_i].data);
    Safetensors file;
    bool opened = safetensors_open(&file, path, &error);
    ck_assert_msg(opened == (said == NULL), "%s: %s", headers[_i].header,
                  opened ? "was read" : error.text);
    if (opened) safetensors_close(&file);
    if (!opened) {
        check_said(said);
        check_said("a.safetensors: ");
        ck_assert_ptr_null(file.tensors); // nothing is left
    }
    scratch_remove(&scratch);
}
END_TEST

START_TEST(impossible_header_lengths)
{
    Scratch scratch = scratch_new("lengths");
    const char *path = scratch_path(&scratch, "a.safetensors");
    static const uint64_t lengths[] = { 3, 100000001, UINT64_MAX, UINT64_MAX - 7,
                                        UINT64_C(1) << 63 };
    Safetensors file;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_raw(path, "{}", lengths[i], 0);
        ck_assert(!safetensors_open(&file, path, &error));
        check_said("a header of");
    }
    for (size_t size = 0; size < 8; size++) {
        write_bytes(path, "\2\0\0\0\0\0\0", size);
        ck_assert(!safetensors_open(&file, path, &error));
        check_said("too short");
    }
    // a header past the limit in a file that (with a hole) is long enough
    write_raw(path, "{}", 100000001, 0);
    ck_assert_int_eq(truncate(path, 200000000), 0);
    ck_assert(!safetensors_open(&file, path, &error));
    check_said("at most 100000000");
    scratch_remove(&scratch);
}
END_TEST

// Every bit of a small file flipped, and every shorter file: refused, or read as the same content.
START_TEST(damage_is_found)
{
    Scratch scratch = scratch_new("damage");
    const char *path = scratch_path(&scratch, "a.safetensors"),
               *bad = scratch_path(&scratch, "b.safetensors");
    ck_assert(safetensors_write(path, samples, SAMPLES, pairs, 2, &error));
    MappedFile whole;
    ck_assert(file_map(&whole, path, &error));
    unsigned char *bytes = malloc(whole.size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, whole.bytes, whole.size);
    Safetensors file;
    for (size_t i = 0; i < whole.size * 8; i++) {
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        write_bytes(bad, bytes, whole.size);
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        if (!safetensors_open(&file, bad, &error)) continue;
        ck_assert_msg(same_content(&file), "bit %zu of byte %zu", i % 8, i / 8);
        safetensors_close(&file);
    }
    for (size_t size = 0; size < whole.size; size++) {
        write_bytes(bad, bytes, size);
        ck_assert_msg(!safetensors_open(&file, bad, &error), "cut to %zu bytes", size);
    }
    // damage to data names the tensor: the last byte belongs to the bytes, the smallest elements
    bytes[whole.size - 1] ^= 1;
    write_bytes(bad, bytes, whole.size);
    ck_assert(!safetensors_open(&file, bad, &error));
    check_said("tensor 'bytes': its XXH3 hash is");
    free(bytes);
    file_unmap(&whole);
    scratch_remove(&scratch);
}
END_TEST

// Writes our file of the tensors "a" and "b" of one size as another library may: their data in the
// other order, and the metadata but for the keys that begin with `without`.
static void save_swapped(const char *path, const char *from, const char *without) {
    MappedFile ours;
    uint64_t length;
    ck_assert(file_map(&ours, from, &error));
    memcpy(&length, ours.bytes, sizeof length);
    const unsigned char *data = ours.bytes + sizeof length + length;
    size_t size = (ours.size - sizeof length - length) / 2;
    json_t *header = json_parse((const char *)ours.bytes + sizeof length, length, "header", &error);
    ck_assert_ptr_nonnull(header);
    json_t *a = json_object_get(header, "a"), *b = json_object_get(header, "b"),
           *metadata = json_object_get(header, "__metadata__");
    json_t *offsets = json_incref(json_object_get(a, "data_offsets"));
    json_object_set(a, "data_offsets", json_object_get(b, "data_offsets"));
    json_object_set_new(b, "data_offsets", offsets);
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(metadata, next, key, value) {
        if (strncmp(key, without, strlen(without)) == 0) json_object_del(metadata, key);
    }
    char *text = json_dumps(header, JSON_COMPACT);
    ck_assert_ptr_nonnull(text);
    FILE *out = fopen(path, "wb");
    ck_assert_ptr_nonnull(out);
    length = strlen(text);
    fwrite(&length, sizeof length, 1, out);
    fwrite(text, 1, length, out);
    fwrite(data + size, 1, size, out);
    fwrite(data, 1, size, out);
    ck_assert_int_eq(fclose(out), 0);
    free(text);
    json_decref(header);
    file_unmap(&ours);
}

START_TEST(files_that_another_library_saved)
{
    Scratch scratch = scratch_new("other");
    const char *path = scratch_path(&scratch, "a.safetensors"),
               *other = scratch_path(&scratch, "b.safetensors");
    SafeTensor two[] = { samples[2], samples[2] };
    float others[6] = { 1, 2, 3, 4, 5, 6 };
    two[0].name = "a";
    two[1].name = "b";
    two[1].data = others;
    ck_assert(safetensors_write(path, two, 2, pairs, 2, &error));
    Safetensors file;
    static const char *const kept[] = { "none", "xxh3.header", "xxh3.b" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        save_swapped(other, path, kept[i]);
        ck_assert(!safetensors_open(&file, other, &error));
        check_said("the file has changed since it was written");
        check_said("leave out the metadata keys xxh3.*");
    }
    save_swapped(other, path, "xxh3.");
    ck_assert_msg(safetensors_open(&file, other, &error), "%s", error.text);
    ck_assert_mem_eq(safetensors_find(&file, "b")->data, others, sizeof others);
    ck_assert_str_eq(safetensors_metadata(&file, "D"), "64");
    safetensors_close(&file);
    scratch_remove(&scratch);
}
END_TEST

START_TEST(what_cannot_be_written)
{
    Scratch scratch = scratch_new("write");
    const char *path = scratch_path(&scratch, "a.safetensors");
    SafeTensor one = samples[2];
    Metadata sum = { "xxh3.a", "1" }, twice[2] = { { "a", "1" }, { "a", "2" } },
             bytes = { "a", "\xff" };
    ck_assert(!safetensors_write(path, &one, 0, NULL, 0, &error));
    check_said("no tensors");
    ck_assert(!safetensors_write(path, &one, 1, &sum, 1, &error));
    check_said("xxh3.a");
    ck_assert(!safetensors_write(path, &one, 1, twice, 2, &error));
    check_said("appears twice");
    ck_assert(!safetensors_write(path, &one, 1, &bytes, 1, &error));
    check_said("not UTF-8");
    ck_assert(!safetensors_write(path, (SafeTensor[]){ one, one }, 2, NULL, 0, &error));
    check_said("two tensors are named");
    static const char *names[] = { "header", "__metadata__", "a\nb", "\xff" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        one.name = names[i];
        ck_assert(!safetensors_write(path, &one, 1, NULL, 0, &error));
    }
    one = samples[2];
    one.count = 5;
    ck_assert(!safetensors_write(path, &one, 1, NULL, 0, &error));
    check_said("its shape has 6");
    ck_assert(!safetensors_write(scratch_path(&scratch, "no/a"), samples, 1, NULL, 0, &error));
    check_said("does not exist");
    ck_assert_int_eq(count_entries(scratch.path), 0);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { a_file_appears_only_when_committed },
        { impossible_outputs_are_refused },
        { a_full_disk_leaves_the_old_file },
        { leftovers_of_the_dead_are_removed },
        { a_folder_appears_whole_or_not_at_all },
        { folders_and_paths },
        { json_is_accepted_or_refused, COUNT_OF(json_cases) },
        { json_that_does_not_fit_in_memory },
        { json_text_that_does_not_fit_in_memory },
        { json_depth_is_limited },
        { json_is_written_sorted_and_read_again },
        { json_builders_remember_failure },
        { safetensors_round_trip },
        { elements_are_converted },
        { headers_accepted_and_refused, COUNT_OF(headers) },
        { impossible_header_lengths },
        { damage_is_found },
        { files_that_another_library_saved },
        { what_cannot_be_written },
    };
    return run_tests("support", tests, COUNT_OF(tests));
}
