#ifndef REFERENCE_CONFIG_CONFIG_H
#define REFERENCE_CONFIG_CONFIG_H
#include "reference/config/kind.h"
#include "reference/io/error.h"
#include "reference/io/safetensors.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    ROUTER_PRODUCT_DENSE,
    ROUTER_PRODUCT_KEY_VALUE,
    ROUTER_DENSE,
    ROUTER_KEY_VALUE,
    ROUTERS
} Router;
typedef enum {
    ACTIVATION_IDENTITY,
    ACTIVATION_RELU,
    ACTIVATION_GELU,
    ACTIVATION_SWISH,
    ACTIVATIONS
} Activation;
// Who chooses in a mixture of experts (chapters 02 and 03), and over which tokens the unified pool
// reaches: one time step across the batch, or a sequence.
typedef enum { ROUTING_TOKEN, ROUTING_EXPERT, ROUTING_UNIFIED, ROUTINGS } Routing;
typedef enum { POOL_STEP, POOL_SEQUENCE, POOLS } Pool;

// What a model is: the letters of the papers and a few words. Zero: not used by this kind of
// feed-forward layer.
typedef struct Config {
    const FfnKind *ffn; // of the registry, ffn/ffn.h; its functions are ffn_of(config)
    // vocabulary, tokens a sequence, width, layers, width of a head; heads H = D / Dh
    int V, T, D, L, Dh;
    int F; // hidden width; sparse kinds: experts a channel
    // channels, experts taken a channel (a moe may take parts: see budget), width of a key
    int C, K, Dk;
    int E; // moe: experts, each of hidden width F
    Router router;
    Activation activation;
    Routing routing;
    Pool pool;
    // K of the unified pool where it is no whole number, and K its whole part; else 0
    double budget;
    // unified: share of the experts' view in the score; expert choice: tokens·capacity/E each
    double alpha, capacity;
    double switch_loss, z_loss; // weights of the balancing losses, 0: none
    double bias_step;           // of the balancing bias after each batch, 0: there is no bias
} Config;

// With the defaults of the options that have one: what a kind starts from.
Config config_default(const FfnKind *ffn);

static inline int config_heads(const Config *config) { return config->D / config->Dh; }
int config_keys(const Config *config); // n = sqrt(F), rounded down
static inline double config_budget(const Config *config) {
    return config->budget > 0.0 ? config->budget : config->K;
}

// The config's own rules and its feed-forward layer's; the message says which letter to change.
bool config_valid(const Config *config, Error *error);

// One setting by name, as in --set D=128 or a checkpoint's metadata: a letter, or router,
// activation, routing, pool, alpha, capacity, switch, z, bias. found is false (and the result true)
// when the name is no setting of a model. The kind is not one of them: config_default takes it.
bool config_set(Config *config, const char *name, const char *value, bool *found, Error *error);

// The settings this kind uses, as text, for metadata and messages: at most CONFIG_SETTINGS of them.
enum { CONFIG_SETTINGS = 24, CONFIG_TEXT = 24 };
typedef struct {
    const char *name;
    char value[CONFIG_TEXT];
} Setting;
int config_settings(const Config *config, Setting out[CONFIG_SETTINGS]);

// A setting of some model that this kind, or its routing, has no use for; the message says whose it
// is.
bool config_unused(const Config *config, const char *name, Error *error);

bool config_equal(const Config *a, const Config *b);

// A config of this kind from a checkpoint's (or a golden file's) metadata: unknown keys are left
// alone, missing letters are named.
bool config_from_metadata(Config *out, const FfnKind *ffn, const Safetensors *file, Error *error);

// Does the kind use the setting, with some routing?
bool kind_uses(const FfnKind *kind, const char *setting);
#endif
