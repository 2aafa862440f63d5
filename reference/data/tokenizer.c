#include "reference/data/tokenizer.h"
#include "reference/data/pretokenize.h"
#include "reference/data/tokenizer_parts.h"
#include "reference/numbers/array.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

const char *const special_tokens[TOKENIZER_SPECIALS] = {
    [TOKEN_PAD] = "<|pad|>", [TOKEN_END] = "<|endoftext|>"
};

// ---- merging

enum { NOWHERE = UINT32_MAX };

typedef struct {
    // neighbours by index; id is TABLE_NONE once merged into the left one
    uint32_t id, previous, next;
} Node;

// The state of one call: the word being merged; its arrays are reused from word to word.
typedef struct {
    const Tokenizer *tokenizer;
    Node *nodes;
    size_t node_count, node_capacity;
    // rank << 32 | index of the left node, smallest first: lowest rank, then leftmost
    uint64_t *heap;
    size_t heap_count, heap_capacity;
    TokenList *out;
    TokenSink *sink; // may be NULL
    void *context;
} Encoding;

static void heap_push(Encoding *encoding, uint64_t entry) {
    uint64_t *heap = encoding->heap;
    size_t i = encoding->heap_count++;
    for (; i > 0 && heap[(i - 1) / 2] > entry; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = entry;
}

static uint64_t heap_pop(Encoding *encoding) {
    uint64_t *heap = encoding->heap, top = heap[0], entry = heap[--encoding->heap_count];
    size_t i = 0, count = encoding->heap_count;
    while (2 * i + 1 < count) {
        size_t child = 2 * i + 1;
        if (child + 1 < count && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= entry) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = entry;
    return top;
}

// The rank of merging node `left` with the one after it; TABLE_NONE: there is no such merge.
static uint32_t rank_at(const Encoding *encoding, uint32_t left) {
    const Node *node = &encoding->nodes[left];
    if (node->id == TABLE_NONE || node->next == NOWHERE) return TABLE_NONE;
    return pair_table_find(&encoding->tokenizer->ranks,
                           pair_key(node->id, encoding->nodes[node->next].id));
}

static void push_pair(Encoding *encoding, uint32_t left) {
    uint32_t rank = left == NOWHERE ? TABLE_NONE : rank_at(encoding, left);
    if (rank != TABLE_NONE) heap_push(encoding, (uint64_t)rank << 32 | left);
}

// The word's bytes as a linked list of symbols, without those that are not in the vocabulary.
static bool chain_symbols(Encoding *encoding, const char *word, size_t size) {
    Node *nodes = array_grow(encoding->nodes, &encoding->node_capacity, size, sizeof *nodes);
    if (nodes == NULL) return false;
    encoding->nodes = nodes;
    // One pair for each symbol but one at the start, and two more for each merge.
    uint64_t *heap = array_grow(encoding->heap, &encoding->heap_capacity, 3 * size, sizeof *heap);
    if (heap == NULL) return false;
    encoding->heap = heap;
    uint32_t count = 0;
    for (size_t i = 0; i < size; i++) {
        uint32_t id = encoding->tokenizer->symbol[(unsigned char)word[i]];
        if (id == TABLE_NONE) continue;
        // the first one's previous wraps to NOWHERE
        nodes[count] = (Node){ id, count - 1, count + 1 };
        count++;
    }
    if (count > 0) nodes[count - 1].next = NOWHERE;
    encoding->node_count = count;
    return true;
}

// Merges the pair of lowest rank, the leftmost of equals, until none is left. O(n log n) for n
// bytes:
// every merge removes a symbol and adds at most two pairs; stale pairs are skipped when popped.
static bool merge_word(Encoding *encoding, const char *word, size_t size) {
    if (!chain_symbols(encoding, word, size)) return false;
    Node *nodes = encoding->nodes;
    encoding->heap_count = 0;
    for (uint32_t i = 0; i < encoding->node_count; i++) push_pair(encoding, i);
    while (encoding->heap_count > 0) {
        uint64_t top = heap_pop(encoding);
        uint32_t left = (uint32_t)top, rank = (uint32_t)(top >> 32);
        if (rank_at(encoding, left) != rank)
            continue; // stale: one of the two has been merged since
        Node *node = &nodes[left], *gone = &nodes[node->next];
        node->id = encoding->tokenizer->merges[rank].result;
        node->next = gone->next;
        gone->id = TABLE_NONE;
        if (node->next != NOWHERE) nodes[node->next].previous = left;
        push_pair(encoding, node->previous);
        push_pair(encoding, left);
    }
    return true;
}

// ---- building

static bool hash_tokenizer(Tokenizer *tokenizer) {
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) return false;
    XXH3_64bits_reset(state);
    for (uint32_t id = 0; id < tokenizer->tokens.count; id++) {
        size_t size;
        const char *token = word_table_word(&tokenizer->tokens, id, &size);
        uint64_t length = size;
        XXH3_64bits_update(state, &length, sizeof length);
        XXH3_64bits_update(state, token, size);
    }
    XXH3_64bits_update(state, tokenizer->merges, tokenizer->merge_count * sizeof(Merge));
    tokenizer->hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return true;
}

// Most words of a text are one token; knowing which tokens are whole words saves merging them.
static bool find_whole(Tokenizer *tokenizer) {
    uint32_t count = tokenizer->tokens.count;
    tokenizer->whole = calloc(count, sizeof *tokenizer->whole);
    Encoding encoding = { .tokenizer = tokenizer };
    bool ok = tokenizer->whole != NULL;
    for (uint32_t id = TOKENIZER_SPECIALS; ok && id < count; id++) {
        size_t size;
        const char *token = word_table_word(&tokenizer->tokens, id, &size);
        if (size > tokenizer->longest) tokenizer->longest = size;
        ok = merge_word(&encoding, token, size);
        if (!ok || encoding.node_count == 0) continue;
        tokenizer->whole[id] = encoding.nodes[0].next == NOWHERE && encoding.nodes[0].id == id;
    }
    free(encoding.nodes);
    free(encoding.heap);
    return ok;
}

bool tokenizer_complete(Tokenizer *tokenizer) {
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        tokenizer->symbol[byte] = word_table_find(&tokenizer->tokens, &c, 1);
    }
    for (size_t i = 0; i < tokenizer->merge_count; i++) {
        const Merge *merge = &tokenizer->merges[i];
        uint32_t key = pair_key(merge->left, merge->right);
        if (pair_table_add(&tokenizer->ranks, key, (uint32_t)i) == TABLE_NONE) return false;
    }
    return hash_tokenizer(tokenizer) && find_whole(tokenizer);
}

