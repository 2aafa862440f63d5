#include "tests/golden/golden_file.h"
#include "reference/ffn/ffn.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool golden_problem(GoldenFile *golden, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(golden->report, "  PROBLEM %s\n", text);
    if (golden->problems++ == 0) fail(golden->error, "%s: %s", golden->file.path, text);
    return false;
}

// What the metadata may contain besides the settings of a model.
static bool known_key(const GoldenFile *golden, const char *key) {
    static const char *const of_balance[] = { "N", "switch_alpha", "z_alpha", "bias_step" };
    static const char *const keys[] = { "ffn",
                                        "B",
                                        "float32_error",
                                        "smallest_gap",
                                        "float32_logits_error",
                                        "steps",
                                        "decay",
                                        "const",
                                        "float32_parameter_error",
                                        "peak",
                                        "warmup",
                                        "clip",
                                        "weight_decay" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0) return true;
    }
    for (size_t i = 0; golden->balance && i < sizeof of_balance / sizeof of_balance[0]; i++) {
        if (strcmp(of_balance[i], key) == 0) return true;
    }
    return false;
}

// Balancing is known by its weights, and says of no kind.
static bool is_balance(const Safetensors *file) {
    return safetensors_metadata(file, "ffn") == NULL &&
           safetensors_metadata(file, "switch_alpha") != NULL;
}

static const char *kind_of(const Safetensors *file) {
    return is_balance(file) ? "moe" : safetensors_metadata(file, "ffn");
}

static bool built_in(const Safetensors *file, Error *error) {
    const char *kind = kind_of(file);
    if (kind == NULL)
        return fail(error, "%s: no 'ffn' in its metadata: not a golden file of ffn/ or model/",
                    file->path);
    if (ffn_find(kind)) return true;
    char kinds[FFN_NAMES_SIZE];
    ffn_names(kinds);
    return fail(error, "%s: kind %s is not built in: kinds are %s", file->path, kind, kinds);
}

// Absent router, activation and routing mean the defaults; the balancing of a moe is in no file of
// a layer.
static bool may_be_absent(const Config *config, const char *name) {
    static const char *const names[] = { "router", "activation", "routing", "switch", "z", "bias" };
    Error unused;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return config->ffn != NULL && config_unused(config, name, &unused);
}

// Every other setting that the kind and its routing use must be in the metadata.
static bool has_settings(const Safetensors *file, const Config *config, const char *names,
                         Error *error) {
    for (const char *at = names; *at; at += strspn(at, " ")) {
        char setting[SETTING_SIZE] = "";
        size_t length = strcspn(at, " ");
        snprintf(setting, sizeof setting, "%.*s", (int)length, at);
        at += length;
        if (may_be_absent(config, setting)) continue;
        if (safetensors_metadata(file, setting) == NULL)
            return fail(error, "%s: the metadata has no %s, which its kind needs", file->path,
                        setting);
    }
    return true;
}

static bool read_config(GoldenFile *golden, Error *error) {
    const Safetensors *file = &golden->file;
    Error why = { "" };
    bool found, ok = true;
    golden->config = config_default(ffn_find(kind_of(file)));
    for (int i = 0; ok && i < file->metadata_count; i++) {
        const char *key = file->metadata[i].key, *value = file->metadata[i].value;
        ok = config_set(&golden->config, key, value, &found, &why);
        if (ok && !found && !known_key(golden, key))
            ok = fail(&why, "%s=%.40s is not a built-in setting", key, value);
    }
    if (!ok) return fail(error, "%s: the metadata's %s", file->path, why.text);
    for (int i = 0; i < file->metadata_count; i++) {
        if (config_unused(&golden->config, file->metadata[i].key, &why))
            return fail(error, "%s: the metadata's %s: %s", file->path, file->metadata[i].key,
                        why.text);
    }
    if (golden->balance) return has_settings(file, &golden->config, "D E K", error);
    return has_settings(file, &golden->config, "D T", error) &&
           has_settings(file, &golden->config, golden->config.ffn->settings, error);
}

bool golden_open(GoldenFile *out, const char *path, FILE *report, Error *error) {
    *out = (GoldenFile){ .report = report, .error = error };
    if (!safetensors_open(&out->file, path, error)) return false;
    out->balance = is_balance(&out->file);
    bool ok = built_in(&out->file, error) && read_config(out, error);
    if (ok) {
        out->values = calloc((size_t)out->file.count + 1, sizeof *out->values);
        out->used = calloc((size_t)out->file.count + 1, sizeof *out->used);
        if (!out->values || !out->used) ok = fail(error, "%s: no memory for its tensors", path);
    }
    if (ok && !out->balance) out->B = (int)golden_number(out, "B", 0, 1 << 16);
    if (!ok) {
        free(out->values);
        free(out->used);
        safetensors_close(&out->file);
    }
    return ok;
}

static void print_table(const GoldenFile *golden) {
    for (int i = 0; i < golden->group_count; i++) {
        const GoldenGroup *group = &golden->groups[i];
        fprintf(golden->report, "  %-22s worst %.1e  bound %.1e  rms %.2g  %s", group->name,
                group->worst, group->bound, group->rms, group->tensor);
        if (group->tensors > 1) fprintf(golden->report, " (of %d)", group->tensors);
        fprintf(golden->report, "\n");
    }
}

bool golden_close(GoldenFile *golden) {
    for (int i = 0; i < golden->file.count; i++) {
        if (!golden->used[i])
            golden_problem(golden, "no check looked at tensor '%s'", golden->file.tensors[i].name);
    }
    print_table(golden);
    fprintf(golden->report, "  %s: %d tensors, %d problems\n", golden->problems ? "FAILED" : "ok",
            golden->file.count, golden->problems);
    for (int i = 0; i < golden->file.count; i++) free(golden->values[i]);
    free(golden->values);
    free(golden->used);
    safetensors_close(&golden->file);
    return golden->problems == 0;
}

