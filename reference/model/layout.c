#include "reference/model/layout.h"
#include "reference/ffn/ffn.h"
#include <stdint.h>
#include <stdio.h>

bool layout_declare(Tensors *tensors, int *layers, const Config *config) {
    int V = config->V, D = config->D, Dh = config->Dh, H = config_heads(config);
    char prefix[40];
    tensors_add(tensors, "", "embedding", INIT_NORMAL, D, true, 2, (int[]){ V, D });
    for (int l = 0; l < config->L && tensors->floats != SIZE_MAX; l++) {
        layers[l] = tensors->count;
        snprintf(prefix, sizeof prefix, "layers.%d.", l);
        tensors_add(tensors, prefix, "attention_norm", INIT_ONE, 0, false, 1, (int[]){ D });
        tensors_add(tensors, prefix, "attention.query", INIT_LECUN, D, true, 3,
                    (int[]){ D, H, Dh });
        tensors_add(tensors, prefix, "attention.key", INIT_LECUN, D, true, 3, (int[]){ D, H, Dh });
        tensors_add(tensors, prefix, "attention.value", INIT_LECUN, D, true, 3,
                    (int[]){ D, H, Dh });
        tensors_add(tensors, prefix, "attention.query_norm", INIT_ONE, 0, false, 1, (int[]){ Dh });
        tensors_add(tensors, prefix, "attention.key_norm", INIT_ONE, 0, false, 1, (int[]){ Dh });
        tensors_add(tensors, prefix, "attention.output", INIT_LECUN, D, true, 3,
                    (int[]){ H, Dh, D });
        tensors_add(tensors, prefix, "ffn_norm", INIT_ONE, 0, false, 1, (int[]){ D });
        snprintf(prefix, sizeof prefix, "layers.%d.ffn.", l);
        ffn_of(config)->declare(tensors, config, prefix);
    }
    tensors_add(tensors, "", "output_norm", INIT_ONE, 0, false, 1, (int[]){ D });
    return tensors->floats != SIZE_MAX;
}

const Tensor *layout_output_norm(const Tensors *tensors) {
    return &tensors->items[tensors->count - 1];
}
