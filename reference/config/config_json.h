#ifndef REFERENCE_CONFIG_CONFIG_JSON_H
#define REFERENCE_CONFIG_CONFIG_JSON_H
#include "reference/config/config.h"
#include "reference/io/json.h"

// The settings that the config's kind uses (config_settings), numbers as numbers:
// {"ffn":"moe","V":1024,"K":1.5,...}. NULL: out of memory.
json_t *config_to_json(const Config *config);

// Whether `object` has exactly these settings. Numbers may have lost digits from the tenth on, or
// be strings, as in older logs.
bool config_matches_json(const Config *config, const json_t *object);
#endif
