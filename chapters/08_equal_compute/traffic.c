#include "chapters/08_equal_compute/traffic.h"
#include "chapters/08_equal_compute/parts.h"

// [traffic
Traffic layer_traffic(const ModelSizes *sizes, double N) {
    LayerParts p = layer_parts(sizes);
    double expert = p.weights + p.biases, moved = p.router + N * 2 * sizes->D;
    return (Traffic){
        .flops = 2 * N * (p.router + experts_taken(&p) * p.weights),
        .once = 4 * (moved + experts_touched(&p, N) * expert),
        .every = 4 * (moved + N * experts_taken(&p) * expert),
    };
}
// traffic]
