#include "gpu/exercise.h"

static void test(int T, int C, int K) {
    const size_t entries = (size_t)T * C * K;
    const std::vector<float> score = exercise::small_numbers(entries);
    const std::vector<float> hidden = exercise::small_numbers(entries, 3);
    exercise::Device<float> dscore(score), dhidden(hidden), dgate(entries), dweight(entries);
    LAUNCH(weigh, (unsigned)ceil_div(T, 4), 128, 0, nullptr, dweight.data, dgate.data, dscore.data,
           dhidden.data, T, C, K);
    const std::vector<float> weight = dweight.values();
    for (size_t e = 0; e < entries; e++) {
        double sum = 0;
        for (size_t k = e / K * K; k < (e / K + 1) * K; k++) sum += exp((double)score[k]);
        double expected = exp((double)score[e]) / sum * hidden[e];
        EXPECT(fabs(weight[e] - expected) < 1e-5, "T=%d C=%d K=%d: weight[%zu] is %g, expected %g",
               T, C, K, e, weight[e], expected);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1, 1);
        test(5, 3, 7);
        test(6, 40, 2);
    });
    puts("weigh: correct in all orders of the threads");
}
