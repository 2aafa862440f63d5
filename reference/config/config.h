#ifndef REFERENCE_CONFIG_CONFIG_H
#define REFERENCE_CONFIG_CONFIG_H
#include "reference/config/kind.h"
#include "reference/io/error.h"
#include "reference/io/safetensors.h"
#include <stdbool.h>
#include <stddef.h>

// The routers of one-neuron experts (chapter 06).
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
extern const char *const router_names[ROUTERS], *const activation_names[ACTIVATIONS];
// Who chooses in a mixture of experts (chapters 02 and 03): each token its experts, each expert its
// tokens, or one pool of scores. A pool is one time step of all rows of the batch, or a sequence.
typedef enum { ROUTING_TOKEN, ROUTING_EXPERT, ROUTING_UNIFIED, ROUTINGS } Routing;
typedef enum { POOL_STEP, POOL_SEQUENCE, POOLS } Pool;

// What a model is: its hyperparameters, named as in the papers. Those that its kind of feed-forward
// layer does not use are ignored.
typedef struct Config {
    const FfnKind *ffn; // of the registry, ffn/ffn.h; its functions are ffn_of(config)
    int V;              // vocabulary
    int T;              // tokens per sequence
    int D;              // model width
    int L;              // layers
    int Dh;             // width of a head; the number of heads is D / Dh
    int F;              // dense: hidden width; moe: of each expert; others: experts per channel
    int C;              // channels
    int E;              // moe: experts
    int K;              // experts taken per token and channel
    int Dk;             // width of a key
    Router router;
    Activation activation;
    Routing routing;
    Pool pool;
    double budget; // unified routing: K when it is a fraction, of which K is the whole part; else 0
    double alpha;  // unified routing: share of the experts' view in the score
    double capacity;    // expert choice: experts per token on average
    double switch_loss; // weight of Switch's balancing loss; 0: none
    double z_loss;      // weight of the router z-loss; 0: none
    double bias_step;   // step of the balancing bias after each batch; 0: there is no bias
} Config;

// A config of this kind (NULL: none yet) with the default alpha and capacity, dimensions still 0.
Config config_default(const FfnKind *ffn);

static inline int config_heads(const Config *config) { return config->D / config->Dh; }
int config_keys(const Config *config); // n = sqrt(F), rounded down
// K, or the fraction that unified routing has in its place
static inline double config_budget(const Config *config) {
    return config->budget > 0.0 ? config->budget : config->K;
}

// Whether kinds with this list of settings (FfnKind.settings) have one of that name.
bool kind_uses(const FfnKind *kind, const char *setting);

// Checks the config and calls its kind's own check; the error says which setting to change.
bool config_valid(const Config *config, Error *error);

// Sets one setting by name, as in --set D=128 or a checkpoint's metadata: V T D L Dh F C E K Dk,
// router, activation, routing, pool, alpha, capacity, switch, z, bias. (Not ffn: config_default
// takes the kind.) found: whether there is such a setting; if not, nothing is set and the result is
// true. false: the value is not valid.
bool config_set(Config *config, const char *name, const char *value, bool *found, Error *error);

// The settings that the config's kind and routing use, as text, for metadata and messages: ffn
// first. Returns how many.
enum { CONFIG_SETTINGS = 24, SETTING_SIZE = 24 };
typedef struct {
    const char *name;
    char value[SETTING_SIZE];
} Setting;
int config_settings(const Config *config, Setting out[CONFIG_SETTINGS]);

// Whether a setting is unused by this kind or routing; the error says which routing uses it.
bool config_unused(const Config *config, const char *name, Error *error);

bool config_equal(const Config *a, const Config *b); // in the settings that they use

// A config of this kind from the metadata of a checkpoint or a golden file. Keys that are not
// settings are ignored; a missing dimension is an error.
bool config_from_metadata(Config *out, const FfnKind *ffn, const Safetensors *file, Error *error);
#endif
