// Gatings between device and host, where hooks read them.
#pragma once
#include "ffn.cuh"

// Entries that a gating of these sizes can have.
size_t gating_capacity(const Gating *shape);

// Memory of the host for the gatings of a kind, sizes and capacity as in `shape`. false: out of
// memory.
bool gating_host_new(Gating *out, const Gating *shape);
void gating_host_free(Gating *gating);

// Copies a gating of the device (sizes and device pointers) to the host's memory; waits for it.
void gating_download(Gating *host, const Gating *gating, cudaStream_t stream);

// If there are hooks: calls them with a copy of the gating in call->host, and copies what they made
// of it back. The router has written all its scores to hooks->key_scores, if that is set.
void gating_call_hooks(const LayerCall *call, const Gating *gating);
