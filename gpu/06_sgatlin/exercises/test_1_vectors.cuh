#include "gpu/exercise.h"

static void test(int T, int K, int D) {
    const int F = 9;
    const std::vector<float> weight = exercise::small_numbers((size_t)T * K);
    const std::vector<float> table = exercise::small_numbers((size_t)F * D, 3);
    std::vector<int> index((size_t)T * K);
    for (size_t i = 0; i < index.size(); i++) index[i] = (int)(i * 5 % F);
    exercise::Device<float> dweight(weight), dtable(table), dy((size_t)T * D);
    exercise::Device<int> dindex(index);
    exercise::start_profile();
    LAUNCH(sum_rows, (unsigned)ceil_div(T, 4), 128, 0, nullptr, dy.data, dweight.data, dtable.data,
           dindex.data, T, K, D);
    const std::vector<float> y = dy.values();
    for (int t = 0; t < T; t++) {
        for (int d = 0; d < D; d++) {
            float sum = 0.0f;
            for (int k = 0; k < K; k++) sum += weight[t * K + k] * table[index[t * K + k] * D + d];
            EXPECT(y[t * D + d] == sum, "T=%d K=%d D=%d: y[%d][%d] is %g, expected %g", T, K, D, t,
                   d, y[t * D + d], sum);
        }
    }
    const exercise::Cost write = exercise::cost(exercise::Memory::GLOBAL, "write");
    const double requests = T * ceil_div(D, 128);
    EXPECT(write.requests == requests, "%.0f requests to write y of %d x %d; %.0f are enough",
           write.requests, T, D, requests);
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests <= 3 * K * requests, "%.0f requests to read; %.0f are enough",
           read.requests, 3 * K * requests);
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1, 4);
        test(5, 3, 132);
        test(6, 8, 256);
    });
    puts("sum_rows: correct, 16 bytes per lane and request");
}
