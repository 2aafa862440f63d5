#include "gpu/exercise.h"

static void test(int N, int V, unsigned threads) {
    const std::vector<float> logits = exercise::small_numbers((size_t)N * V);
    std::vector<int> targets((size_t)N);
    for (int i = 0; i < N; i++) targets[i] = i * 5 % V;
    exercise::Device<float> dlogits(logits), dlosses((size_t)N);
    exercise::Device<int> dtargets(targets);
    exercise::start_profile();
    LAUNCH(loss, (unsigned)N, threads, 0, nullptr, dlosses.data, dlogits.data, dtargets.data, V);
    const std::vector<float> losses = dlosses.values();
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int v = 0; v < V; v++) sum += exp((double)logits[(size_t)i * V + v]);
        double expected = log(sum) - logits[(size_t)i * V + targets[i]];
        EXPECT(fabs(losses[i] - expected) < 1e-5, "N=%d V=%d: losses[%d] is %g, expected %g", N, V,
               i, losses[i], expected);
    }
    EXPECT(exercise::cost(exercise::Memory::SHARED, "read").requests > 0,
           "the block no longer reduces through shared memory");
    EXPECT(exercise::cost(exercise::Memory::SHARED, "atomic").requests == 0, "there are atomics");
}

int main() {
    exercise::in_all_orders([] {
        test(1, 1, 32);
        test(3, 257, 128);
        test(2, 1025, 256);
    });
    puts("loss: correct in all orders of the threads");
}
