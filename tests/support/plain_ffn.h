#ifndef TESTS_PLAIN_FFN_H
#define TESTS_PLAIN_FFN_H
#include "tests/support/layer.h"

// The feed-forward layers of layers.md (sections 1 and 6) in double, one token at a time, without any of the fast
// rung's code: the oracle for shapes that no golden file has. It is itself held against the golden files at 1e-10.

// false: no plain version of this kind.
bool plain_ffn_knows(const Config *config);
// Writes y, the scores and the gating, and the gradients of sum(y·dy).
bool plain_ffn_run(LayerNumbers *plain, Error *error);

// Numbers of score groups (2C or C) and keys in one (n or F) of the router: scores are [N,groups,keys].
int plain_score_groups(const Config *config);
int plain_score_keys(const Config *config);
// The score of expert f of channel c, from one token's scores [groups,keys].
double plain_score(const Config *config, const double *scores, int c, int f);
// The K best of one channel by brute force over all F: the higher score first, equal ones by the lower index.
void plain_top(const Config *config, const double *scores, int c, double *score, int32_t *index);

double plain_activation(Activation activation, double u, double *derivative);
#endif
