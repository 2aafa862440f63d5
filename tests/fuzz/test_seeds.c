// The fuzzers start from files that their readers accept, so that mutations reach all of a reader.
#include "reference/circuits/recording_file.h"
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"
#include "reference/io/json.h"
#include "reference/io/safetensors.h"
#include "reference/isoflop/report.h"
#include "reference/train/log_read.h"
#include "reference/train/state.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <dirent.h>
#include <string.h>

static bool reads_json(const char *path, Error *error) {
    json_t *value = json_read_file(path, error);
    json_decref(value);
    return value != NULL;
}

static bool reads_isoflop(const char *path, Error *error) {
    json_t *value = json_read_file(path, error);
    Cells cells = { 0 };
    bool ok =
        value != NULL && report_read_cells(&cells, json_object_get(value, "cells"), path, error);
    cells_free(&cells);
    json_decref(value);
    return ok;
}

static bool reads_log(const char *path, Error *error) {
    LogLines lines;
    if (!log_lines_read(&lines, path, INT64_MAX, error)) return false;
    log_lines_free(&lines);
    return true;
}

// The words of a command line, or numbers: there is nothing to refuse.
static bool reads_bytes(const char *path, Error *error) {
    MappedFile file;
    if (!file_map(&file, path, error)) return false;
    file_unmap(&file);
    return true;
}

static bool reads_recording(const char *path, Error *error) {
    Recording recording;
    if (!recording_open(&recording, path, error)) return false;
    recording_close(&recording);
    return true;
}

static bool reads_safetensors(const char *path, Error *error) {
    Safetensors file;
    if (!safetensors_open(&file, path, error)) return false;
    safetensors_close(&file);
    return true;
}

static bool reads_state(const char *path, Error *error) {
    TrainState state;
    if (!state_read(&state, path, error)) return false;
    state_free(&state);
    return true;
}

static bool reads_token_file(const char *path, Error *error) {
    TokenFile file;
    if (!token_file_open(&file, path, error)) return false;
    token_file_close(&file);
    return true;
}

static bool reads_tokenizer(const char *path, Error *error) {
    Tokenizer *tokenizer = tokenizer_load(path, error);
    if (tokenizer == NULL) return false;
    tokenizer_free(tokenizer);
    return true;
}

static const struct {
    const char *folder;
    bool (*read)(const char *path, Error *error);
    int accepted, refused; // files; those that are refused end soon, on purpose
} fuzzers[] = {
    { "tests/fuzz/fuzz_chart", reads_bytes, 3, 0 },
    { "tests/fuzz/fuzz_config", reads_json, 3, 0 },
    { "tests/fuzz/fuzz_isoflop", reads_isoflop, 2, 1 },
    { "tests/fuzz/fuzz_json", reads_json, 3, 0 },
    { "tests/fuzz/fuzz_log", reads_log, 2, 1 },
    { "tests/fuzz/fuzz_options", reads_bytes, 10, 0 },
    { "tests/fuzz/fuzz_recording", reads_recording, 2, 0 },
    { "tests/fuzz/fuzz_safetensors", reads_safetensors, 3, 1 },
    { "tests/fuzz/fuzz_state", reads_state, 1, 1 },
    { "tests/fuzz/fuzz_token_file", reads_token_file, 2, 0 },
    { "tests/fuzz/fuzz_tokenizer", reads_tokenizer, 1, 1 },
};

START_TEST(seeds_are_accepted)
{
    DIR *folder = opendir(fuzzers[_i].folder);
    ck_assert_ptr_nonnull(folder);
    int accepted = 0, refused = 0;
    Error error = { "" };
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", fuzzers[_i].folder, entry->d_name);
        bool ok = fuzzers[_i].read(path, &error);
        accepted += ok;
        refused += !ok;
    }
    closedir(folder);
    ck_assert_msg(accepted == fuzzers[_i].accepted && refused == fuzzers[_i].refused,
                  "%s: %d seeds are accepted, %d refused: %s", fuzzers[_i].folder, accepted,
                  refused, error.text);
}
END_TEST

static int fuzzers_there(void) {
    DIR *folder = opendir("tests/fuzz");
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        size_t length = strlen(entry->d_name);
        count += strncmp(entry->d_name, "fuzz_", 5) == 0 && entry->d_name[length - 1] == 'c' &&
                 entry->d_name[length - 2] == '.';
    }
    closedir(folder);
    return count;
}

START_TEST(every_fuzzer_has_seeds)
{ ck_assert_int_eq(fuzzers_there(), COUNT_OF(fuzzers)); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { seeds_are_accepted, COUNT_OF(fuzzers) },
        { every_fuzzer_has_seeds },
    };
    return run_tests("seeds", tests, COUNT_OF(tests));
}
