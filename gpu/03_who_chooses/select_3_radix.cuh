// least (pools): of each pool the lowest key that is taken     oracle: chapters/03_who_chooses/
// routing.c, route_tokens
// Radix select, one block per pool: a histogram of the keys' highest 8 bits says in which bin the
// lowest taken key is; the next pass looks at the next 8 bits of the keys in that bin, and so on.
#pragma once
#include "gpu/03_who_chooses/select_2_sort.cuh"

constexpr int BINS = 256; // as many as a block has threads

// How bins are counted. digit: the bin of the thread's key; -1: none.
// [atomic
struct CountAtomic {
    static __device__ void add(int *bins, int digit) {
        if (digit >= 0) atomicAdd(&bins[digit], 1);
    }
};
// atomic]

// The search in one pool.
struct Search {
    Key prefix;    // the digits that are known; the others are 0
    int remaining; // how many keys of the prefix's bin are taken
    int done;      // 1: all of them, and the prefix is the answer
};

// A digit in which all keys are equal: of places below `cells`, it has only ones.
static __device__ __forceinline__ bool known_digit(int shift, int cells) {
    return shift < 32 && (cells - 1) >> shift == 0;
}

static __device__ __forceinline__ int digit_of(Key key, int shift, Key prefix) {
    bool in_bin = shift == 56 || key >> (shift + 8) == prefix >> (shift + 8);
    return in_bin ? (int)(key >> shift & 255) : -1;
}

// From the counts of a digit, the bin in which the last taken key is. All threads call it, and get
// the same result.
// [pick
static __device__ inline void pick_bin(Search *search, const int *bins, int shift) {
    __shared__ int found, remaining, count;
    int digit = BINS - 1 - (int)threadIdx.x, own = bins[digit], total;
    int before = block_scan(own, &total);                                  // keys in higher bins
    if (before < search->remaining && before + own >= search->remaining) { // in one thread
        found = digit;
        remaining = search->remaining - before;
        count = own;
    }
    __syncthreads();
    search->prefix |= (Key)found << shift;
    search->remaining = remaining;
    search->done = count == remaining;
}
// pick]

// [radix
template <class Count> static __global__ void select_radix_kernel(Key *least, Pools p) {
    __shared__ int bins[BINS];
    int pool = (int)blockIdx.x, cells = pool_cells(p);
    Search search = { 0, block_capacity(p, pool), 0 };
    bool none = search.remaining == 0;
    for (int shift = 56; shift >= 0 && !search.done && !none; shift -= 8) {
        if (known_digit(shift, cells)) {
            search.prefix |= (Key)255 << shift;
            continue;
        }
        bins[threadIdx.x] = 0;
        __syncthreads();
        for (int first = 0; first < cells; first += BINS) { // the same number of steps for all
            int i = first + (int)threadIdx.x;
            Key key = i < cells ? cell_key(p, cell_at_place(p, pool, i)) : 0;
            Count::add(bins, i < cells ? digit_of(key, shift, search.prefix) : -1);
        }
        __syncthreads();
        pick_bin(&search, bins, shift);
    }
    if (threadIdx.x == 0) least[pool] = none ? TAKE_NONE : search.prefix;
}
// radix]

template <class Count>
static const char *launch_select_radix(Key *least, const Pools &p, cudaStream_t stream) {
    const char *refusal = refuse_pools(p);
    if (refusal) return refusal;
    LAUNCH(select_radix_kernel<Count>, pool_count(p), BINS, 0, stream, least, p);
    return launch_error();
}

static inline const char *select_radix(Key *least, const Pools &p, void *scratch,
                                       cudaStream_t stream) {
    (void)scratch;
    return launch_select_radix<CountAtomic>(least, p, stream);
}
