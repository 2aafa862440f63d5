#include "reference/model/reader.h"
#include "reference/model/kv_cache.h"
#include "reference/numbers/parallel.h"
#include <stdlib.h>

typedef struct {
    const Model *model;
    int threads;              // there is memory for
    KvCache *cache;           // one of the two, see ReaderUse
    Activations *activations; // of one row
} CpuReader;

// The memory of a pass is divided among the threads that there were when the reader was opened.
static void limit_threads(const CpuReader *r) {
    if (parallel_threads() > r->threads) parallel_set_threads(r->threads);
}

static void cpu_read(void *context, const int32_t *tokens, int n, int cached) {
    CpuReader *r = context;
    limit_threads(r);
    if (r->cache != NULL) {
        kv_cache_read(r->cache, tokens, n, cached);
    } else {
        model_forward(r->model, r->activations, tokens, 1, n);
    }
}

static void cpu_logits(void *context, float *out, int first, int rows) {
    CpuReader *r = context;
    if (r->cache != NULL) {
        kv_cache_logits(r->cache, out, first, rows);
    } else {
        model_logits(r->model, r->activations, first, rows, out);
    }
}

static void cpu_hooks(void *context, const HookList *hooks) {
    CpuReader *r = context;
    if (r->cache != NULL) {
        kv_cache_hooks(r->cache, hooks);
    } else {
        model_hooks(r->activations, hooks);
    }
}

static void cpu_free(void *context) {
    CpuReader *r = context;
    kv_cache_free(r->cache);
    model_activations_free(r->activations);
    free(r);
}

bool cpu_reader(Reader *out, const Model *model, int T, ReaderUse use, Error *error) {
    CpuReader *r = malloc(sizeof *r);
    *out = (Reader){ 0 };
    if (r == NULL) return fail(error, "out of memory");
    *r = (CpuReader){ .model = model, .threads = parallel_threads() };
    if (use == READ_CACHED) {
        r->cache = kv_cache_new(model, T, error);
    } else {
        r->activations = model_activations_new(&model->config, 1, T, false, error);
    }
    if (r->cache == NULL && r->activations == NULL) {
        cpu_free(r);
        return false;
    }
    *out = (Reader){ r, cpu_read, cpu_logits, cpu_hooks, cpu_free };
    return true;
}

void reader_free(Reader *reader) {
    if (reader->free != NULL) reader->free(reader->context);
    *reader = (Reader){ 0 };
}
