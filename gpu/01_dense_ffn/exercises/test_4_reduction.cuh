#include "gpu/exercise.h"

static void test(int T, int D) {
    const std::vector<float> x = exercise::small_numbers((size_t)T * D);
    const std::vector<float> w = exercise::small_numbers((size_t)D, 3);
    exercise::Device<float> dx(x), dw(w), dy((size_t)T);
    exercise::start_profile();
    LAUNCH(dots, (unsigned)ceil_div(T, 4), 128, 0, nullptr, dy.data, dx.data, dw.data, T, D);
    const std::vector<float> y = dy.values();
    for (int t = 0; t < T; t++) {
        float sum = 0.0f;
        for (int d = 0; d < D; d++) sum += x[t * D + d] * w[d];
        EXPECT(y[t] == sum, "T=%d D=%d: y[%d] is %g, expected %g", T, D, t, y[t], sum);
    }
    const double reads = 2.0 * T * ceil_div(D, 32);
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests == reads, "%.0f requests to read x and w, expected %.0f", read.requests,
           reads);
    EXPECT(exercise::cost(exercise::Memory::SHARED, "read").requests == 0, "shared memory is read");
    EXPECT(exercise::cost(exercise::Memory::GLOBAL, "atomic").requests == 0, "there are atomics");
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(5, 33);
        test(7, 256);
    });
    puts("dots: correct, by shuffles alone");
}
