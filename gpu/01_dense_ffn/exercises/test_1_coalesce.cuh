#include "gpu/exercise.h"

static void test(int T, int D, int F) {
    const std::vector<float> x = exercise::small_numbers((size_t)T * D);
    const std::vector<float> w = exercise::small_numbers((size_t)D * F, 3);
    exercise::Device<float> dx(x), dw(w), dy((size_t)T * F);
    unsigned most = (unsigned)ceil_div(T > F ? T : F, 8);
    exercise::start_profile();
    LAUNCH(product, dim3(most, most), dim3(32, 8), 0, nullptr, dy.data, dx.data, dw.data, T, D, F);
    const std::vector<float> y = dy.values();
    for (int t = 0; t < T; t++) {
        for (int f = 0; f < F; f++) {
            float sum = 0.0f;
            for (int d = 0; d < D; d++) sum += x[t * D + d] * w[d * F + f];
            EXPECT(y[t * F + f] == sum, "T=%d D=%d F=%d: y[%d][%d] is %g, expected %g", T, D, F, t,
                   f, y[t * F + f], sum);
        }
    }
}

int main() {
    exercise::in_all_orders([] {
        test(5, 3, 37);
        test(64, 64, 64);
    });
    const exercise::Cost write = exercise::cost(exercise::Memory::GLOBAL, "write");
    EXPECT(write.per_request() == 4, "a request to write y moves %.2f sectors; 4 are enough",
           write.per_request());
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.per_request() <= 2.5, "a request to read moves %.2f sectors on average",
           read.per_request());
    puts("product: correct, and every request is coalesced");
}
