#include "chapters/08_equal_compute/parts.h"
#include <math.h>

double folded_router_flops(const ModelSizes *sizes) {
    LayerParts p = layer_parts(sizes);
    if (sizes->ffn != FEED_FORWARD_PEER && sizes->ffn != FEED_FORWARD_SGATLIN) return 2 * p.router;
    Sgatlin s = sgatlin_of(sizes);
    if (sizes->ffn == FEED_FORWARD_PEER) s.router = PRODUCT_KEY_VALUE;
    // All lists or none: the lists are equal, and a shared query is needed if any of them is not
    // folded.
    return fmin(2 * p.router, 2.0 * sgatlin_lists(&s) * sgatlin_keys(&s) * s.D);
}
