// safetensors files: round trips, and hostile and damaged ones.
#include "reference/io/json.h"
#include "reference/io/safetensors.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Error error;

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

// The tensors' elements one by one, the tensors taking turns.
START_TEST(a_file_written_in_pieces_is_the_same)
{
    Scratch scratch = scratch_new("pieces");
    const char *path = scratch_path(&scratch, "a.safetensors"),
               *pieces = scratch_path(&scratch, "b.safetensors");
    ck_assert(safetensors_write(path, samples, SAMPLES, pairs, 2, &error));
    SafetensorsWriter *writer = safetensors_writer_open(pieces, samples, SAMPLES, pairs, 2, &error);
    ck_assert_msg(writer != NULL, "%s", error.text);
    for (size_t j = 0; j < 6; j++) {
        for (int i = 0; i < SAMPLES; i++) {
            if (j >= samples[i].count) continue;
            const char *data = samples[i].data;
            safetensors_writer_add(writer, i, data + j * dtype_size(samples[i].dtype), 1);
        }
    }
    ck_assert(!path_exists(pieces));
    ck_assert_msg(safetensors_writer_commit(writer, &error), "%s", error.text);
    MappedFile a, b;
    ck_assert(file_map(&a, path, &error) && file_map(&b, pieces, &error));
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_mem_eq(a.bytes, b.bytes, a.size);
    file_unmap(&a);
    file_unmap(&b);
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
        check_said(&error, said);
        check_said(&error, "a.safetensors: ");
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
        check_said(&error, "a header of");
    }
    for (size_t size = 0; size < 8; size++) {
        write_bytes(path, "\2\0\0\0\0\0\0", size);
        ck_assert(!safetensors_open(&file, path, &error));
        check_said(&error, "too short");
    }
    // a header past the limit in a file that (with a hole) is long enough
    write_raw(path, "{}", 100000001, 0);
    ck_assert_int_eq(truncate(path, 200000000), 0);
    ck_assert(!safetensors_open(&file, path, &error));
    check_said(&error, "at most 100000000");
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
    check_said(&error, "tensor 'bytes': its XXH3 hash is");
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
        check_said(&error, "the file has changed since it was written");
        check_said(&error, "leave out the metadata keys xxh3.*");
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
    check_said(&error, "no tensors");
    ck_assert(!safetensors_write(path, &one, 1, &sum, 1, &error));
    check_said(&error, "xxh3.a");
    ck_assert(!safetensors_write(path, &one, 1, twice, 2, &error));
    check_said(&error, "appears twice");
    ck_assert(!safetensors_write(path, &one, 1, &bytes, 1, &error));
    check_said(&error, "not UTF-8");
    ck_assert(!safetensors_write(path, (SafeTensor[]){ one, one }, 2, NULL, 0, &error));
    check_said(&error, "two tensors are named");
    static const char *names[] = { "header", "__metadata__", "a\nb", "\xff" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        one.name = names[i];
        ck_assert(!safetensors_write(path, &one, 1, NULL, 0, &error));
    }
    one = samples[2];
    one.count = 5;
    ck_assert(!safetensors_write(path, &one, 1, NULL, 0, &error));
    check_said(&error, "its shape has 6");
    ck_assert(!safetensors_write(scratch_path(&scratch, "no/a"), samples, 1, NULL, 0, &error));
    check_said(&error, "does not exist");
    ck_assert_int_eq(count_entries(scratch.path), 0);
    scratch_remove(&scratch);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { safetensors_round_trip },           { a_file_written_in_pieces_is_the_same },
        { elements_are_converted },           { headers_accepted_and_refused, COUNT_OF(headers) },
        { impossible_header_lengths },        { damage_is_found },
        { files_that_another_library_saved }, { what_cannot_be_written },
    };
    return run_tests("safetensors", tests, COUNT_OF(tests));
}
