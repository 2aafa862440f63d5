#include "reference/config/presets.h"
#include "reference/ffn/ffn.h"
#include "reference/model/model.h"
#include "reference/train/settings.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <string.h>

static const int64_t step_counts[] = { 1,  2,  3,  4,   5,   7,   9,    10,  11,
                                       49, 50, 99, 100, 101, 999, 1000, 8280 };

START_TEST(parts_add_up_for_any_number_of_steps)
{
    TrainSettings settings = settings_default();
    Error error;
    settings.steps = step_counts[_i];
    ck_assert(settings_finish(&settings, 100, &error));
    ck_assert_int_eq(settings.warmup + settings.constant + settings.decay, settings.steps);
    ck_assert_int_eq(settings.decay, settings.steps / 5);
    ck_assert_int_eq(settings.warmup, settings.steps / 10 < 100 ? settings.steps / 10 : 100);
    Schedule schedule = settings_schedule(&settings);
    double highest = 0;
    for (int64_t step = 0; step < settings.steps; step++) {
        double rate = schedule_learning_rate(&schedule, step);
        ck_assert(rate >= 0 && rate <= settings.peak);
        if (rate > highest) highest = rate;
    }
    ck_assert_double_eq(highest, settings.peak); // even in a run of one step
}
END_TEST

START_TEST(explicit_parts_are_used_or_refused)
{
    TrainSettings settings = settings_default();
    Error error;
    settings.steps = 100;
    settings.warmup = 3;
    settings.constant = 50;
    ck_assert(settings_finish(&settings, 100, &error));
    ck_assert_int_eq(settings.warmup, 3);
    ck_assert_int_eq(settings.decay, 47);
    settings.decay = 46;
    ck_assert(!settings_finish(&settings, 100, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "do not add up to 100 steps"));
    settings = settings_default();
    settings.steps = 10;
    settings.warmup = 11;
    ck_assert(!settings_finish(&settings, 100, &error));
}
END_TEST

static const struct {
    const char *name, *value;
} refused[] = {
    { "B", "0" },
    { "B", "4x" },
    { "B", "" },
    { "B", " 4" },
    { "B", "1e3" },
    { "B", "65537" },
    { "steps", "0" },
    { "steps", "99999999999999999999" },
    { "peak", "nan" },
    { "peak", "inf" },
    { "peak", "-1" },
    { "peak", "0x1p-3z" },
    { "seed", "-1" },
    { "clip", "-0.1" },
    { "seed", "9007199254740993" },
    { "batching", "row" },
    { "weight_decay", "2" },
};

START_TEST(values_out_of_range_are_refused_by_name)
{
    TrainSettings settings = settings_default(), before = settings;
    Error error = { "" };
    bool found;
    ck_assert(!settings_set(&settings, refused[_i].name, refused[_i].value, &found, &error));
    ck_assert(found);
    ck_assert_int_eq(strncmp(error.text, refused[_i].name, strlen(refused[_i].name)), 0);
    ck_assert_mem_eq(&settings, &before, sizeof settings);
}
END_TEST

START_TEST(unknown_names_are_left_to_the_caller)
{
    TrainSettings settings = settings_default();
    bool found = true;
    ck_assert(settings_set(&settings, "D", "128", &found, NULL));
    ck_assert(!found);
}
END_TEST

START_TEST(json_keeps_every_bit)
{
    TrainSettings settings = settings_default(), again;
    Error error = { "" };
    settings.steps = 777;
    settings.peak = 0.1 + 0.2; // not a short decimal
    settings.weight_decay = 1.0 / 3;
    settings.seed = 9007199254740992;
    settings.batching = BATCH_PADDED;
    settings.micro_batch = 7;
    ck_assert(settings_finish(&settings, 50, &error));
    json_t *object = settings_to_json(&settings);
    char *text = json_dumps(object, 0);
    json_t *parsed = json_parse(text, strlen(text), "test", &error);
    ck_assert_msg(settings_from_json(&again, parsed, "test", &error), "%s", error.text);
    ck_assert_mem_eq(&again, &settings, sizeof settings);
    json_decref(object);
    json_decref(parsed);
    free(text);
}
END_TEST

// State files from before it was a setting do not have it.
START_TEST(only_a_given_micro_batch_is_written)
{
    TrainSettings settings = settings_default(), again;
    Error error = { "" };
    ck_assert(settings_finish(&settings, 50, &error));
    json_t *object = settings_to_json(&settings);
    ck_assert_ptr_null(json_object_get(object, "micro_batch"));
    ck_assert_msg(settings_from_json(&again, object, "test", &error), "%s", error.text);
    ck_assert_int_eq(again.micro_batch, 0);
    json_decref(object);
}
END_TEST

