// One feed-forward layer against a file of golden/ffn/. For sparse layers in three steps (the house
// style): the scores to a tolerance, the choice equal, and the output also given the golden choice.
#include "tests/golden/golden_check.h"
#include "tests/chain/chapter_ffn.h"
#include "tests/golden/golden_chapter_model.h"
#include "tests/golden/golden_file.h"
#include "tests/golden/golden_model.h"
#include "tests/golden/golden_ragged.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Multiples of the stated error of a float32 program. The golden files allow 32: correct programs
// that sum in another order reach 8 on gradients.
static const double FORWARD = 8.0, GRADIENT = 32.0;
// An error that a double program may make, and that a stated float32 error never exceeds.
static const double DOUBLE_ERROR = 1e-10, FLOAT32_ERROR = 1e-5;

static bool knows_all(const Config *config, bool model) { return (void)model, config->ffn != NULL; }

// Chapter 07 has not every kind that has a chapter of its own.
static bool chapters_have(const Config *config, bool model) {
    return model ? chapter_sizes(config).ffn < FEED_FORWARD_KINDS : chapters_know(config);
}

const GoldenImplementation golden_reference = {
    "reference", knows_all, reference_layer_run, true, 0.0, golden_check_model, golden_check_balance
};
const GoldenImplementation golden_chapters = {
    "chapters", chapters_have, chapters_run, true, 1e-10, golden_check_chapter_model, NULL
};

static Shape shape_of(const Tensor *tensor) {
    Shape shape = { { 0 } };
    for (int i = 0; i < tensor->rank; i++) shape.size[i] = tensor->shape[i];
    return shape;
}

static bool read_inputs(GoldenFile *golden, LayerNumbers *out) {
    for (int i = 0; i < out->tensors.count; i++) {
        const Tensor *tensor = &out->tensors.items[i];
        const double *values = golden_input(golden, tensor->name, shape_of(tensor));
        if (values)
            memcpy(out->parameters + tensor->offset, values, tensor->count * sizeof *values);
    }
    Shape rows = { { out->B, out->T, out->config.D } };
    const double *x = golden_input(golden, "x", rows), *dy = golden_input(golden, "dy", rows);
    if (golden->problems) return false;
    memcpy(out->x, x, (size_t)out->N * out->config.D * sizeof *x);
    memcpy(out->dy, dy, (size_t)out->N * out->config.D * sizeof *dy);
    return true;
}

static void compare_outputs(GoldenFile *golden, const LayerNumbers *actual, const char *suffix,
                            Tolerance forward, Tolerance backward) {
    char group[GOLDEN_GROUP_NAME], name[TENSOR_NAME + 8];
    Shape rows = { { actual->B, actual->T, actual->config.D } };
    snprintf(group, sizeof group, "y%s", suffix);
    golden_compare(golden, group, "y", rows, actual->y, forward);
    snprintf(group, sizeof group, "dx%s", suffix);
    golden_compare(golden, group, "dx", rows, actual->dx, backward);
    snprintf(group, sizeof group, "grad%s", suffix);
    for (int i = 0; i < actual->tensors.count; i++) {
        const Tensor *tensor = &actual->tensors.items[i];
        snprintf(name, sizeof name, "grad.%s", tensor->name);
        golden_compare(golden, group, name, shape_of(tensor), actual->gradients + tensor->offset,
                       backward);
    }
}

static Shape scores_shape(const LayerNumbers *numbers) {
    const Config *config = &numbers->config;
    Sgatlin s = chapter_sgatlin(config);
    if (sgatlin_lists(&s) == s.C) return (Shape){ { numbers->B, numbers->T, s.C, s.F } };
    return (Shape){ { numbers->B, numbers->T, 2, s.C, sgatlin_keys(&s) } };
}

static Shape gating_shape(const LayerNumbers *numbers) {
    return (Shape){ { numbers->B, numbers->T, numbers->config.C, numbers->config.K } };
}

// The file against itself: its scores are those of the chapter's router on the file's own x and
// keys, and its gating is their top K.
static void check_scores(GoldenFile *golden, const LayerNumbers *inputs, Error *error) {
    const Config *config = &inputs->config;
    LayerNumbers plain;
    if (!layer_numbers_new(&plain, config, inputs->B, inputs->T, error)) {
        golden_problem(golden, "%s", error->text);
        return;
    }
    memcpy(plain.parameters, inputs->parameters, plain.tensors.floats * sizeof *plain.parameters);
    memcpy(plain.x, inputs->x, (size_t)plain.N * config->D * sizeof *plain.x);
    Tolerance tight = { .relative = DOUBLE_ERROR };
    Sgatlin s = chapter_sgatlin(config);
    size_t keys = (size_t)sgatlin_lists(&s) * sgatlin_keys(&s);
    if (chapters_run(&plain, error)) {
        golden_compare(golden, "router.scores", "router.scores", scores_shape(&plain), plain.scores,
                       tight);
    } else {
        golden_problem(golden, "%s", error->text);
    }
    const double *scores = golden_input(golden, "router.scores", scores_shape(&plain));
    for (int t = 0; scores && t < plain.N; t++) {
        for (int c = 0; c < config->C; c++) {
            size_t at = ((size_t)t * config->C + c) * config->K;
            chapter_top(config, scores + t * keys, c, plain.score + at, plain.index + at);
        }
    }
    golden_compare(golden, "top K of scores", "gating.scores", gating_shape(&plain), plain.score,
                   tight);
    golden_compare_ints(golden, "top K of scores", "gating.indices", gating_shape(&plain),
                        plain.index);
    layer_numbers_free(&plain);
}