void tokenizer_free(Tokenizer *tokenizer) {
    if (tokenizer == NULL) return;
    word_table_free(&tokenizer->tokens);
    pair_table_free(&tokenizer->ranks);
    free(tokenizer->merges);
    free(tokenizer->whole);
    free(tokenizer);
}

int tokenizer_vocabulary(const Tokenizer *tokenizer) { return (int)tokenizer->tokens.count; }
uint64_t tokenizer_hash(const Tokenizer *tokenizer) { return tokenizer->hash; }
const char *tokenizer_token(const Tokenizer *tokenizer, uint32_t id, size_t *size) {
    return word_table_word(&tokenizer->tokens, id, size);
}

// ---- encoding

enum { SINK_BLOCK = 1 << 16 }; // ids passed to the sink at once

static bool flush(Encoding *encoding) {
    TokenList *out = encoding->out;
    size_t count = out->count;
    out->count = 0;
    return count == 0 || encoding->sink(encoding->context, out->ids, count);
}

static bool emit(Encoding *encoding, uint32_t id) {
    TokenList *out = encoding->out;
    uint32_t *ids = array_grow(out->ids, &out->capacity, out->count + 1, sizeof *ids);
    if (ids == NULL) return false;
    out->ids = ids;
    ids[out->count++] = id;
    return encoding->sink == NULL || out->count < SINK_BLOCK || flush(encoding);
}

static bool encode_word(void *context, const char *word, size_t size) {
    Encoding *encoding = context;
    const Tokenizer *tokenizer = encoding->tokenizer;
    if (size <= tokenizer->longest) {
        uint32_t id = word_table_find(&tokenizer->tokens, word, size);
        if (id != TABLE_NONE && tokenizer->whole[id]) return emit(encoding, id);
    }
    if (!merge_word(encoding, word, size)) return false;
    for (uint32_t i = 0; encoding->node_count > 0 && i != NOWHERE; i = encoding->nodes[i].next) {
        if (!emit(encoding, encoding->nodes[i].id)) return false;
    }
    return true;
}

// Bytes before the first special token, or all of them; *special is its id, or TABLE_NONE.
static size_t find_special(const char *text, size_t size, uint32_t *special) {
    for (size_t at = 0; at < size; at++) {
        const char *found = memchr(text + at, '<', size - at);
        if (found == NULL) break;
        at = (size_t)(found - text);
        for (*special = 0; *special < TOKENIZER_SPECIALS; ++*special) {
            size_t length = strlen(special_tokens[*special]);
            if (length <= size - at && memcmp(found, special_tokens[*special], length) == 0)
                return at;
        }
    }
    *special = TABLE_NONE;
    return size;
}

static bool encode_pieces(Encoding *encoding, const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        uint32_t special;
        size_t piece = find_special(text + at, size - at, &special);
        if (!pretokenize(text + at, piece, false, encode_word, encoding)) return false;
        at += piece;
        if (special == TABLE_NONE) continue;
        if (!emit(encoding, special)) return false;
        at += strlen(special_tokens[special]);
    }
    return true;
}

static bool encode(Encoding *encoding, const char *text, size_t size, bool raw) {
    bool ok = raw ? pretokenize(text, size, true, encode_word, encoding)
                  : encode_pieces(encoding, text, size);
    free(encoding->nodes);
    free(encoding->heap);
    return ok && (encoding->sink == NULL || flush(encoding));
}

bool tokenizer_encode(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                      TokenList *out) {
    Encoding encoding = { .tokenizer = tokenizer, .out = out };
    return encode(&encoding, text, size, raw);
}

bool tokenizer_encode_to(const Tokenizer *tokenizer, const char *text, size_t size, bool raw,
                         TokenSink *sink, void *context) {
    TokenList pending = { 0 };
    Encoding encoding = {
        .tokenizer = tokenizer, .out = &pending, .sink = sink, .context = context
    };
    bool ok = encode(&encoding, text, size, raw);
    free(pending.ids);
    return ok;
}

bool tokenizer_decode(const Tokenizer *tokenizer, const uint32_t *ids, size_t count,
                      ByteList *out) {
    for (size_t i = 0; i < count; i++) {
        if (ids[i] >= tokenizer->tokens.count) continue;
        size_t size;
        const char *token = word_table_word(&tokenizer->tokens, ids[i], &size);
        char *bytes = array_grow(out->bytes, &out->capacity, out->count + size, 1);
        if (bytes == NULL) return false;
        out->bytes = bytes;
        memcpy(bytes + out->count, token, size);
        out->count += size;
    }
    return true;
}
