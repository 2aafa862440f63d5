// Tiles of matrix products, for kernels in which every block multiplies other matrices: those of
// its expert.
#pragma once
#include "gpu/launch.h"

// Matrices of `rows` by `columns` numbers, zero outside. Row-major, or the transpose of that:
// BY_COLUMN says that the numbers of a column are neighbours.
// [operands
template <class Real> struct Rows {
    typedef Real Number;
    const Real *data;
    int rows, columns, stride;
    static constexpr bool BY_COLUMN = false;
    __device__ float operator()(int r, int c) const {
        return r < rows && c < columns ? (float)data[(size_t)r * stride + c] : 0.0f;
    }
};

template <class Real> struct Transposed {
    typedef Real Number;
    const Real *data;
    int rows, columns, stride;
    static constexpr bool BY_COLUMN = true;
    __device__ float operator()(int r, int c) const {
        return r < rows && c < columns ? (float)data[(size_t)c * stride + r] : 0.0f;
    }
};
// operands]

// An Engine computes out (TILE,TILE) = a · b from row0 and column0 on, in shared memory, with all
// THREADS of a block. Rows of out are padded, so that lanes in two rows do not share banks.
constexpr int OUT_PAD = 16;

// One element per thread: 2_tiled.cuh of lesson 01.
// [tiled
struct Tiled {
    static constexpr int TILE = 32, THREADS = TILE * TILE;
    template <class A, class B>
    static __device__ void product(float (*out)[TILE + OUT_PAD], A a, B b, int row0, int column0,
                                   int depth) {
        __shared__ float a_tile[TILE][TILE + 1], b_tile[TILE][TILE + 1];
        int row = (int)threadIdx.x / TILE, column = (int)threadIdx.x % TILE;
        float sum = 0.0f;
        for (int d0 = 0; d0 < depth; d0 += TILE) {
            if (A::BY_COLUMN) // neighbouring threads read neighbouring numbers
                a_tile[column][row] = a(row0 + column, d0 + row);
            else
                a_tile[row][column] = a(row0 + row, d0 + column);
            if (B::BY_COLUMN)
                b_tile[column][row] = b(d0 + column, column0 + row);
            else
                b_tile[row][column] = b(d0 + row, column0 + column);
            __syncthreads();
            for (int d = 0; d < TILE; d++) sum += a_tile[row][d] * b_tile[d][column];
            __syncthreads();
        }
        out[row][column] = sum;
        __syncthreads();
    }
};
// tiled]

// 4 by 4 elements per thread: 3_registers.cuh of lesson 01.
// [registers
struct Registers {
    static constexpr int TILE = 64, THREADS = 256;
    template <class A, class B>
    static __device__ void product(float (*out)[TILE + OUT_PAD], A a, B b, int row0, int column0,
                                   int depth) {
        constexpr int SIDE = 16, EACH = TILE / SIDE, DEPTH = 16;
        // written by columns, rows of 16 and of 64 words would be in the same banks
        constexpr int A_PAD = A::BY_COLUMN ? 1 : 0, B_PAD = B::BY_COLUMN ? 2 : 0;
        __shared__ float a_tile[TILE][DEPTH + A_PAD], b_tile[DEPTH][TILE + B_PAD];
        int row = (int)threadIdx.x / SIDE, column = (int)threadIdx.x % SIDE;
        float sum[EACH][EACH] = {};
        for (int d0 = 0; d0 < depth; d0 += DEPTH) {
            for (int i = (int)threadIdx.x; i < TILE * DEPTH; i += THREADS) {
                int r = A::BY_COLUMN ? i % TILE : i / DEPTH,
                    da = A::BY_COLUMN ? i / TILE : i % DEPTH;
                int c = B::BY_COLUMN ? i / DEPTH : i % TILE,
                    db = B::BY_COLUMN ? i % DEPTH : i / TILE;
                a_tile[r][da] = a(row0 + r, d0 + da);
                b_tile[db][c] = b(d0 + db, column0 + c);
            }
            __syncthreads();
            for (int d = 0; d < DEPTH; d++) {
                float as[EACH], bs[EACH];
                for (int i = 0; i < EACH; i++) {
                    as[i] = a_tile[row + i * SIDE][d];
                    bs[i] = b_tile[d][column + i * SIDE];
                }
                for (int i = 0; i < EACH; i++) {
                    for (int j = 0; j < EACH; j++) sum[i][j] += as[i] * bs[j];
                }
            }
            __syncthreads();
        }
        for (int i = 0; i < EACH; i++) {
            for (int j = 0; j < EACH; j++) out[row + i * SIDE][column + j * SIDE] = sum[i][j];
        }
        __syncthreads();
    }
};
// registers]

// ---- which rows are a block's

// Rows first .. first+count-1 are expert's; the tile begins at the row0-th of them.
struct RowTile {
    int expert, first, count, row0;
};

// The tiles of all experts, numbered expert by expert; first (E+1) says how many each has. Number
// -1 of expert: there are fewer tiles.
// [row_tile
static __device__ inline RowTile row_tile(int number, const int *first, int E, int tile) {
    for (int e = 0; e < E; e++) {
        int count = first[e + 1] - first[e], tiles = (count + tile - 1) / tile;
        if (number < tiles) return RowTile{ e, first[e], count, number * tile };
        number -= tiles;
    }
    return RowTile{ -1, 0, 0, 0 };
}
// row_tile]

// The most tiles there can be: one per expert may be partly empty.
static inline unsigned max_row_tiles(int capacity, int E, int tile) {
    return (unsigned)(capacity / tile + E);
}
