#ifndef REFERENCE_IO_SAFETENSORS_PARTS_H
#define REFERENCE_IO_SAFETENSORS_PARTS_H
#include "reference/io/json.h"
#include "reference/io/safetensors.h"

// What reading and writing share: safetensors.c, safetensors_write.c.

static const char METADATA[] = "__metadata__";
static const char HASH[] = "xxh3."; // followed by a tensor's name, or "header"
static const char HEADER_HASH[] = "xxh3.header";

// XXH3-64 in sixteen hexadecimal digits.
typedef struct {
    char text[17];
} Hash;

Hash hash_text(uint64_t hash);
// The hash of the header without its own entry (HEADER_HASH must be absent). false: out of memory.
bool header_hash(Hash *hash, const json_t *header);
// xxh3.NAME; the caller frees it. NULL: out of memory.
char *hash_key(const char *name);
bool is_hash_key(const char *key);

// Names appear in one-line messages and tables: no control characters.
bool name_is_plain(const char *name);
size_t tensor_bytes(const SafeTensor *tensor);
#endif
