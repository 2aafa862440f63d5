// What the versions of the selection share: the pools that a table of scores is cut into, the order
// of a pool's cells, and how many of them are taken.
// oracle: chapters/03_who_chooses/routing.c
#pragma once
#include "gpu/02_mixture_of_experts/padding.cuh"
#include <math.h>

// Tables have N rows of E scores, one row per token; a batch is N / T sequences of T tokens. Pools:
enum PoolKind {
    EXPERT_POOLS = 1, // a column: expert choice
    SEQUENCE_POOLS,   // the rows of a sequence
    STEP_POOLS,       // the rows of one time step, one per sequence
};

struct Pools {
    int kind, N, T, E;
    double budget;      // experts per token on average
    const float *score; // (N,E)
    const int *tokens;  // (N): padding (PADDING_TOKEN) is in no pool; null: there is none
};

// [pools
static __host__ __device__ inline int pool_count(const Pools &p) {
    return p.kind == EXPERT_POOLS ? p.E : p.kind == SEQUENCE_POOLS ? p.N / p.T : p.T;
}
static __host__ __device__ inline int pool_cells(const Pools &p) {
    return p.kind == EXPERT_POOLS ? p.N : p.kind == SEQUENCE_POOLS ? p.T * p.E : p.N / p.T * p.E;
}

// A cell of the table, and its place in its pool; places are in the order of the table.
struct Cell {
    int token, expert, pool, place;
};
static __device__ __forceinline__ Cell cell_at_place(const Pools &p, int pool, int place) {
    int row = place / p.E, expert = place % p.E;
    if (p.kind == EXPERT_POOLS) return Cell{ place, pool, pool, place };
    if (p.kind == SEQUENCE_POOLS) return Cell{ pool * p.T + row, expert, pool, place };
    return Cell{ row * p.T + pool, expert, pool, place };
}
static __device__ __forceinline__ Cell cell_in_table(const Pools &p, int token, int expert) {
    if (p.kind == EXPERT_POOLS) return Cell{ token, expert, expert, token };
    int sequence = token / p.T, step = token % p.T;
    if (p.kind == SEQUENCE_POOLS) return Cell{ token, expert, sequence, step * p.E + expert };
    return Cell{ token, expert, step, sequence * p.E + expert };
}
// pools]

// Whole numbers in the order in which cells are taken: the higher score, then the lower place; NaN
// after every number, and padding, which cannot be taken, last. No two cells have the same key.
// [key
typedef unsigned long long Key;

static __device__ __forceinline__ unsigned score_key(float x) {
    if (isnan(x)) return 1;
    unsigned bits = __float_as_uint(x + 0.0f); // -0 becomes 0
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static __device__ __forceinline__ Key cell_key(const Pools &p, Cell cell) {
    if (is_padding(p.tokens, cell.token)) return 0;
    unsigned high = score_key(p.score[(size_t)cell.token * p.E + cell.expert]);
    return (Key)high << 32 | ~(unsigned)cell.place;
}
// key]

// [capacity
// How many cells a pool takes that covers so many tokens, padding not counted. At the end of each
// rule: never more than there are.
static __device__ inline int pool_capacity(const Pools &p, int tokens) {
    bool column = p.kind == EXPERT_POOLS;
    double capacity = column ? floor(tokens * p.budget / p.E) : rint(tokens * p.budget);
    int cells = column ? tokens : tokens * p.E;
    return capacity < cells ? (int)capacity : cells;
}
// capacity]

// Rows of a pool that are not padding, counted by the threads first, first + step, ...
static __device__ inline int pool_tokens(const Pools &p, int pool, int first, int step) {
    int columns = p.kind == EXPERT_POOLS ? 1 : p.E, rows = pool_cells(p) / columns, count = 0;
    for (int row = first; row < rows; row += step)
        count += !is_padding(p.tokens, cell_at_place(p, pool, row * columns).token);
    return count;
}

// A pool that takes no cell: no key is as high.
constexpr Key TAKE_NONE = ~0ull;

static inline const char *refuse_pools(const Pools &p) {
    if (p.N % p.T != 0) return "N is not a multiple of T";
    if (p.N > 0x7fffff00 / p.E) return "N times E is more than 2^31 - 257";
    return nullptr;
}
