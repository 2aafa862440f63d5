// least (pools): of each pool the lowest key that is taken     oracle: chapters/03_who_chooses/
// routing.c, route_tokens
// Radix select of columns by the whole grid: there are few of them, they are long, and their
// numbers are not neighbours. Each block reads some rows of the table, all columns of them, and
// counts the digits of each column; blocks add their counts in global memory.
#pragma once
#include "gpu/03_who_chooses/select_4_aggregated.cuh"

constexpr int MAX_GRID_COLUMNS = 32; // whose bins fit into 33 KiB of shared memory
// Neighbouring lanes have neighbouring columns, and often the same digit: with rows of 256 bins
// they would all be in one bank.
constexpr int COLUMN_BINS = BINS + 1;
constexpr int CELLS_PER_BLOCK = 16 * BINS;

struct GridSearch {   // in scratch
    Search *searches; // (E)
    int *bins;        // (E,BINS)
};

static __global__ void grid_begin_kernel(GridSearch grid, Pools p) {
    int capacity = block_capacity(p, 0); // of every column
    for (int e = 0; e < p.E; e++) {
        grid.bins[e * BINS + (int)threadIdx.x] = 0;
        if (threadIdx.x == 0) grid.searches[e] = Search{ 0, capacity, capacity == 0 };
    }
}

// [grid
static __global__ void grid_histogram_kernel(GridSearch grid, Pools p, int shift) {
    DYNAMIC_SHARED(int, bins); // (E,COLUMN_BINS)
    int cells = p.N * p.E, begin = (int)blockIdx.x * CELLS_PER_BLOCK;
    for (int i = (int)threadIdx.x; i < p.E * COLUMN_BINS; i += BINS) bins[i] = 0;
    __syncthreads();
    for (int i = begin + (int)threadIdx.x; i < begin + CELLS_PER_BLOCK && i < cells; i += BINS) {
        Cell cell = cell_in_table(p, i / p.E, i % p.E);
        Search search = grid.searches[cell.pool];
        int digit = search.done ? -1 : digit_of(cell_key(p, cell), shift, search.prefix);
        if (digit >= 0) atomicAdd(&bins[cell.pool * COLUMN_BINS + digit], 1);
    }
    __syncthreads();
    for (int e = 0; e < p.E; e++) {
        int digit = (int)threadIdx.x, count = bins[e * COLUMN_BINS + digit];
        if (count > 0) atomicAdd(&grid.bins[e * BINS + digit], count);
    }
}
// grid]

// One block per column: picks the bin, and sets the counts to 0 again.
static __global__ void grid_pick_kernel(GridSearch grid, int shift) {
    int *bins = grid.bins + (size_t)blockIdx.x * BINS;
    Search search = grid.searches[blockIdx.x];
    if (search.done) return; // all threads of a block do
    pick_bin(&search, bins, shift);
    bins[threadIdx.x] = 0;
    if (threadIdx.x == 0) grid.searches[blockIdx.x] = search;
}

static __global__ void grid_known_kernel(GridSearch grid, int shift) {
    Search *search = &grid.searches[threadIdx.x];
    if (!search->done) search->prefix |= (Key)255 << shift;
}

static __global__ void grid_end_kernel(Key *least, GridSearch grid) {
    Search search = grid.searches[threadIdx.x];
    least[threadIdx.x] = search.remaining == 0 ? TAKE_NONE : search.prefix;
}

// Bytes that `scratch` has.
static inline size_t select_scratch(int E) {
    return (size_t)E * (sizeof(Search) + BINS * sizeof(int));
}

// Sequences and steps are many pools, and a block for each is enough.
static inline const char *select_grid(Key *least, const Pools &p, void *scratch,
                                      cudaStream_t stream) {
    const char *refusal = refuse_pools(p);
    if (refusal) return refusal;
    if (p.kind != EXPERT_POOLS || p.E > MAX_GRID_COLUMNS)
        return select_aggregated(least, p, scratch, stream);
    GridSearch grid = { (Search *)scratch, (int *)((Search *)scratch + p.E) };
    int blocks = ceil_div(p.N * p.E, CELLS_PER_BLOCK);
    size_t shared = (size_t)p.E * COLUMN_BINS * sizeof(int);
    LAUNCH(grid_begin_kernel, 1, BINS, 0, stream, grid, p);
    for (int shift = 56; shift >= 0; shift -= 8) {
        if (shift < 32 && (p.N - 1) >> shift == 0) {
            LAUNCH(grid_known_kernel, 1, p.E, 0, stream, grid, shift);
            continue;
        }
        LAUNCH(grid_histogram_kernel, blocks, BINS, shared, stream, grid, p, shift);
        LAUNCH(grid_pick_kernel, p.E, BINS, 0, stream, grid, shift);
    }
    LAUNCH(grid_end_kernel, 1, p.E, 0, stream, least, grid);
    return launch_error();
}
