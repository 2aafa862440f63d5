#ifndef REFERENCE_MODEL_LAYOUT_H
#define REFERENCE_MODEL_LAYOUT_H
#include "reference/config/config.h"
#include "reference/numbers/tensors.h"

// The order of a model's tensors in its table: the embedding, then layer by layer, then the output
// norm.
//   embedding [V,D]; attention_norm, ffn_norm, output_norm [D];
//   attention.query, .key, .value [D,H,Dh], .query_norm, .key_norm [Dh], .output [H,Dh,D];
//   ffn.… as the kind of layer declares
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
    LAYER_FFN, // the first tensor of the feed-forward layer
} LayerTensor;

// Declares them and writes layers [L], the index of each layer's ATTENTION_NORM, which its other
// tensors follow. false: out of memory, or sizes overflow.
bool layout_declare(Tensors *tensors, int *layers, const Config *config);
const Tensor *layout_output_norm(const Tensors *tensors);
#endif
