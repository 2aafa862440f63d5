#include "chapters/08_equal_compute/parts.h"
#include <math.h>

static double router_weights(const Sgatlin *s) {
    double width = sgatlin_query_width(s), lists = sgatlin_lists(s), keys = sgatlin_keys(s);
    return s->D * width + lists * keys * s->Dk;
}

// [parts
LayerParts layer_parts(const ModelSizes *sizes) {
    double D = sizes->D, F = sizes->F, C = sizes->C, K = sizes->K, E = sizes->E;
    double glu = 3 * D * F, biases = 2 * F + D;
    Sgatlin s = sgatlin_of(sizes);
    switch (sizes->ffn) { //                router        pools, heads, experts, K
    case FEED_FORWARD_MLP: return (LayerParts){ 0, 1, 1, 1, 1, 2 * D * F, 0 };
    case FEED_FORWARD_GLU: return (LayerParts){ 0, 1, 1, 1, 1, glu, biases };
    case FEED_FORWARD_MOE: return (LayerParts){ D * E, 1, 1, E, K, glu, biases };
    case FEED_FORWARD_PEER:
        s.router = PRODUCT_KEY_VALUE;
        return (LayerParts){ router_weights(&s), 1, C, F, K, 2 * D, 0 };
    default: return (LayerParts){ router_weights(&s), C, 1, F, K, 2 * D, 0 };
    }
}
// parts]

double experts_taken(const LayerParts *p) { return p->pools * p->heads * p->K; }

// [touched
double experts_touched(const LayerParts *p, double N) {
    // the logarithm of the probability that an expert is not used
    double log_unused = p->heads * N * log1p(-p->K / p->experts);
    return -p->pools * p->experts * expm1(log_unused);
}
// touched]
