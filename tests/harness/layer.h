#ifndef TESTS_HARNESS_LAYER_H
#define TESTS_HARNESS_LAYER_H
#include "reference/config/config.h"

// Every layer that is built in: each kind of the registry, with each router and activation of kinds
// that have a choice, and each routing and pool of a moe. The sizes are left zero. false: i is past
// the last. name, for messages, may be NULL.
enum { VARIANT_NAME = 64 };
bool layer_variant(int i, Config *out, char name[VARIANT_NAME]);
int layer_variants(void);
#endif
