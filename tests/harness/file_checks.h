#ifndef TESTS_HARNESS_FILE_CHECKS_H
#define TESTS_HARNESS_FILE_CHECKS_H
#include "reference/io/files.h"

// What tests of files need; a failure fails the test.

void write_bytes(const char *path, const void *bytes, size_t size);
void check_content(const char *path, const char *expected);
int count_entries(const char *folder); // hidden ones too
// The message contains the fragment and is one line.
void check_said(const Error *error, const char *fragment);
#endif
