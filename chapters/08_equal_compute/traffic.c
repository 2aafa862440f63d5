#include "chapters/08_equal_compute/traffic.h"
#include "chapters/08_equal_compute/parts.h"

// [traffic
Traffic layer_traffic(const ModelSizes *sizes, double N) {
    LayerParts p = layer_parts(sizes);
    double expert = p.weights + p.biases, always = p.router + N * 2 * sizes->D;
    return (Traffic){
        .flops = 2 * N * (p.router + experts_taken(&p) * p.weights),
        .bytes_once = 4 * (always + experts_touched(&p, N) * expert),
        .bytes_per_use = 4 * (always + N * experts_taken(&p) * expert),
    };
}
// traffic]
