#include "tests/harness/file_checks.h"
#include <check.h>
#include <dirent.h>
#include <string.h>

void write_bytes(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void check_content(const char *path, const char *expected) {
    Error error = { "" };
    MappedFile file;
    ck_assert_msg(file_map(&file, path, &error), "%s", error.text);
    ck_assert_uint_eq(file.size, strlen(expected));
    ck_assert_mem_eq(file.bytes, expected, file.size);
    file_unmap(&file);
}

int count_entries(const char *folder) {
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    int count = 0;
    while (readdir(entries) != NULL) count++;
    closedir(entries);
    return count - 2; // . and ..
}

void check_said(const Error *error, const char *fragment) {
    ck_assert_msg(strstr(error->text, fragment) != NULL, "expected \"%s\" in \"%s\"", fragment,
                  error->text);
    ck_assert_msg(strchr(error->text, '\n') == NULL, "more than one line: %s", error->text);
}
