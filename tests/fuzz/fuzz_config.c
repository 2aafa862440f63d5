// Hostile metadata of a model: a JSON object of strings. What is accepted is a configuration whose
// sizes can be computed, and which is the same as metadata and as JSON.
#include "reference/config/config_json.h"
#include "reference/ffn/ffn.h"
#include "reference/model/layout.h"
#include "reference/model/model.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

enum { MAX_SETTINGS = 64, MAX_LAYERS = 64 };

static void check_sizes(const Config *config) {
    ModelCost cost = model_cost(config);
    require(isfinite(cost.parameters) && cost.parameters > 0);
    require(isfinite(cost.active_parameters) && cost.active_parameters > 0);
    require(isfinite(cost.flops_full) && cost.flops_full > 0 && cost.layers.flops > 0);
    if (config->L > MAX_LAYERS) return;
    int layers[MAX_LAYERS];
    Tensors table = { 0 };
    // with all tensors, the sum is what the cost says
    if (layout_declare(&table, layers, config))
        require(fabs((double)table.floats - cost.parameters) <=
                16.0 * table.count + 1e-6 * cost.parameters);
    tensors_free(&table);
}

static void check(const Config *config) {
    Setting settings[CONFIG_SETTINGS];
    Metadata metadata[CONFIG_SETTINGS];
    Config again;
    Error error = { "" };
    require(config_valid(config, &error));
    int count = config_settings(config, settings);
    for (int i = 0; i < count; i++) metadata[i] = (Metadata){ settings[i].name, settings[i].value };
    Safetensors file = { .path = "again", .metadata = metadata, .metadata_count = count };
    require(ffn_config_from_metadata(&again, &file, &error) && config_equal(config, &again));
    json_t *json = config_to_json(config);
    require(json != NULL && config_matches_json(config, json));
    json_decref(json);
    check_sizes(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    Error error = { "" };
    Metadata metadata[MAX_SETTINGS];
    Safetensors file = { .path = "fuzz", .metadata = metadata };
    json_t *object = json_parse((const char *)bytes, size, "fuzz", &error), *value;
    const char *key;
    json_object_foreach(object, key, value) {
        if (file.metadata_count < MAX_SETTINGS && json_is_string(value))
            metadata[file.metadata_count++] = (Metadata){ key, json_string_value(value) };
    }
    Config config;
    if (ffn_config_from_metadata(&config, &file, &error)) {
        check(&config);
    } else {
        require(strstr(error.text, "fuzz: ") == error.text && strchr(error.text, '\n') == NULL);
    }
    json_decref(object);
    return 0;
}
