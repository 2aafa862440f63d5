#ifndef CHAPTERS_05_PEER_EXPERT_USAGE_H
#define CHAPTERS_05_PEER_EXPERT_USAGE_H
#include "chapters/05_peer/peer.h"

// Are all of the experts used? He 2024 (expert usage and query batch normalisation) measures it
// with two numbers of Lample 2019, both computed from total[f] = Σ gate: the sum of expert f's
// gates over all tokens and heads.
//   usage       the fraction of experts with total[f] > 0
//   unevenness  KL(share ‖ uniform) = log F + Σ_f share_f log share_f in nats, where share is
//               total / Σ total: 0 if all shares are equal, log F if one expert has it all

// total [F] += the gates of one token's C·K slots.
void expert_usage_add(double *total, const PeerToken *saved, const Peer *peer);

double expert_usage(const double *total, int F);
double expert_unevenness(const double *total, int F); // 0 if all totals are 0
#endif
