#include "tests/harness/expect.h"
#include "reference/numbers/random.h"
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void expect_within(const char *name, const double *actual, const double *expected, size_t count,
                   Tolerance tolerance) {
    Difference difference;
    bool same = compare_values(&difference, name, (Values){ actual, count },
                               (Values){ expected, count }, tolerance);
    if (getenv("MEASURE"))
        fprintf(stderr, "%-34s %.1e, rms %.1e\n", name, difference.worst, difference.rms);
    ck_assert_msg(same, "%s", difference.problem);
}

void expect(const char *name, const double *actual, const double *expected, size_t count,
            double relative) {
    expect_within(name, actual, expected, count, (Tolerance){ .relative = relative });
}

void expect_by_hand(const char *name, const double *actual, const double *expected, size_t count) {
    expect_within(name, actual, expected, count, (Tolerance){ .absolute = 1e-14 });
}

void expect_number(const char *what, double actual, double expected, double within) {
    bool same = fabs(actual - expected) <= within; // false for NaN
    char tolerance[32] = "";
    if (within > 0.0) snprintf(tolerance, sizeof tolerance, " within %.2g", within);
    ck_assert_msg(same, "%s: %.9g, expected %.9g%s", what, actual, expected, tolerance);
}

void expect_ints(const char *name, const int *actual, const int *expected, size_t count) {
    Difference difference;
    bool same = compare_ints(&difference, name, actual, count, expected, count);
    ck_assert_msg(same, "%s", difference.problem);
}

double *new_doubles(size_t count) {
    double *block = calloc(count > 0 ? count : 1, sizeof *block);
    ck_assert_ptr_nonnull(block);
    return block;
}

double *take(double **from, size_t count) {
    double *at = *from;
    *from += count;
    return at;
}

void fill(double *out, size_t count, double deviation, uint64_t seed, const char *name) {
    uint64_t key = random_key(seed, name);
    for (size_t i = 0; i < count; i++) out[i] = deviation * random_normal(key, i);
}

double weighted_sum(const double *y, const double *dy, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += y[i] * dy[i];
    return sum;
}

// ---- finite differences

static bool same_choice(const Slopes *slopes, const int *before) {
    return before == NULL || memcmp(slopes->choice, before, slopes->choices * sizeof *before) == 0;
}

// The slope at one number, by central difference. A step that changes the choice has none: false.
static bool slope_at(double *slope, double *x, const Slopes *slopes, const int *choice) {
    const double step = 2e-6, here = *x;
    *x = here + step;
    double above = slopes->loss(slopes->context);
    bool same = same_choice(slopes, choice);
    *x = here - step;
    *slope = (above - slopes->loss(slopes->context)) / (2 * step);
    same = same && same_choice(slopes, choice);
    *x = here;
    return same;
}

static void compare_slopes(const char *name, double *x, const double *gradient, size_t count,
                           const Slopes *slopes, bool none) {
    double *slope = new_doubles(count), *stated = new_doubles(count);
    int *choice = NULL;
    size_t checked = 0;
    if (slopes->choice != NULL) {
        choice = malloc((slopes->choices + 1) * sizeof *choice);
        ck_assert_ptr_nonnull(choice);
        slopes->loss(slopes->context);
        memcpy(choice, slopes->choice, slopes->choices * sizeof *choice);
    }
    for (size_t i = 0; i < count; i++) {
        stated[checked] = gradient[i];
        if (slope_at(&slope[checked], &x[i], slopes, choice)) checked++;
    }
    ck_assert_msg(checked > 0.9 * count, "%s: the choice stayed in %zu of %zu steps", name, checked,
                  count);
    bool zeros = root_mean_square(stated, checked) == 0.0;
    ck_assert_msg(zeros == none, "%s: %s", name,
                  none ? "a gradient where there is no slope" : "no gradient at all");
    expect_within(name, stated, slope, checked,
                  (Tolerance){ .absolute = 1e-12, .relative = none ? 0 : 1e-6 });
    free(choice);
    free(stated);
    free(slope);
}

void expect_slopes(const char *name, double *x, const double *gradient, size_t count,
                   const Slopes *slopes) {
    compare_slopes(name, x, gradient, count, slopes, false);
}

void expect_no_slopes(const char *name, double *x, const double *gradient, size_t count,
                      const Slopes *slopes) {
    compare_slopes(name, x, gradient, count, slopes, true);
}

// ---- golden files

Safetensors golden_ffn_file(const char *name) {
    char path[128];
    Safetensors file;
    Error error = { "" };
    snprintf(path, sizeof path, "tests/golden/ffn/%s.safetensors", name);
    ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.text);
    return file;
}

double golden_value(const Safetensors *file, const char *key) {
    const char *text = safetensors_metadata(file, key);
    ck_assert_msg(text != NULL, "%s has no %s", file->path, key);
    char *end;
    double value = strtod(text, &end);
    ck_assert_msg(end != text && *end == '\0' && value > 0, "%s: %s is %s", file->path, key, text);
    return value;
}

int golden_size(const Safetensors *file, const char *key) {
    double value = golden_value(file, key);
    ck_assert_msg(value == (int)value, "%s: %s is %g", file->path, key, value);
    return (int)value;
}

void read_tensor(double *out, const Safetensors *file, const char *name, size_t count) {
    const SafeTensor *tensor = safetensors_find(file, name);
    ck_assert_msg(tensor != NULL, "%s has no %s", file->path, name);
    ck_assert_msg(tensor->count == count, "%s has %zu elements, expected %zu", name, tensor->count,
                  count);
    safetensor_to_doubles(out, tensor);
}

void expect_tensor(const Safetensors *file, const char *name, const double *actual, size_t count) {
    double *expected = new_doubles(count);
    read_tensor(expected, file, name, count);
    expect(name, actual, expected, count, 1e-10);
    free(expected);
}

void expect_tensor_ints(const Safetensors *file, const char *name, const int *actual,
                        size_t count) {
    double *expected = new_doubles(count);
    read_tensor(expected, file, name, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(actual[i] == expected[i], "%s[%zu] is %d, expected %g", name, i, actual[i],
                      expected[i]);
    free(expected);
}
