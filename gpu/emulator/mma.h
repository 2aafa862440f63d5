// nvcuda::wmma: products of small matrices by one warp, as tensor cores do them. A fragment is
// spread over the lanes: lane l has the elements l * num_elements + e, in the order of rows.
#pragma once
#include "cuda_bf16.h"
#include "cuda_fp16.h"

namespace nvcuda {
namespace wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

// The number of rows and columns of a fragment in the product of an M x K by a K x N matrix.
template <class Use, int M, int N, int K> struct Shape;
template <int M, int N, int K> struct Shape<matrix_a, M, N, K> {
    static constexpr int ROWS = M, COLUMNS = K;
};
template <int M, int N, int K> struct Shape<matrix_b, M, N, K> {
    static constexpr int ROWS = K, COLUMNS = N;
};
template <int M, int N, int K> struct Shape<accumulator, M, N, K> {
    static constexpr int ROWS = M, COLUMNS = N;
};

template <class Use, int M, int N, int K, class T, class Layout = void> struct fragment {
    static_assert(M * N == 256 && K == 16, "wmma: 16x16x16, 32x8x16 or 8x32x16");
    static_assert(emulator::is_one_of<T, float, __half, __nv_bfloat16>(),
                  "the emulator's wmma has half, bfloat16 and float only");
    static constexpr int ROWS = Shape<Use, M, N, K>::ROWS;
    static constexpr int COLUMNS = Shape<Use, M, N, K>::COLUMNS;
    static constexpr int num_elements = ROWS * COLUMNS / 32;
    typedef T element_type;
    alignas(16) T x[num_elements];
};

// Where element e of the calling lane is in a matrix whose rows (or columns) are `leading` apart.
template <class Fragment> size_t place(int e, size_t leading, bool row_major_order) {
    size_t at = (size_t)(emulator::lane_number() * Fragment::num_elements + e);
    size_t row = at / Fragment::COLUMNS, column = at % Fragment::COLUMNS;
    return row_major_order ? row * leading + column : column * leading + row;
}

// Copies a lane's elements between a fragment and row-major memory, where they are neighbours. For
// a profile, in accesses of up to 16 bytes, as GPUs do it; the memory is aligned to 16 bytes.
template <class T, int N> __forceinline__ void copy_elements(T *to, const T *from) {
#ifdef EMULATOR_PROFILE
    struct Elements {
        T x[N];
    };
    constexpr size_t BYTES = sizeof(Elements) < 16 ? sizeof(Elements) : 16;
    emulator::copy_whole<BYTES>(reinterpret_cast<Elements *>(to),
                                reinterpret_cast<const Elements *>(from));
#else
    for (int e = 0; e < N; e++) to[e] = from[e];
#endif
}

template <class Use, int M, int N, int K, class T, class Layout>
__forceinline__ void load(fragment<Use, M, N, K, T, Layout> &f, const T *from, unsigned leading,
                          bool rows) {
    using Fragment = fragment<Use, M, N, K, T, Layout>;
    if (rows) {
        copy_elements<T, Fragment::num_elements>(f.x, from + place<Fragment>(0, leading, rows));
    } else {
        for (int e = 0; e < f.num_elements; e++) f.x[e] = from[place<Fragment>(e, leading, rows)];
    }
}

template <class Use, int M, int N, int K, class T, class Layout, class U>
void fill_fragment(fragment<Use, M, N, K, T, Layout> &f, U value) {
    for (T &x : f.x) x = (T)value;
}

template <class Use, int M, int N, int K, class T, class Layout>
__forceinline__ void load_matrix_sync(fragment<Use, M, N, K, T, Layout> &f, const T *from,
                                      unsigned leading,
                                      emulator::Site site = emulator::Site::here()) {
    constexpr bool rows = std::is_same<Layout, row_major>::value;
    static_assert(rows || std::is_same<Layout, col_major>::value, "wmma: no layout");
    emulator::warp_leave(emulator::warp_arrive(~0u, 0, "load_matrix_sync", site));
    load(f, from, leading, rows);
}

template <int M, int N, int K, class T>
__forceinline__ void load_matrix_sync(fragment<accumulator, M, N, K, T> &f, const T *from,
                                      unsigned leading, layout_t layout,
                                      emulator::Site site = emulator::Site::here()) {
    emulator::warp_leave(emulator::warp_arrive(~0u, 0, "load_matrix_sync", site));
    load(f, from, leading, layout == mem_row_major);
}

template <int M, int N, int K, class T>
__forceinline__ void store_matrix_sync(T *to, const fragment<accumulator, M, N, K, T> &f,
                                       unsigned leading, layout_t layout,
                                       emulator::Site site = emulator::Site::here()) {
    using Fragment = fragment<accumulator, M, N, K, T>;
    bool rows = layout == mem_row_major;
    emulator::warp_leave(emulator::warp_arrive(~0u, 0, "store_matrix_sync", site));
    if (rows) {
        copy_elements<T, Fragment::num_elements>(to + place<Fragment>(0, leading, rows), f.x);
    } else {
        for (int e = 0; e < f.num_elements; e++) to[place<Fragment>(e, leading, rows)] = f.x[e];
    }
}

// The element in a row and column of a fragment, from the lane that has it.
template <class Fragment>
EMULATOR_UNCHECKED float element(const Fragment *const *of_lane, int row, int column) {
    int at = row * Fragment::COLUMNS + column;
    typename Fragment::element_type x; // a copy: the conversion to float would be checked
    memcpy((void *)&x, &of_lane[at / Fragment::num_elements]->x[at % Fragment::num_elements],
           sizeof x);
    return (float)x;
}

// Gives every lane the address of each lane's fragment.
template <class Fragment>
void exchange(const Fragment *mine, const Fragment *of_lane[32], emulator::Site site) {
    emulator::WarpOperation *o = emulator::warp_arrive(~0u, (uintptr_t)mine, "mma_sync", site);
    for (int lane = 0; lane < 32; lane++) {
        of_lane[lane] = reinterpret_cast<const Fragment *>(emulator::warp_value(o, lane));
    }
    emulator::warp_leave(o);
}

// d = a * b + c
template <int M, int N, int K, class T, class LayoutA, class LayoutB, class TD, class TC>
void mma_sync(fragment<accumulator, M, N, K, TD> &d,
              const fragment<matrix_a, M, N, K, T, LayoutA> &a,
              const fragment<matrix_b, M, N, K, T, LayoutB> &b,
              const fragment<accumulator, M, N, K, TC> &c,
              emulator::Site site = emulator::Site::here()) {
    const fragment<matrix_a, M, N, K, T, LayoutA> *all_a[32];
    const fragment<matrix_b, M, N, K, T, LayoutB> *all_b[32];
    exchange(&a, all_a, site);
    exchange(&b, all_b, site);
    fragment<accumulator, M, N, K, TD> result;
    for (int e = 0; e < result.num_elements; e++) {
        int at = emulator::lane_number() * result.num_elements + e;
        float sum = (float)c.x[e];
        for (int k = 0; k < K; k++) {
            sum += element(all_a, at / N, k) * element(all_b, k, at % N);
        }
        result.x[e] = (TD)sum;
    }
    // until all have read, nobody may change a fragment
    emulator::warp_leave(emulator::warp_arrive(~0u, 0, "mma_sync", site));
    d = result;
}

} // namespace wmma
} // namespace nvcuda