static bool give_choice(GoldenFile *golden, LayerNumbers *numbers) {
    if (numbers->config.ffn->ragged) return golden_ragged_give(golden, numbers);
    const double *score = golden_input(golden, "gating.scores", gating_shape(numbers));
    if (!score ||
        !golden_input_ints(golden, "gating.indices", gating_shape(numbers), numbers->index))
        return false;
    size_t entries = layer_numbers_entries(numbers);
    for (size_t i = 0; i < entries; i++) {
        if (numbers->index[i] >= 0 && numbers->index[i] < numbers->config.F) continue;
        return golden_problem(golden, "gating.indices[%zu] is %d, expected below F = %d", i,
                              numbers->index[i], numbers->config.F);
    }
    memcpy(numbers->score, score, entries * sizeof *score);
    return true;
}

// Step three: the golden scores and indices are put in the router's place.
static void check_given_choice(GoldenFile *golden, const GoldenImplementation *implementation,
                               LayerNumbers *numbers, Tolerance forward, Tolerance backward,
                               Error *error) {
    if (!give_choice(golden, numbers)) return;
    numbers->given = true;
    if (!implementation->run(numbers, error)) {
        golden_problem(golden, "%s", error->text);
        return;
    }
    compare_outputs(golden, numbers, ", choice given", forward, backward);
}

static void check_gating(GoldenFile *golden, const GoldenImplementation *implementation,
                         const LayerNumbers *numbers, Tolerance forward, Error *error) {
    golden_compare(golden, "gating.scores", "gating.scores", gating_shape(numbers), numbers->score,
                   forward);
    golden_compare_ints(golden, "gating.indices", "gating.indices", gating_shape(numbers),
                        numbers->index);
    if (implementation->shows_scores)
        golden_compare(golden, "router.scores", "router.scores", scores_shape(numbers),
                       numbers->scores, forward);
    check_scores(golden, numbers, error);
}

static void check_layer(GoldenFile *golden, const GoldenImplementation *implementation,
                        LayerNumbers *numbers) {
    Error error = { "" };
    double float32 = golden_number(golden, "float32_error", 0.0, FLOAT32_ERROR);
    Tolerance forward = { .relative = implementation->relative > 0 ? implementation->relative
                                                                   : FORWARD * float32 };
    Tolerance backward = { .relative = implementation->relative > 0 ? implementation->relative
                                                                    : GRADIENT * float32 };
    if (!read_inputs(golden, numbers)) return;
    if (!implementation->run(numbers, &error)) {
        golden_problem(golden, "%s", error.text);
        return;
    }
    compare_outputs(golden, numbers, "", forward, backward);
    if (!numbers->config.ffn->sparse) return;
    if (numbers->config.ffn->ragged) {
        golden_ragged_check(golden, numbers, implementation->shows_scores, forward);
    } else {
        check_gating(golden, implementation, numbers, forward, &error);
    }
    check_given_choice(golden, implementation, numbers, forward, backward, &error);
}

static void check_ffn(GoldenFile *golden, const GoldenImplementation *implementation) {
    Error error = { "" };
    LayerNumbers numbers;
    if (!layer_numbers_new(&numbers, &golden->config, golden->B, golden->config.T, &error)) {
        golden_problem(golden, "%s", error.text);
    } else {
        check_layer(golden, implementation, &numbers);
        layer_numbers_free(&numbers);
    }
}

static bool is_model(const GoldenFile *golden) {
    return safetensors_metadata(&golden->file, "L") != NULL;
}

bool golden_applies(const char *path, const GoldenImplementation *implementation) {
    GoldenFile golden;
    Error error;
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL || !golden_open(&golden, path, nowhere, &error)) {
        if (nowhere) fclose(nowhere);
        return false;
    }
    bool applies = (implementation->check_balance != NULL || !golden.balance) &&
                   implementation->knows(&golden.config, is_model(&golden));
    golden_close(&golden);
    fclose(nowhere);
    return applies;
}

bool golden_check(const char *path, const GoldenImplementation *implementation, FILE *report,
                  Error *error) {
    GoldenFile golden;
    if (!golden_open(&golden, path, report, error)) {
        fprintf(report, "%s\n  PROBLEM %s\n", path, error->text);
        return false;
    }
    fprintf(report, "%s: %s, %s\n", path, golden.config.ffn->name, implementation->name);
    if (golden.problems) {
        // The metadata is not whole: nothing can be checked by it.
    } else if (!implementation->knows(&golden.config, is_model(&golden))) {
        golden_problem(&golden, "implementation %s has no %s", implementation->name,
                       golden.config.ffn->name);
    } else if (golden.balance && implementation->check_balance == NULL) {
        golden_problem(&golden, "implementation %s does not check the balancing",
                       implementation->name);
    } else if (golden.balance) {
        implementation->check_balance(&golden);
    } else if (is_model(&golden)) {
        implementation->check_model(&golden);
    } else {
        check_ffn(&golden, implementation);
    }
    return golden_close(&golden);
}
