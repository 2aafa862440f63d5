// A mixture of experts' settings: they come back as they were, and what does not go together is
// refused in one line.
#include "reference/ffn/ffn.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <stdio.h>
#include <string.h>

static const char *setting(const Config *config, const char *name) {
    static Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    for (int i = 0; i < count; i++) {
        if (strcmp(settings[i].name, name) == 0) return settings[i].value;
    }
    return NULL;
}

static Config set(const char *words) {
    Config config = config_default(NULL);
    char text[256];
    Error error = { "" };
    snprintf(text, sizeof text, "V=9 T=8 D=4 L=1 Dh=2 F=3 E=4 K=2 %s", words);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        char *value = strchr(word, '=');
        bool found;
        *value++ = '\0';
        if (strcmp(word, "ffn") == 0) {
            config.ffn = ffn_find(value);
            continue;
        }
        ck_assert_msg(config_set(&config, word, value, &found, &error) && found, "%s", error.text);
    }
    return config;
}

START_TEST(settings_are_read_back_unchanged)
{
    static const struct {
        const char *words, *name, *value; // value NULL: not among the settings
    } cases[] = {
        { "ffn=moe", "K", "2" },
        { "ffn=moe", "routing", "token" },
        { "ffn=moe", "alpha", NULL },
        { "ffn=moe", "switch", NULL },
        { "ffn=moe switch=0.01", "switch", "0.01" },
        { "ffn=moe bias=0.001", "bias", "0.001" },
        { "ffn=moe routing=unified K=1.5", "K", "1.5" },
        { "ffn=moe routing=unified K=1.1", "K", "1.1" },
        { "ffn=moe routing=unified K=1.5 K=2", "K", "2" },
        { "ffn=moe routing=unified", "pool", "step" },
        { "ffn=moe routing=unified alpha=0.3", "alpha", "0.3" },
        { "ffn=moe routing=expert", "capacity", "2" },
        { "ffn=moe routing=expert", "K", NULL },
        { "ffn=moe routing=expert capacity=1.3333333333333333", "capacity", "1.3333333333333333" },
        { "ffn=glu", "E", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Config config = set(cases[i].words), again = config_default(config.ffn);
        Error error = { "" };
        Setting settings[CONFIG_SETTINGS];
        ck_assert_msg(config_valid(&config, &error), "%s: %s", cases[i].words, error.text);
        ck_assert_pstr_eq(setting(&config, cases[i].name), cases[i].value);
        int count = config_settings(&config, settings);
        ck_assert_str_eq(settings[0].name, "ffn");
        for (int j = count - 1; j > 0; j--) { // in whatever order
            bool found;
            ck_assert(config_set(&again, settings[j].name, settings[j].value, &found, &error) &&
                      found);
        }
        ck_assert(config_equal(&config, &again));
        if (setting(&config, "K") != NULL)
            ck_assert(config_budget(&config) == config_budget(&again));
    }
    Config a = set("ffn=moe routing=unified K=1.5"), b = set("ffn=moe routing=unified K=1.25");
    ck_assert(!config_equal(&a, &b));
}
END_TEST

START_TEST(settings_that_exclude_each_other_are_refused)
{
    static const struct {
        const char *words, *says;
    } cases[] = {
        { "ffn=moe K=5", "K=5 is more than the E=4 experts: use --set K=4" },
        { "ffn=moe K=1.5", "K=1 or K=2; only --ffn moe --routing unified takes a fraction" },
        { "ffn=sgatlin C=1 Dk=2 K=1.5", "K=1.5: expected a whole number" },
        { "ffn=moe routing=unified K=4.5", "K=4.5 is more than the E=4" },
        { "ffn=moe routing=expert capacity=5", "use --set capacity=4 or less" },
        { "ffn=moe routing=expert capacity=0.25", "use --set capacity=0.5 or more" },
        { "ffn=moe routing=expert capacity=0", "use --set capacity=0.5 or more" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Config config = set(cases[i].words);
        Error error = { "" };
        ck_assert_msg(!config_valid(&config, &error), "%s was taken", cases[i].words);
        ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s: %s", cases[i].words,
                      error.text);
        ck_assert_ptr_null(strchr(error.text, '\n'));
    }
    static const char *const refused[][2] = {
        { "alpha", "1.5" },   { "alpha", "-0.1" },   { "alpha", "nan" }, { "K", "0.5" },
        { "K", "0" },         { "K", "1,5" },        { "switch", "-1" }, { "bias", "x" },
        { "capacity", "-1" }, { "routing", "both" }, { "pool", "all" },  { "E", "0" },
        { "E", "2.5" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        Config config = set("ffn=moe");
        Error error = { "" };
        bool found;
        ck_assert_msg(!config_set(&config, refused[i][0], refused[i][1], &found, &error),
                      "%s=%s was taken", refused[i][0], refused[i][1]);
        ck_assert_msg(strncmp(error.text, refused[i][0], strlen(refused[i][0])) == 0, "%s",
                      error.text);
    }
}
END_TEST

START_TEST(a_setting_of_another_kind_names_its_kind)
{
    static const struct {
        const char *words, *name, *says; // says NULL: it is used, or no setting of a model's
    } cases[] = {
        { "ffn=moe", "pool", "belongs to --routing unified; this is --routing token" },
        { "ffn=moe routing=expert", "K",
          "belongs to --routing token or unified; this is --routing expert" },
        { "ffn=moe routing=unified", "capacity", "belongs to --routing expert" },
        { "ffn=moe routing=unified", "bias", "belongs to --routing token" },
        { "ffn=glu", "routing", "--ffn glu has no such setting" },
        { "ffn=glu", "E", "--ffn glu has no such setting" },
        { "ffn=moe", "C", "--ffn moe has no such setting" },
        { "ffn=moe", "switch", NULL },
        { "ffn=moe", "steps", NULL },
        { "ffn=glu", "D", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Config config = set(cases[i].words);
        Error error = { "" };
        ck_assert_int_eq(config_unused(&config, cases[i].name, &error), cases[i].says != NULL);
        if (cases[i].says != NULL)
            ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s", error.text);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { settings_are_read_back_unchanged },
        { settings_that_exclude_each_other_are_refused },
        { a_setting_of_another_kind_names_its_kind },
    };
    return run_tests("moe settings", tests, COUNT_OF(tests));
}
