#ifndef REFERENCE_FFN_FFN_H
#define REFERENCE_FFN_FFN_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"
#include "reference/numbers/tensors.h"

// One call of a feed-forward layer on N = B·T tokens. The caller owns all memory.
typedef struct {
    const Config *config;
    const Tensor *tensors;   // this layer's rows of the table, in the order of Ffn.declare
    const float *parameters; // block
    float *gradients;        // block; backward overwrites this layer's tensors
    int B, T;
    const int32_t *tokens; // [N]: the tokens read, TOKEN_PAD for padding; may be NULL
    const float *x;        // [N,D]
    float *y;              // [N,D], written by forward
    const float *dy;       // [N,D]
    float *dx;             // [N,D], written by backward
    double *loss;          // forward adds the layer's own (balancing) losses; may be NULL
    float *saved;          // Ffn.saved floats, from forward to backward
    float *scratch;        // Ffn.scratch floats, not kept between calls
    int layer;             // for the hooks
    const HookList *hooks; // may be NULL
} FfnCall;

// Cost of one sequence of T tokens, forward, of the layer alone.
typedef struct {
    double parameters, active_parameters; // active: used by one token
    double flops; // by the sgatlin paper's count: matrix products and chosen experts only
    // Of parameters read: those of one-neuron experts once per use, all others once (a moe's
    // experts too, since the tokens of an expert go through it together).
    double bytes;
} Cost;

// What a token's output depends on besides the token itself: nothing, the tokens of the same time
// step in the batch's other rows, its whole sequence, or the whole batch. DEPENDS_ON_SEQUENCE and
// DEPENDS_ON_BATCH are not causal: the model sees information about the token it is trained to
// predict, so its loss is optimistic.
typedef enum { DEPENDS_ON_TOKEN, DEPENDS_ON_STEP, DEPENDS_ON_SEQUENCE, DEPENDS_ON_BATCH } Causality;
static inline bool is_causal(Causality causality) { return causality < DEPENDS_ON_SEQUENCE; }
static inline bool mixes_batch_rows(Causality causality) {
    return causality == DEPENDS_ON_STEP || causality == DEPENDS_ON_BATCH;
}

// A kind of layer: what a Config knows of it, and its functions. To add a kind, write one file with
// its Ffn and add a row to ffn.c.
typedef struct Ffn {
    FfnKind kind; // the first member, so that ffn_of can cast a Config's kind to its Ffn
    // Adds the layer's tensors to the table, their names beginning with prefix.
    void (*declare)(Tensors *tensors, const Config *config, const char *prefix);
    // Floats of FfnCall.saved for N tokens, and of scratch for either direction with that many
    // threads.
    size_t (*saved)(const Config *config, int N);
    size_t (*scratch)(const Config *config, int N, int threads);
    void (*forward)(const FfnCall *call);  // x, parameters → y, saved (with the Gating), loss
    void (*backward)(const FfnCall *call); // dy, x, parameters, saved → dx, gradients
    // A view of the Gating in `saved`; NULL for dense kinds.
    Gating (*gating)(const Config *config, float *saved, int N);
    Cost (*cost)(const Config *config, int T);
    Causality (*causality)(const Config *config); // NULL: DEPENDS_ON_TOKEN
    // Updates of parameters that the layer makes itself after an optimizer's step, from what the
    // batch left in `saved`; may be NULL. The gradient of such a tensor is 0, so that clipping and
    // the optimizer leave it alone.
    void (*after_step)(const FfnCall *call, float *parameters);
} Ffn;

extern const FfnKind *const ffn_kinds[]; // the registry; ends with NULL
static inline const Ffn *ffn_of(const Config *config) { return (const Ffn *)config->ffn; }

const FfnKind *ffn_find(const char *name);                // NULL: no such kind
const FfnKind *ffn_named(const char *name, Error *error); // NULL: the error lists the kinds
enum { FFN_NAMES_SIZE = 160 };
void ffn_names(char out[FFN_NAMES_SIZE]); // "mlp, glu, …", for messages and help

// A config from a checkpoint's metadata, whose kind is under the key `ffn`.
bool ffn_config_from_metadata(Config *out, const Safetensors *file, Error *error);

// Whether the kind is sparse; the error says what a dense one lacks.
bool ffn_has_gating(const Config *config, Error *error);
// A view of the Gating in a layer's `saved`; with saved NULL only its sizes. N = 0 for dense kinds.
Gating ffn_gating(const Config *config, float *saved, int N);
Causality ffn_causality(const Config *config);

// Sets of F experts from which a sparse layer chooses: one per channel, or one that all share.
static inline int ffn_pools(const Config *config) {
    return config->ffn->shared_experts ? 1 : config->C;
}

// Calls the hooks with the gating of a pass over whole sequences.
static inline void ffn_call_hooks(const FfnCall *call, Gating *gating) {
    GatingEvent event;
    event.layer = call->layer;
    event.gating = gating;
    event.tokens = call->tokens;
    event.T = call->T;
    event.position = 0;
    event.fresh = gating->N;
    hooks_call(call->hooks, &event);
}

// The layer's i-th tensor, and its gradient.
static inline const float *ffn_parameter(const FfnCall *call, int i) {
    return call->parameters + call->tensors[i].offset;
}
static inline float *ffn_gradient(const FfnCall *call, int i) {
    return call->gradients + call->tensors[i].offset;
}
#endif
