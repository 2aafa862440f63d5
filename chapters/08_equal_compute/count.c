#include "chapters/08_equal_compute/count.h"
#include "chapters/08_equal_compute/parts.h"
#include <math.h>

// [flops
Flops count_flops(const ModelSizes *sizes) {
    double T = sizes->T, D = sizes->D, L = sizes->L;
    LayerParts p = layer_parts(sizes);
    return (Flops){
        .projections = L * 8 * T * D * D,
        .attention = L * 4 * T * T * D,
        .router = L * 2 * T * p.router,
        .experts = L * 2 * T * experts_taken(&p) * p.weights,
        .logits = 2 * T * D * sizes->V,
    };
}

double counted_flops(const Flops *f) {
    return f->projections + f->attention + f->router + f->experts;
}
double full_flops(const Flops *f) { return counted_flops(f) + f->logits; }
// flops]

double step_flops(const ModelSizes *sizes, int B) {
    Flops f = count_flops(sizes);
    return 3.0 * B * counted_flops(&f);
}

double full_step_flops(const ModelSizes *sizes, int B) {
    Flops f = count_flops(sizes);
    return 3.0 * B * full_flops(&f);
}

Weights count_weights(const ModelSizes *sizes) {
    double D = sizes->D, L = sizes->L;
    LayerParts p = layer_parts(sizes);
    double all = p.pools * p.experts, expert = p.weights + p.biases;
    double attention = 4 * D * D + 2 * sizes->Dh, norms = 2 * D; // 2·Dh: the norms of query and key
    double embedding = sizes->V * D + D;                         // and the output norm
    return (Weights){
        .stored = L * (attention + norms + p.router + all * expert) + embedding,
        .active =
            L * (attention + norms + p.router + fmin(experts_taken(&p), all) * expert) + embedding,
    };
}

// [buy
bool buy_training(Purchase *out, double budget, const ModelSizes *sizes, int B) {
    double step = step_flops(sizes, B), steps = floor(budget / step);
    *out = (Purchase){ 0 };
    if (!(steps >= 1.0 && steps < 0x1p53)) return false; // also if it is NaN
    *out = (Purchase){ .steps = steps,
                       .tokens = steps * B * sizes->T,
                       .flops = steps * step,
                       .full = steps * full_step_flops(sizes, B) };
    return true;
}
// buy]
