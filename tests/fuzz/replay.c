#include "reference/support/files.h"
#include "reference/support/random.h"
#include "tests/fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// fuzz_NAME [--mutate N] FILE…: gives each file's bytes to the target, and then N damaged copies of
// each, the same ones every time. A crash is a finding; without one it exits 0.

enum { DAMAGES = 6, MOST = 8 }; // kinds of damage, and the most done to one copy

static const char *const words[] = { "{",
                                     "}",
                                     "[",
                                     "]",
                                     "\"",
                                     ",",
                                     ":",
                                     "-",
                                     "0",
                                     "18446744073709551615",
                                     "-9223372036854775808",
                                     "1e999",
                                     "null",
                                     "\\u0000",
                                     "\xff",
                                     "\n" };

// Damages bytes[0 .. size), which has room for `room`; returns the new size.
static size_t damage(uint8_t *bytes, size_t size, size_t room, uint64_t key) {
    size_t at = size == 0 ? 0 : random_below(key, 0, size), count = random_below(key, 1, 16) + 1;
    const char *word = words[random_below(key, 2, sizeof words / sizeof *words)];
    size_t length = strlen(word);
    switch (random_below(key, 3, DAMAGES)) {
    case 0: // a bit
        if (size > 0) bytes[at] ^= (uint8_t)(1u << random_below(key, 4, 8));
        return size;
    case 1: // a byte
        if (size > 0) bytes[at] = (uint8_t)random_bits(key, 5);
        return size;
    case 2: // cut off
        return at;
    case 3: // some bytes fewer
        if (at + count > size) return size;
        memmove(bytes + at, bytes + at + count, size - at - count);
        return size - count;
    case 4: // some bytes twice
        if (at + count > size || size + count > room) return size;
        memmove(bytes + at + count, bytes + at, size - at);
        return size + count;
    default: // a word that parsers stumble over
        if (size + length > room) return size;
        memmove(bytes + at + length, bytes + at, size - at);
        memcpy(bytes + at, word, length);
        return size + length;
    }
}

// `copy` has room for `room` bytes.
static void mutate(const MappedFile *file, uint8_t *copy, size_t room, uint64_t mutations,
                   uint64_t key) {
    for (uint64_t m = 0; m < mutations; m++) {
        uint64_t times = random_below(key, m, MOST) + 1;
        size_t size = file->size;
        if (size > 0) memcpy(copy, file->bytes, size);
        for (uint64_t i = 0; i < times; i++)
            size = damage(copy, size, room, random_bits(key, (m * MOST + i) ^ 1ull << 63));
        // in a block of its own size: reading past the end is then found by the sanitizer
        uint8_t *exact = malloc(size + (size == 0));
        if (exact == NULL) abort();
        memcpy(exact, copy, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
}

static bool replay(const char *path, uint64_t mutations, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    LLVMFuzzerTestOneInput(file.bytes, file.size);
    size_t room = file.size + 1024;
    uint8_t *copy = malloc(room);
    if (copy != NULL) mutate(&file, copy, room, mutations, random_key(1, path));
    file_unmap(&file);
    if (copy == NULL) return fail(error, "%s: out of memory", path);
    free(copy);
    return true;
}

int main(int count, char **arguments) {
    uint64_t mutations = 0;
    int first = 1;
    if (count > 2 && strcmp(arguments[1], "--mutate") == 0) {
        mutations = strtoull(arguments[2], NULL, 10);
        first = 3;
    }
    if (first >= count) {
        fprintf(stderr, "usage: %s [--mutate N] FILE...\n", arguments[0]);
        return 2;
    }
    for (int i = first; i < count; i++) {
        Error error;
        if (!replay(arguments[i], mutations, &error)) {
            fprintf(stderr, "%s\n", error.text);
            return 1;
        }
    }
    printf("%s: %d files, %llu damaged copies of each\n", arguments[0], count - first,
           (unsigned long long)mutations);
    return 0;
}
