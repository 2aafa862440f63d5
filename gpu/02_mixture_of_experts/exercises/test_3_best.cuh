#include "gpu/exercise.h"

static void test(int N) {
    const std::vector<float> logits = exercise::small_numbers((size_t)N * 8, (unsigned)N);
    exercise::Device<float> from(logits);
    exercise::Device<int> best((size_t)N);
    exercise::start_profile();
    LAUNCH(best_expert, (unsigned)ceil_div(N * 8, 64), 64, 0, nullptr, best.data, from.data, N);
    const std::vector<int> actual = best.values();
    for (int t = 0; t < N; t++) {
        int expected = 0;
        for (int e = 1; e < 8; e++) {
            if (logits[t * 8 + e] > logits[t * 8 + expected]) expected = e;
        }
        EXPECT(actual[t] == expected, "N=%d: best[%d] is %d, expected %d", N, t, actual[t],
               expected);
    }
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.requests == ceil_div(N * 8, 32), "%.0f requests to read logits, expected %d",
           read.requests, ceil_div(N * 8, 32));
    EXPECT(exercise::cost(exercise::Memory::SHARED, "read").requests == 0, "shared memory is read");
}

int main() {
    exercise::in_all_orders([] {
        test(1);
        test(5);
        test(29);
    });
    puts("best_expert: correct, by shuffles alone");
}
