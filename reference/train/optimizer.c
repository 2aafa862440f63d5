#include "reference/train/optimizer.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

double schedule_learning_rate(const Schedule *schedule, int64_t step) {
    if (step < schedule->warmup) return schedule->peak * (double)step / schedule->warmup;
    int64_t past = step - schedule->warmup - schedule->constant;
    if (past < 0) return schedule->peak;
    if (past >= schedule->decay) return 0.0;
    return schedule->peak * (1.0 - sqrt((double)past / schedule->decay));
}

// Values one thread takes at a time. Fixed, so that sums, and which elements fall into a vector
// loop's tail, do not depend on the number of threads; the sums of blocks are added in order.
enum { BLOCK = 1 << 16 };

static double sum_of_squares(const float *values, size_t count) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}

// The sum of one tensor's squares: NaN or infinite when any of its values is (a double holds the
// square of any float).
static double tensor_squares(const float *values, size_t count, double *sums) {
    size_t blocks = (count + BLOCK - 1) / BLOCK;
    double sum = 0.0;
    for (size_t first = 0; first < blocks; first += 64) {
        size_t group = blocks - first < 64 ? blocks - first : 64;
#pragma omp parallel for if (group > 1)
        for (size_t i = 0; i < group; i++) {
            size_t at = (first + i) * BLOCK;
            sums[i] = sum_of_squares(values + at, count - at < BLOCK ? count - at : BLOCK);
        }
        for (size_t i = 0; i < group; i++) sum += sums[i];
    }
    return sum;
}

double gradient_norm(const Tensors *tensors, const float *gradients, const Tensor **bad) {
    double total = 0.0, sums[64];
    if (bad != NULL) *bad = NULL;
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        double sum = tensor_squares(gradients + tensor->offset, tensor->count, sums);
        if (bad != NULL && *bad == NULL && !isfinite(sum)) *bad = tensor;
        total += sum;
    }
    return sqrt(total);
}

// What one step multiplies by, in float: the same for every element of a tensor.
typedef struct {
    float clip, first_rate, second_scale, decay;
} Factors;

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², p -= rate · m̂ / (sqrt(v̂) + eps) +
// decay · p
static void update(float *restrict p, const float *restrict gradient, float *restrict m,
                   float *restrict v, size_t count, Factors f) {
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * f.clip;
        m[i] = (float)BETA1 * m[i] + (float)(1.0 - BETA1) * g;
        v[i] = (float)BETA2 * v[i] + (float)(1.0 - BETA2) * g * g;
        p[i] -=
            f.first_rate * m[i] / (sqrtf(v[i] * f.second_scale) + (float)EPSILON) + f.decay * p[i];
    }
}

void adamw_step(const Tensors *tensors, float *parameters, const float *gradients, float *first,
                float *second, double norm, int64_t step, const AdamwSettings *settings) {
    double corrected_first = 1.0 - pow(BETA1, (double)(step + 1)),
           corrected_second = 1.0 - pow(BETA2, (double)(step + 1));
    double decay =
        settings->peak > 0.0 ? settings->rate / settings->peak * settings->weight_decay : 0.0;
    Factors f = { .clip = settings->clip > 0.0 && norm > settings->clip
                              ? (float)(settings->clip / norm)
                              : 1.0f,
                  .first_rate = (float)(settings->rate / corrected_first),
                  .second_scale = (float)(1.0 / corrected_second) };
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        f.decay = tensor->decay ? (float)decay : 0.0f;
#pragma omp parallel for if (tensor->count > BLOCK)
        for (size_t block = 0; block < tensor->count; block += BLOCK) {
            size_t at = tensor->offset + block, left = tensor->count - block;
            update(parameters + at, gradients + at, first + at, second + at,
                   left < BLOCK ? left : BLOCK, f);
        }
    }
}
