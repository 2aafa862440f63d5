#ifndef REFERENCE_MODEL_KV_CACHE_H
#define REFERENCE_MODEL_KV_CACHE_H
#include "reference/model/model.h"

// Forward passes over one sequence, a few tokens at a time, with the keys and values of the earlier
// ones in a cache. For models that are causal (ffn_causality): in others later tokens change the
// hidden states of earlier ones. See reader.h for the contract.
typedef struct KvCache KvCache;

// For T tokens; memory is used for those that are cached. It is sized for the present number of
// threads.
KvCache *kv_cache_new(const Model *model, int T, Error *error);
void kv_cache_free(KvCache *cache);
void kv_cache_hooks(KvCache *cache, const HookList *hooks);

// Appends n <= READER_PASS tokens after the first `cached`. All layers share the Gating's memory:
// what hooks see is valid during the call only.
void kv_cache_read(KvCache *cache, const int32_t *tokens, int n, int cached);
// out [rows,V]: of tokens of the last pass.
void kv_cache_logits(KvCache *cache, float *out, int first, int rows);
#endif
