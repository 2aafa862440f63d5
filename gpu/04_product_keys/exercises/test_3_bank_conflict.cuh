#include "gpu/exercise.h"

static void test(int T) {
    const std::vector<float> scores = exercise::small_numbers((size_t)T * 32);
    exercise::Device<float> dscores(scores);
    exercise::Device<int> dbest((size_t)T);
    LAUNCH(best_key, (unsigned)ceil_div(T, 32), 32, 0, nullptr, dbest.data, dscores.data, T);
    const std::vector<int> best = dbest.values();
    for (int t = 0; t < T; t++) {
        int expected = 0;
        for (int i = 1; i < 32; i++) {
            if (scores[t * 32 + i] > scores[t * 32 + expected]) expected = i;
        }
        EXPECT(best[t] == expected, "T=%d: best[%d] is %d, expected %d", T, t, best[t], expected);
    }
}

int main() {
    exercise::start_profile();
    exercise::in_all_orders([] {
        test(1);
        test(37);
        test(64);
    });
    const exercise::Cost read = exercise::cost(exercise::Memory::SHARED, "read");
    const exercise::Cost write = exercise::cost(exercise::Memory::SHARED, "write");
    EXPECT(read.requests > 0, "shared memory is no longer read");
    EXPECT(read.per_request() == 1, "a request to read shared memory takes %.2f wavefronts",
           read.per_request());
    EXPECT(write.per_request() == 1, "a request to write shared memory takes %.2f wavefronts",
           write.per_request());
    const exercise::Cost global = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(global.per_request() == 4, "a request to read moves %.2f sectors; 4 are enough",
           global.per_request());
    puts("best_key: correct, coalesced and without bank conflicts");
}
