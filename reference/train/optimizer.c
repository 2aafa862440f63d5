#include "reference/train/optimizer.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

double schedule_learning_rate(const Schedule *schedule, int64_t step) {
    if (step < schedule->warmup) return schedule->peak * (double)step / schedule->warmup;
    int64_t decayed = step - schedule->warmup - schedule->constant;
    if (decayed < 0) return schedule->peak;
    if (decayed >= schedule->decay) return 0.0;
    return schedule->peak * (1.0 - sqrt((double)decayed / schedule->decay));
}

// Values that one thread takes at a time. A fixed size, so that the sums, and which elements are in
// a vector loop's tail, do not depend on the number of threads. Sums of blocks are added in order.
enum { BLOCK = 1 << 16, GROUP = 64 };

static double sum_of_squares(const float *values, size_t count) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}

// Of one tensor: NaN or infinite when any of its values is, since a double holds the square of any
// float.
static double tensor_squares(const float *values, size_t count) {
    size_t blocks = (count + BLOCK - 1) / BLOCK;
    double sum = 0.0, sums[GROUP];
    for (size_t start = 0; start < blocks; start += GROUP) {
        size_t group = min_size(blocks - start, GROUP);
#pragma omp parallel for if (group > 1)
        for (size_t i = 0; i < group; i++) {
            size_t offset = (start + i) * BLOCK;
            sums[i] = sum_of_squares(values + offset, min_size(count - offset, BLOCK));
        }
        for (size_t i = 0; i < group; i++) sum += sums[i];
    }
    return sum;
}

double gradient_norm(const Tensors *tensors, const float *gradients, const Tensor **bad) {
    double total = 0.0;
    if (bad != NULL) *bad = NULL;
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        double sum = tensor_squares(gradients + tensor->offset, tensor->count);
        if (bad != NULL && *bad == NULL && !isfinite(sum)) *bad = tensor;
        total += sum;
    }
    return sqrt(total);
}

static const double BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

// What one step multiplies by: the same for every element of a tensor.
typedef struct {
    float clip;    // of the gradient
    float rate;    // learning rate / (1 - beta1^t): corrects the bias of m
    float v_scale; // 1 / (1 - beta2^t): corrects the bias of v
    float decay;
} Factors;

static Factors factors_of(const AdamwSettings *settings, double norm, int64_t step) {
    double t = (double)(step + 1);
    Factors f = { .clip = 1.0f,
                  .rate = (float)(settings->rate / (1.0 - pow(BETA1, t))),
                  .v_scale = (float)(1.0 / (1.0 - pow(BETA2, t))) };
    if (settings->clip > 0.0 && norm > settings->clip) f.clip = (float)(settings->clip / norm);
    if (settings->peak > 0.0)
        f.decay = (float)(settings->rate / settings->peak * settings->weight_decay);
    return f;
}

// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g²,
// p -= rate · m̂ / (sqrt(v̂) + eps) + decay · p
static void update(float *restrict p, float *restrict m, float *restrict v,
                   const float *restrict gradient, size_t count, Factors f) {
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float g = gradient[i] * f.clip;
        m[i] = (float)BETA1 * m[i] + (float)(1.0 - BETA1) * g;
        v[i] = (float)BETA2 * v[i] + (float)(1.0 - BETA2) * g * g;
        p[i] -= f.rate * m[i] / (sqrtf(v[i] * f.v_scale) + (float)EPSILON) + f.decay * p[i];
    }
}

void adamw_step(const Tensors *tensors, float *parameters, const float *gradients, float *m,
                float *v, double norm, int64_t step, const AdamwSettings *settings) {
    const Factors factors = factors_of(settings, norm, step);
    for (int i = 0; i < tensors->count; i++) {
        const Tensor *tensor = &tensors->items[i];
        Factors f = factors;
        if (!tensor->decay) f.decay = 0.0f;
#pragma omp parallel for if (tensor->count > BLOCK)
        for (size_t block = 0; block < tensor->count; block += BLOCK) {
            size_t offset = tensor->offset + block;
            update(parameters + offset, m + offset, v + offset, gradients + offset,
                   min_size(tensor->count - block, BLOCK), f);
        }
    }
}
