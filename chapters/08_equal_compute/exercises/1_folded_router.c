// Exercise 08-1. Count another router.
//
// Query and key are two linear maps, one after the other. Folded into one (exercise 05-2), they
// score a list of keys directly from x: D multiplications per key, and no query. Count the FLOPs of
// one layer's router for one token, for each kind the cheaper of the two ways. Some kinds have one
// query for all lists: they fold all lists or none, because a single list that is not folded needs
// the query. The moe's router has no query, mlp and glu have no router: these do not change.
//
// Check with: make exercise-08-1
#include "chapters/08_equal_compute/parts.h"

double folded_router_flops(const ModelSizes *sizes) {
    LayerParts p = layer_parts(sizes);
    return 2 * p.router; // not folded: yours to write
}
