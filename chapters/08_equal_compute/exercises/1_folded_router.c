// Exercise 08-1. Count another router.
//
// Query and key are two linear maps, one after the other; folded into one before any token is seen
// (exercise 05-2) a list of keys is scored straight from x: D multiplications a key, and no query.
// Count it: the FLOPs of one layer's router for one token, each kind's the cheaper of the two ways.
// A query that all lists share is spared only if every list is folded. A moe's router has no query,
// mlp and glu have no router: theirs stay as they are.
#include "chapters/08_equal_compute/parts.h"

double folded_router_flops(const ModelSizes *sizes) {
    LayerParts p = layer_parts(sizes);
    return 2 * p.router; // as it stands: yours to write
}
