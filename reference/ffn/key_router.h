#ifndef REFERENCE_FFN_KEY_ROUTER_H
#define REFERENCE_FFN_KEY_ROUTER_H
#include "reference/config/config.h"
#include "reference/ffn/gating.h"
#include "reference/numbers/tensors.h"

// The routers of one-neuron experts (chapter 06): x → query → scores of lists of n keys → the K
// best experts of each channel. Product routers have two lists per channel, and the score of an
// expert is the sum of two scores (top_k.h); flat routers have one list of n = F keys.
//
//                       query                keys                 score
//   product_dense       [D,Dk], shared       [Dk,2,C,n]           q · keys
//   dense               [D,Dk], shared       [Dk,C,F]             q · keys
//   product_key_value   [2,C,D,Dk]           [2,C,n,Dk]           q · keys / sqrt(2 Dk)
//   key_value           [C,D,Dk]             [C,F,Dk]             q · keys / sqrt(Dk)

// Declares router.query and router.keys, in this order.
void key_router_declare(Tensors *tensors, const Config *config, const char *prefix);
size_t key_router_saved(const Config *config, int N); // floats
bool key_router_valid(const Config *config, Error *error);
bool key_router_is_product(Router router);
int key_router_keys(const Config *config);     // scores per token: 2·C·n, or C·F
double key_router_flops(const Config *config); // per token, forward, by the sgatlin paper's count

// The two tensors of a router, shapes as above.
typedef struct {
    const Config *config;
    const float *query, *keys;
} KeyRouter;
typedef struct {
    float *query, *keys;
} KeyRouterGradients;

// Writes the gating's score and index, and key_scores unless that is NULL, from x [N,D]; the gating
// has its sizes already. Fills saved.
void key_router_forward(Gating *gating, float *saved, const float *x, const KeyRouter *router,
                        float *scratch);

// From dscore [N,C,K], the gradient of the chosen scores (the choice itself has none): writes the
// gradients of both tensors and adds to dx [N,D].
void key_router_backward(float *dx, const KeyRouterGradients *gradients, const float *dscore,
                         const Gating *gating, const float *saved, const float *x,
                         const KeyRouter *router, float *scratch);

size_t key_router_scratch(const Config *config, int N, int threads); // floats, for both directions
#endif
