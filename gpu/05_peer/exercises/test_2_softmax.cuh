#include "gpu/exercise.h"

static void test(int heads, float factor) {
    std::vector<float> score = exercise::small_numbers((size_t)heads * 8);
    for (float &s : score) s *= factor;
    exercise::Device<float> dscore(score), dgate(score.size());
    exercise::start_profile();
    LAUNCH(softmax, (unsigned)ceil_div(8 * heads, 64), 64, 0, nullptr, dgate.data, dscore.data,
           heads);
    const std::vector<float> gate = dgate.values();
    for (int i = 0; i < 8 * heads; i++) {
        double sum = 0;
        for (int k = i / 8 * 8; k < i / 8 * 8 + 8; k++) sum += exp((double)score[k] - score[i]);
        EXPECT(fabs(gate[i] - 1 / sum) < 1e-6, "heads=%d: gate[%d] is %g, expected %g", heads, i,
               gate[i], 1 / sum);
    }
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests == ceil_div(8 * heads, 32), "%.0f requests to read, expected %d",
           read.requests, ceil_div(8 * heads, 32));
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1.0f);
        test(13, 1.0f);
        test(16, 100.0f); // overflows, unless the largest score is subtracted
    });
    puts("softmax: correct, by shuffles alone");
}
