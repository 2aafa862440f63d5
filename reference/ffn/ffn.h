#ifndef REFERENCE_FFN_FFN_H
#define REFERENCE_FFN_FFN_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"
#include "reference/numbers/tensors.h"

// One call of a feed-forward layer on N = B·T tokens. The caller owns all memory.
typedef struct {
    const Config *config;
    const Tensor *tensors;   // this layer's rows of the table, in the order its kind declared them
    const float *parameters; // block
    float *gradients;        // block; backward writes (does not add to) this layer's tensors
    int B, T;
    // [N] or NULL: what was read. TOKEN_PAD fills a row up, and nothing need be chosen for it
    const int32_t *tokens;
    const float *x;  // [N,D]
    float *y;        // [N,D]      forward writes
    const float *dy; // [N,D]
    float *dx;       // [N,D]      backward writes
    // what the layer adds to the training's loss is added here by forward; may be NULL
    double *loss;
    // what backward needs of forward: ffn->saved floats, untouched between the two
    float *saved;
    float *scratch;        // ffn->scratch floats, only for the time of one call
    int layer;             // for the hooks
    const HookList *hooks; // may be NULL
} FfnCall;

// Cost of one sequence of T tokens, forward. flops is the sgatlin authors' count: matrix products
// only; embedding and logits are not a layer's. bytes: parameters read. One-neuron experts: the
// rows of the chosen, at every use. All else once, a moe's experts too, chosen or not: the tokens
// of one go through it together.
typedef struct {
    double parameters, active_parameters; // active: touched by one token
    double flops, bytes;
} Cost;

// What a token's output depends on beside the token itself: nothing, the tokens of its time step in
// the batch's other rows, the whole sequence, or the whole batch. From the sequence on a layer
// looks ahead: it is not causal, and a model with it knows, as it learns to foretell a token,
// something of that token.
typedef enum { DEPENDS_ON_TOKEN, DEPENDS_ON_STEP, DEPENDS_ON_SEQUENCE, DEPENDS_ON_BATCH } Causality;
static inline bool is_causal(Causality causality) { return causality < DEPENDS_ON_SEQUENCE; }
static inline bool mixes_batch_rows(Causality causality) {
    return causality == DEPENDS_ON_STEP || causality == DEPENDS_ON_BATCH;
}

// One kind of layer: what a Config knows of it, and its functions. A new kind is one file with its
// Ffn and one row in ffn.c.
typedef struct Ffn {
    FfnKind kind; // first, so that ffn_of can turn a Config's kind into the Ffn around it
    void (*declare)(Tensors *tensors, const Config *config, const char *prefix);
    size_t (*saved)(const Config *config, int N);                // floats
    size_t (*scratch)(const Config *config, int N, int threads); // floats, for forward and backward
    void (*forward)(const FfnCall *call);  // x, parameters → y, Gating, saved
    void (*backward)(const FfnCall *call); // dy, saved → dx, gradients
    // the view of it inside saved; NULL for dense kinds
    Gating (*gating)(const Config *config, float *saved, int N);
    Cost (*cost)(const Config *config, int T);
    Causality (*causality)(const Config *config); // NULL: the token alone
    // After each step of training, may be NULL: what a layer changes of its parameters itself, from
    // what the batch left in saved. Such a tensor's gradient is 0, so that neither clipping nor the
    // optimizer knows of it.
    void (*after_step)(const FfnCall *call, float *parameters);
} Ffn;

extern const FfnKind *const ffn_kinds[];   // all of them, each in an Ffn; ends with NULL
const FfnKind *ffn_find(const char *name); // NULL: no such kind
const FfnKind *ffn_named(const char *name, Error *error); // NULL: the message lists the kinds
enum { FFN_NAMES_SIZE = 160 };
void ffn_names(char out[FFN_NAMES_SIZE]); // "mlp, glu, …", for messages and help

static inline const Ffn *ffn_of(const Config *config) { return (const Ffn *)config->ffn; }

// A config from a checkpoint's metadata, which names the kind as `ffn`.
bool ffn_config_from_metadata(Config *out, const Safetensors *file, Error *error);

// The view of a layer's Gating inside `saved`; with saved NULL its sizes alone. N = 0 for dense
// kinds.
Gating ffn_gating(const Config *config, float *saved, int N);

Causality ffn_causality(const Config *config);

// Pools of F experts that a sparse layer chooses from: one a channel, or one for all.
static inline int ffn_pools(const Config *config) {
    return config->ffn->shared_experts ? 1 : config->C;
}

// Calls the hooks with what a layer's router selected. To them a pass is one of whole sequences.
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

static inline const float *ffn_parameter(const FfnCall *call, int i) {
    return call->parameters + call->tensors[i].offset;
}
static inline float *ffn_gradient(const FfnCall *call, int i) {
    return call->gradients + call->tensors[i].offset;
}
#endif
