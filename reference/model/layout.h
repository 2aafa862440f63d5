#ifndef REFERENCE_MODEL_LAYOUT_H
#define REFERENCE_MODEL_LAYOUT_H
#include "reference/config/config.h"
#include "reference/numbers/tensors.h"

// Where a model's tensors stand in its table: the embedding, then layer by layer, then the output
// norm.
//   embedding [V,D]; attention_norm, ffn_norm, output_norm [D]; attention.query, .key, .value [D,H,Dh], .query_norm,
//   .key_norm [Dh], .output [H,Dh,D]; ffn.… as the layer's kind declares.
enum { EMBEDDING };
typedef enum {
    ATTENTION_NORM,
    ATTENTION_QUERY,
    ATTENTION_KEY,
    ATTENTION_VALUE,
    ATTENTION_QUERY_NORM,
    ATTENTION_KEY_NORM,
    ATTENTION_OUTPUT,
    FFN_NORM,
    LAYER_FFN, // the first of the feed-forward layer's own
} LayerTensor;

// false: out of memory, or sizes overflow
bool layout_declare(Tensors *tensors, const Config *config);
// its ATTENTION_NORM, and on
const Tensor *layout_layer(const Tensors *tensors, const Config *config, int layer);
const Tensor *layout_output_norm(const Tensors *tensors);
#endif
