// A config as JSON, and the helpers that build JSON values.
#include "reference/config/config_json.h"
#include "reference/ffn/ffn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set(Config *config, const char *name, const char *value) {
    bool found;
    Error error = { "" };
    ck_assert_msg(config_set(config, name, value, &found, &error) && found, "%s", error.text);
}

static Config moe(void) {
    static const char *const settings[][2] = {
        { "V", "300" },     { "T", "32" },  { "D", "16" },
        { "L", "2" },       { "Dh", "8" },  { "F", "24" },
        { "E", "4" },       { "K", "1.5" }, { "routing", "unified" },
        { "alpha", "0.3" },
    };
    Config config = config_default(ffn_find("moe"));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        set(&config, settings[i][0], settings[i][1]);
    return config;
}

START_TEST(numbers_are_numbers)
{
    Config config = moe();
    json_t *object = config_to_json(&config);
    ck_assert_str_eq(json_string_value(json_object_get(object, "ffn")), "moe");
    ck_assert_str_eq(json_string_value(json_object_get(object, "routing")), "unified");
    ck_assert(json_is_integer(json_object_get(object, "V")));
    ck_assert_int_eq(json_integer_value(json_object_get(object, "V")), 300);
    ck_assert_double_eq(json_real_value(json_object_get(object, "K")), 1.5);
    ck_assert_double_eq(json_real_value(json_object_get(object, "alpha")), 0.3);
    Setting settings[CONFIG_SETTINGS];
    ck_assert_uint_eq(json_object_size(object), (size_t)config_settings(&config, settings));
    json_decref(object);
    config.budget = 0; // K=1: a whole number again
    object = config_to_json(&config);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "K")), 1);
    json_decref(object);
}
END_TEST

static json_t *as_strings(const Config *config) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    json_t *object = json_object();
    for (int i = 0; i < count; i++)
        json_add(&object, settings[i].name, json_string(settings[i].value));
    return object;
}

START_TEST(numbers_and_older_strings_match)
{
    Config config = moe();
    set(&config, "alpha", "0.12345678901234"); // more digits than a log has
    json_t *numbers = config_to_json(&config), *strings = as_strings(&config);
    char *text = json_dumps(numbers, JSON_REAL_PRECISION(10));
    json_t *logged = json_loads(text, 0, NULL);
    ck_assert(config_matches_json(&config, numbers));
    ck_assert(config_matches_json(&config, strings));
    ck_assert(config_matches_json(&config, logged));
    free(text);
    json_decref(numbers);
    json_decref(strings);
    json_decref(logged);
}
END_TEST

static const struct {
    const char *name, *value; // value NULL: the member is removed
} others[] = {
    { "ffn", "\"peer\"" }, { "V", "301" },    { "V", "\"301\"" },  { "V", NULL },
    { "V", "[300]" },      { "V", "null" },   { "alpha", "0.31" }, { "routing", "\"token\"" },
    { "K", "1" },          { "colour", "1" }, { "E", "\"4.0\"" },
};

START_TEST(another_config_does_not_match)
{
    Config config = moe();
    json_t *object = config_to_json(&config);
    if (others[_i].value == NULL) {
        json_object_del(object, others[_i].name);
    } else {
        json_add(&object, others[_i].name, json_loads(others[_i].value, JSON_DECODE_ANY, NULL));
    }
    ck_assert_ptr_nonnull(object);
    ck_assert(!config_matches_json(&config, object));
    ck_assert(!config_matches_json(&config, NULL));
    json_decref(object);
}
END_TEST

START_TEST(a_failure_is_remembered)
{
    json_t *object = json_object(), *array = json_array();
    json_add(&object, "a", json_integer(1));
    json_add_item(&array, json_integer(1));
    ck_assert(object != NULL && array != NULL);
    json_add(&object, "not finite", json_real(NAN));
    ck_assert_ptr_null(object);
    json_add(&object, "b", json_integer(2)); // frees the value
    ck_assert_ptr_null(object);
    json_add_all(&object, json_object());
    ck_assert_ptr_null(object);
    json_add_item(&array, object);
    ck_assert_ptr_null(array);
    json_add_item(&array, json_integer(2));
    ck_assert_ptr_null(array);
}
END_TEST

START_TEST(members_are_added_in_order)
{
    json_t *object = json_object(), *other = json_object();
    json_add(&object, "b", json_integer(1));
    json_add(&other, "a", json_integer(2));
    json_add(&other, "b", json_integer(3));
    json_add_all(&object, other);
    char *text = json_dumps(object, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"b\":3,\"a\":2}");
    free(text);
    json_decref(object);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { numbers_are_numbers },
        { numbers_and_older_strings_match },
        { another_config_does_not_match, COUNT_OF(others) },
        { a_failure_is_remembered },
        { members_are_added_in_order },
    };
    return run_tests("config_json", tests, COUNT_OF(tests));
}
