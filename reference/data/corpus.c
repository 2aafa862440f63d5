#define _XOPEN_SOURCE 700 // realpath
#include "reference/data/corpus.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool token_file_matches(const TokenFile *file, const Tokenizer *tokenizer, const char *with,
                        Error *error) {
    if (file->tokenizer_hash == tokenizer_hash(tokenizer) &&
        file->V == tokenizer_vocabulary(tokenizer))
        return true;
    return fail(error,
                "%s: was made with another tokenizer (hash %016llx, %d tokens) than %s (hash "
                "%016llx, %d tokens); make it again with `sgatlin data --tokenizer`",
                file->path, (unsigned long long)file->tokenizer_hash, file->V, with,
                (unsigned long long)tokenizer_hash(tokenizer), tokenizer_vocabulary(tokenizer));
}

uint64_t token_file_hash(const TokenFile *file) {
    enum { HASH_OFFSET = 48 };
    uint64_t hash = 0;
    for (int i = 7; i >= 0; i--) hash = hash << 8 | file->file.bytes[HASH_OFFSET + i];
    return hash;
}

static bool open_tokens(TokenFile *out, const Corpus *corpus, const char *name,
                        const char *tokenizer, Error *error) {
    char *path = path_join(corpus->path, name);
    bool ok = path != NULL ? token_file_open(out, path, error)
                           : fail(error, "%s: out of memory", corpus->path);
    if (ok && !token_file_matches(out, corpus->tokenizer, tokenizer, error)) {
        token_file_close(out);
        *out = (TokenFile){ 0 };
        ok = false;
    }
    free(path);
    return ok;
}

bool corpus_open(Corpus *out, const char *folder, Error *error) {
    *out = (Corpus){ .path = realpath(folder, NULL) };
    if (out->path == NULL) {
        return fail(error, "%s: no such data folder (%s); make one with `sgatlin data`", folder,
                    strerror(errno));
    }
    char *tokenizer = path_join(out->path, "tokenizer.json");
    bool ok = tokenizer != NULL || fail(error, "%s: out of memory", folder);
    if (ok) out->tokenizer = tokenizer_load(tokenizer, error);
    ok = ok && out->tokenizer != NULL;
    ok = ok && open_tokens(&out->train, out, "train.bin", tokenizer, error);
    ok = ok && open_tokens(&out->valid, out, "valid.bin", tokenizer, error);
    if (ok && out->valid.tokens == 0)
        ok = fail(error, "%s: has no tokens to evaluate on", out->valid.path);
    free(tokenizer);
    if (!ok) corpus_close(out);
    return ok;
}

void corpus_close(Corpus *corpus) {
    if (corpus->train.path != NULL) token_file_close(&corpus->train);
    if (corpus->valid.path != NULL) token_file_close(&corpus->valid);
    if (corpus->tokenizer != NULL) tokenizer_free(corpus->tokenizer);
    free(corpus->path);
    *corpus = (Corpus){ 0 };
}
