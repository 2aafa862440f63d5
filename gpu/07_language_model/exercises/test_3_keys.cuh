#include "gpu/exercise.h"

static void test(int T, int D) {
    const std::vector<float> query = exercise::small_numbers((size_t)T * D);
    const std::vector<float> key = exercise::small_numbers((size_t)T * D, 3);
    exercise::Device<float> dquery(query), dkey(key), dscore((size_t)T * T);
    LAUNCH(scores, dim3((unsigned)ceil_div(T, 32), (unsigned)T), 32, 0, nullptr, dscore.data,
           dquery.data, dkey.data, T, D);
    const std::vector<float> score = dscore.values();
    for (int at = 0; at < T * T; at++) {
        float sum = 0.0f;
        for (int d = 0; d < D; d++) sum += query[at / T * D + d] * key[at % T * D + d];
        EXPECT(score[at] == sum, "T=%d D=%d: score[%d][%d] is %g, expected %g", T, D, at / T,
               at % T, score[at], sum);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1);
        test(33, 7);
        test(31, 64);
    });
    exercise::start_profile();
    test(64, 64);
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.per_request() <= 4, "a request to read moves %.2f sectors; 4 are enough",
           read.per_request());
    for (const char *access : { "read", "write" }) {
        const exercise::Cost shared = exercise::cost(exercise::Memory::SHARED, access);
        EXPECT(shared.requests > 0, "shared memory: no %s", access);
        EXPECT(shared.per_request() == 1, "shared %s: %.2f wavefronts per request; 1 is enough",
               access, shared.per_request());
    }
    puts("scores: correct, coalesced, and without bank conflicts");
}
