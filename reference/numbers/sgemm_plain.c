#if !defined WITH_ONEDNN && !defined WITH_CBLAS
#include "reference/numbers/minmax.h"
#include "reference/numbers/sgemm.h"
#include <stddef.h>
#include <string.h>

enum { PANEL_K = 64, PANEL_N = 128 };

// panel [K,N] = b from row k0, column n0
static void copy_panel(float *panel, Matrix b, int k0, int n0, int K, int N) {
    size_t stride = (size_t)b.stride;
    for (int k = 0; k < K; k++) {
        for (int n = 0; n < N; n++) {
            panel[k * PANEL_N + n] = b.transposed ? b.data[(size_t)(n0 + n) * stride + k0 + k]
                                                  : b.data[(size_t)(k0 + k) * stride + n0 + n];
        }
    }
}

// c [M,N] += scale · a [M,k0..k0+K-1] panel [K,N]: rows of c stay in the cache while the panel's
// rows pass by
static void add_panel(float *c, int stride, Matrix a, const float *panel, int k0, int K, int N,
                      float scale) {
    for (int m = 0; m < a.rows; m++) {
        float *restrict row = c + (size_t)m * stride;
        for (int k = 0; k < K; k++) {
            float s = scale * (a.transposed ? a.data[(size_t)(k0 + k) * a.stride + m]
                                            : a.data[(size_t)m * a.stride + k0 + k]);
            const float *restrict w = panel + k * PANEL_N;
            for (int n = 0; n < N; n++) row[n] += s * w[n];
        }
    }
}

void sgemm(float *c, int stride, Matrix a, Matrix b, float scale, bool add) {
    float panel[PANEL_K * PANEL_N];
    int M = a.rows, N = b.columns, K = a.columns;
    for (int m = 0; !add && m < M; m++) memset(c + (size_t)m * stride, 0, (size_t)N * sizeof *c);
    for (int n0 = 0; n0 < N; n0 += PANEL_N) {
        int columns = min_int(N - n0, PANEL_N);
        for (int k0 = 0; k0 < K; k0 += PANEL_K) {
            int depth = min_int(K - k0, PANEL_K);
            copy_panel(panel, b, k0, n0, depth, columns);
            add_panel(c + n0, stride, a, panel, k0, depth, columns, scale);
        }
    }
}

void sgemm_setup(void) {}
void sgemm_reserve(int threads) { (void)threads; }
const char *sgemm_library(void) { return "plain loops"; }
const char *sgemm_core(void) { return ""; }
#endif
