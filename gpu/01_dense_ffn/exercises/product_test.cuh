// What the tests of the product's exercises share.
#include "gpu/exercise.h"

// Launches product(y, x, w, T, D, F), whose blocks compute `rows` rows and `columns` columns of y,
// counts what it costs, and compares it with plain loops. The numbers are small and whole, so the
// sums are exact. `transposed`: w is (F,D).
static void test_product(int T, int D, int F, dim3 block, int rows, int columns,
                         bool transposed = false) {
    const std::vector<float> x = exercise::small_numbers((size_t)T * D);
    const std::vector<float> w = exercise::small_numbers((size_t)D * F, 3);
    exercise::Device<float> dx(x), dw(w), dy((size_t)T * F);
    dim3 grid((unsigned)ceil_div(F, columns), (unsigned)ceil_div(T, rows));
    exercise::start_profile();
    LAUNCH(product, grid, block, 0, nullptr, dy.data, dx.data, dw.data, T, D, F);
    const std::vector<float> y = dy.values();
    for (int t = 0; t < T; t++) {
        for (int f = 0; f < F; f++) {
            float sum = 0.0f;
            for (int d = 0; d < D; d++) sum += x[t * D + d] * w[transposed ? f * D + d : d * F + f];
            EXPECT(y[t * F + f] == sum, "T=%d D=%d F=%d: y[%d][%d] is %g, expected %g", T, D, F, t,
                   f, y[t * F + f], sum);
        }
    }
}