double golden_number(GoldenFile *golden, const char *key, double low, double high) {
    const char *text = safetensors_metadata(&golden->file, key);
    char *end = NULL;
    double value = text ? strtod(text, &end) : 0.0;
    if (text && end != text && *end == '\0' && value > low && value <= high) return value;
    golden_problem(golden, "the metadata's %s is %s, expected above %g and at most %g", key,
                   text ? text : "missing", low, high);
    return 0.0;
}

static bool shape_is(const SafeTensor *tensor, Shape shape) {
    int rank = 0;
    while (rank < 5 && shape.size[rank] != 0) {
        if (rank >= tensor->rank || tensor->shape[rank] != shape.size[rank]) return false;
        rank++;
    }
    return rank == tensor->rank && tensor->count > 0;
}

static const SafeTensor *find(GoldenFile *golden, const char *name, Shape shape) {
    const SafeTensor *tensor = safetensors_find(&golden->file, name);
    if (tensor == NULL) {
        golden_problem(golden, "tensor '%s' is missing", name);
        return NULL;
    }
    golden->used[tensor - golden->file.tensors] = true; // from here on it has its own problem
    if (shape_is(tensor, shape)) return tensor;
    const int *s = shape.size;
    golden_problem(
        golden, "tensor '%s' has not the shape [%d,%d,%d,%d,%d] (0: none) that the settings give",
        name, s[0], s[1], s[2], s[3], s[4]);
    return NULL;
}

static const double *values_of(GoldenFile *golden, const SafeTensor *tensor) {
    double **at = &golden->values[tensor - golden->file.tensors];
    if (*at == NULL) {
        *at = malloc(tensor->count * sizeof **at);
        if (*at == NULL) golden_problem(golden, "no memory for tensor '%s'", tensor->name);
        if (*at != NULL) safetensor_to_doubles(*at, tensor);
    }
    return *at;
}

const double *golden_input(GoldenFile *golden, const char *name, Shape shape) {
    const SafeTensor *tensor = find(golden, name, shape);
    const double *values = tensor ? values_of(golden, tensor) : NULL;
    for (size_t i = 0; values && i < tensor->count; i++) {
        if (!finite_bits(values[i])) {
            golden_problem(golden, "input %s[%zu] is not finite", name, i);
            return NULL;
        }
    }
    return values;
}

bool golden_input_ints(GoldenFile *golden, const char *name, Shape shape, int32_t *out) {
    const SafeTensor *tensor = find(golden, name, shape);
    if (tensor == NULL) return false;
    if (tensor->dtype != DTYPE_I32)
        return golden_problem(golden, "tensor '%s' is %s, expected I32", name,
                              dtype_name(tensor->dtype));
    safetensor_to_ints(out, tensor);
    return true;
}

static void note(GoldenFile *golden, const char *name, const char *tensor,
                 const Difference *difference) {
    if (difference->problem[0]) golden_problem(golden, "%s: %s", name, difference->problem);
    GoldenGroup *group = golden->groups;
    while (group < golden->groups + golden->group_count && strcmp(group->name, name) != 0) group++;
    if (group == golden->groups + GOLDEN_GROUPS) {
        golden_problem(golden, "more than %d groups of tensors: no space for '%s'", GOLDEN_GROUPS,
                       name);
        return;
    }
    if (group == golden->groups + golden->group_count) {
        golden->group_count++;
        *group = (GoldenGroup){ .worst = -1.0 };
        snprintf(group->name, sizeof group->name, "%s", name);
    }
    group->tensors++;
    // Nearest to its bound; products, because a bound may be 0.
    if (group->worst >= 0.0 &&
        !(difference->worst * group->bound > group->worst * difference->bound))
        return;
    group->tensor = tensor;
    group->worst = difference->worst;
    group->bound = difference->bound;
    group->rms = difference->rms;
}

void golden_compare(GoldenFile *golden, const char *group, const char *name, Shape shape,
                    const double *actual, Tolerance tolerance) {
    const SafeTensor *tensor = find(golden, name, shape);
    const double *expected = tensor ? values_of(golden, tensor) : NULL;
    if (expected == NULL) return;
    Difference difference;
    compare_values(&difference, tensor->name, (Values){ actual, tensor->count },
                   (Values){ expected, tensor->count }, tolerance);
    note(golden, group, tensor->name, &difference);
}

void golden_compare_floats(GoldenFile *golden, const char *group, const char *name, Shape shape,
                           const float *actual, Tolerance tolerance) {
    const SafeTensor *tensor = find(golden, name, shape);
    const double *expected = tensor ? values_of(golden, tensor) : NULL;
    if (expected == NULL) return;
    Difference difference;
    compare_floats(&difference, tensor->name, actual, tensor->count,
                   (Values){ expected, tensor->count }, tolerance);
    note(golden, group, tensor->name, &difference);
}

void golden_compare_ints(GoldenFile *golden, const char *group, const char *name, Shape shape,
                         const int32_t *actual) {
    const SafeTensor *tensor = find(golden, name, shape);
    if (tensor == NULL) return;
    int32_t *expected = malloc(tensor->count * sizeof *expected);
    if (expected == NULL) {
        golden_problem(golden, "no memory for tensor '%s'", name);
        return;
    }
    if (golden_input_ints(golden, name, shape, expected)) {
        Difference difference;
        compare_ints(&difference, tensor->name, actual, tensor->count, expected, tensor->count);
        note(golden, group, tensor->name, &difference);
    }
    free(expected);
}
