#include "reference/config/config_json.h"
#include "reference/io/parse.h"
#include <math.h>
#include <string.h>

static json_t *setting_to_json(const Setting *setting) {
    int64_t whole;
    double real;
    if (parse_int(setting->value, &whole)) return json_integer(whole);
    if (parse_real(setting->value, &real)) return json_real(real);
    return json_string(setting->value);
}

json_t *config_to_json(const Config *config) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    json_t *object = json_object();
    for (int i = 0; i < count; i++)
        json_add(&object, settings[i].name, setting_to_json(&settings[i]));
    return object;
}

static bool same_value(const Setting *setting, const json_t *stored) {
    double real;
    if (json_is_string(stored)) return strcmp(json_string_value(stored), setting->value) == 0;
    if (!json_is_number(stored) || !parse_real(setting->value, &real)) return false;
    return fabs(json_number_value(stored) - real) <= 1e-9 * fabs(real);
}

bool config_matches_json(const Config *config, const json_t *object) {
    Setting settings[CONFIG_SETTINGS];
    int count = config_settings(config, settings);
    if (json_object_size(object) != (size_t)count) return false;
    for (int i = 0; i < count; i++) {
        if (!same_value(&settings[i], json_object_get(object, settings[i].name))) return false;
    }
    return true;
}
