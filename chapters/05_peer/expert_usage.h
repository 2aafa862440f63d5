#ifndef EXPERT_USAGE_H
#define EXPERT_USAGE_H
#include "chapters/05_peer/peer.h"

// Do a million experts all have work? He 2024 asks it (expert usage and query batch normalisation)
// in two numbers of Lample 2019, both of total[f] = Σ gate: how loud expert f was over all tokens
// and heads.
//   usage       the share of experts with total[f] > 0
//   unevenness  KL(share ‖ uniform) = log F + Σ_f share_f log share_f in nats, share = total / Σ total:
//               0 where all spoke equally, log F where one alone spoke

// total [F] += the gates of one token's C·K choices.
void expert_usage_add(double *total, const PeerToken *saved, const Peer *p);

double expert_usage(const double *total, int F);
double expert_unevenness(const double *total, int F); // 0 where nobody spoke at all
#endif