static const struct {
    const char *name, *value, *complaint; // value NULL: the field is removed
} damages[] = {
    { "B", NULL, "settings.B is missing" },
    { "B", "\"4\"", "settings.B is not an integer" },
    { "B", "4.5", "settings.B is not an integer" },
    { "B", "-4", "settings.B is not an integer" },
    { "steps", "1000000001", "settings.steps is not an integer" },
    { "seed", "9007199254740993", "settings.seed is not an integer from 0 to 9007199254740992" },
    { "peak", "[]", "settings.peak is not a number" },
    { "peak", "-1", "settings.peak is not a number" },
    { "batching", "1", "settings.batching is neither" },
    { "warmup", "999", "do not add up" },
    { "colour", "1", "settings.colour is unknown" },
};

START_TEST(json_damage_is_named)
{
    TrainSettings settings = settings_default(), again;
    Error error = { "" };
    ck_assert(settings_finish(&settings, 50, &error));
    json_t *object = settings_to_json(&settings);
    if (damages[_i].value == NULL) {
        json_object_del(object, damages[_i].name);
    } else {
        json_object_set_new(object, damages[_i].name,
                            json_loads(damages[_i].value, JSON_DECODE_ANY, NULL));
    }
    ck_assert(!settings_from_json(&again, object, "state.json", &error));
    ck_assert_msg(strstr(error.text, damages[_i].complaint) != NULL, "%s", error.text);
    ck_assert_int_eq(strncmp(error.text, "state.json: ", 12), 0);
    json_decref(object);
    ck_assert(!settings_from_json(&again, NULL, "state.json", &error));
}
END_TEST

static bool set_training(void *context, const char *name, const char *value, Error *error) {
    bool found;
    return settings_set(context, name, value, &found, error) && found;
}

START_TEST(every_preset_has_every_kind)
{
    for (const Preset *preset = presets; preset->name != NULL; preset++) {
        TrainSettings settings = settings_default();
        Error error = { "" };
        ck_assert_msg(words_each(preset->training, set_training, &settings, &error), "%s",
                      error.text);
        ck_assert(settings_finish(&settings, preset->warmup, &error));
        for (int i = 0; ffn_kinds[i] != NULL; i++) {
            Config config;
            ck_assert_msg(preset_config(&config, preset, ffn_kinds[i], &error), "%s", error.text);
            ck_assert_msg(config_valid(&config, &error), "%s %s: %s", preset->name,
                          ffn_kinds[i]->name, error.text);
        }
        ck_assert_ptr_eq(preset_find(preset->name, &error), preset);
    }
    ck_assert_ptr_null(preset_find("enormous", NULL));
}
END_TEST

static double parameters_of(const char *preset) {
    Config config;
    Error error = { "" };
    ck_assert_msg(preset_config(&config, preset_find(preset, &error), ffn_find("sgatlin"), &error),
                  "%s", error.text);
    return model_cost(&config).parameters;
}

START_TEST(presets_have_the_promised_size)
{
    ck_assert_double_ge(parameters_of("demo"), 1e6);
    ck_assert_double_le(parameters_of("demo"), 3e6);
    ck_assert_double_ge(parameters_of("laptop"), 3e6);
    ck_assert_double_le(parameters_of("laptop"), 5.05e6);        // about 5 million
    ck_assert_double_eq(parameters_of("tinystories"), 20318976); // as the paper counts
}
END_TEST

static bool count_words(void *context, const char *name, const char *value, Error *error) {
    (void)error;
    ck_assert(*name != '\0' && *value != '\0');
    ++*(int *)context;
    return true;
}

START_TEST(settings_need_a_name_and_an_equals_sign)
{
    int count = 0;
    Error error = { "" };
    ck_assert(words_each("  D=1  K=2 ", count_words, &count, &error));
    ck_assert_int_eq(count, 2);
    ck_assert(words_each("", count_words, &count, &error));
    ck_assert(!words_each("D=1 K", count_words, &count, &error));
    ck_assert(!words_each("=4", count_words, &count, &error));
    char longest[400];
    memset(longest, 'a', sizeof longest);
    longest[399] = '\0';
    ck_assert(!words_each(longest, count_words, &count, &error));
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { parts_add_up_for_any_number_of_steps, COUNT_OF(step_counts) },
        { explicit_parts_are_used_or_refused },
        { values_out_of_range_are_refused_by_name, COUNT_OF(refused) },
        { unknown_names_are_left_to_the_caller },
        { json_keeps_every_bit },
        { only_a_given_micro_batch_is_written },
        { json_damage_is_named, COUNT_OF(damages) },
        { every_preset_has_every_kind },
        { presets_have_the_promised_size },
        { settings_need_a_name_and_an_equals_sign },
    };
    return run_tests("settings", tests, COUNT_OF(tests));
}
