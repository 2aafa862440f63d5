#include "gpu/exercise.h"

// Row `query` of the softmax of the scores, times column d of the values.
static double expected_of(const std::vector<float> &score, const std::vector<float> &value, int T,
                          int query, int d) {
    double max = -INFINITY, sum = 0, total = 0;
    for (int i = 0; i < T; i++) max = fmax(max, score[(size_t)query * T + i]);
    for (int i = 0; i < T; i++) {
        double weight = exp(score[(size_t)query * T + i] - max);
        sum += weight;
        total += weight * value[(size_t)i * 32 + d];
    }
    return total / sum;
}

// The scores of later tiles are larger (step > 0) or smaller.
static void test(int queries, int T, float step) {
    std::vector<float> score = exercise::small_numbers((size_t)queries * T);
    for (size_t i = 0; i < score.size(); i++) score[i] += step * (float)(i % T / 32);
    const std::vector<float> value = exercise::small_numbers((size_t)T * 32, 3);
    exercise::Device<float> dscore(score), dvalue(value), dout((size_t)queries * 32);
    exercise::start_profile();
    LAUNCH(attend, (unsigned)queries, 32, 0, nullptr, dout.data, dscore.data, dvalue.data, T);
    const std::vector<float> out = dout.values();
    for (int i = 0; i < queries * 32; i++) {
        double expected = expected_of(score, value, T, i / 32, i % 32);
        EXPECT(fabs(out[i] - expected) < 1e-5, "T=%d: out[%d][%d] is %g, expected %g", T, i / 32,
               i % 32, out[i], expected);
    }
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    const int once = queries * (ceil_div(T, 32) + T);
    EXPECT(read.requests == once, "%.0f requests to read; %d read everything once", read.requests,
           once);
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1, 0.0f);
        test(3, 33, 1.0f);
        test(2, 77, -2.0f);
        test(2, 100, 50.0f); // overflows, unless the largest score is subtracted
    });
    puts("attend: correct, and every score is read once");
}
