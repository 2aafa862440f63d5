#include "reference/io/json.h"
#include "tests/harness/file_checks.h"
#include "tests/harness/scratch.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static Error error;

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
    if (said != NULL) check_said(&error, said);
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
        if (value == NULL) check_said(&error, "nested deeper than 64");
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

// ---- threads

static void *read_and_write(void *context) {
    static const char text[] = "{\"a\": [1, 2.5, \"x\", null], \"b\": {}}";
    for (int i = 0; i < 2000; i++) {
        json_t *value = json_parse(text, sizeof text - 1, "where", context);
        json_add(&value, "c", json_string("another value"));
        char *again = json_text(value, JSON_COMPACT);
        ck_assert_str_eq(again, "{\"a\":[1,2.5,\"x\",null],\"b\":{},\"c\":\"another value\"}");
        free(again);
        json_decref(value);
    }
    return NULL;
}

START_TEST(threads_read_and_write_at_once)
{
    pthread_t threads[3];
    Error errors[3];
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_and_write, &errors[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { json_is_accepted_or_refused, COUNT_OF(json_cases) },
        { json_that_does_not_fit_in_memory },
        { json_text_that_does_not_fit_in_memory },
        { json_depth_is_limited },
        { json_is_written_sorted_and_read_again },
        { json_builders_remember_failure },
        { threads_read_and_write_at_once, .threads = USES_THREADS },
    };
    return run_tests("json", tests, COUNT_OF(tests));
}
