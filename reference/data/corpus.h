#ifndef REFERENCE_DATA_CORPUS_H
#define REFERENCE_DATA_CORPUS_H
#include "reference/data/token_file.h"
#include "reference/data/tokenizer.h"

// A folder that `sgatlin data` made: tokenizer.json, train.bin and valid.bin, all with the same
// vocabulary.
typedef struct {
    char *path; // absolute
    Tokenizer *tokenizer;
    TokenFile train, valid;
} Corpus;

bool corpus_open(Corpus *out, const char *folder, Error *error);
void corpus_close(Corpus *corpus);

// Refuses a token file made with another tokenizer; `with` names the tokenizer in the message.
bool token_file_matches(const TokenFile *file, const Tokenizer *tokenizer, const char *with,
                        Error *error);
// The XXH3 hash in the file's header, which identifies its contents.
uint64_t token_file_hash(const TokenFile *file);
#endif
