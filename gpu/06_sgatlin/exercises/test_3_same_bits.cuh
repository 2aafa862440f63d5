#include "gpu/exercise.h"
#include <cstring>

// Thirds, whose sums depend on their order.
static std::vector<float> thirds(size_t n, unsigned start) {
    std::vector<float> out = exercise::small_numbers(n, start);
    for (float &x : out) x /= 3.0f;
    return out;
}

static std::vector<float> run(int T, int K, int F, int D) {
    const size_t entries = (size_t)T * K;
    const std::vector<float> weight = thirds(entries, 0), rows = thirds((size_t)T * D, 3);
    std::vector<float> expected = exercise::small_numbers((size_t)F * D, 5);
    std::vector<int> index(entries), order, start(1);
    for (size_t e = 0; e < entries; e++) index[e] = (int)(e * e % (size_t)F);
    exercise::Device<float> dtable(expected), dweight(weight), drows(rows);
    for (int f = 0; f < F; f++) {
        for (size_t e = 0; e < entries; e++) {
            if (index[e] == f) order.push_back((int)e);
        }
        start.push_back((int)order.size());
    }
    exercise::Device<int> dindex(index), dorder(order), dstart(start);
    const Entries e = { dindex.data, dorder.data, dstart.data, (int)entries, K, F };
    LAUNCH(table_gradient, (unsigned)ceil_div(std::max((int)entries, F), 4), 128, 0, nullptr,
           dtable.data, dweight.data, drows.data, e, D);
    for (size_t i = 0; i < entries; i++) {
        for (int d = 0; d < D; d++) expected[index[i] * D + d] += weight[i] * rows[i / K * D + d];
    }
    const std::vector<float> actual = dtable.values();
    for (size_t i = 0; i < actual.size(); i++) {
        EXPECT(fabsf(actual[i] - expected[i]) < 1e-4f,
               "T=%d K=%d F=%d D=%d: dtable[%zu] is %g, expected %g", T, K, F, D, i, actual[i],
               expected[i]);
    }
    return actual;
}

static void test(int T, int K, int F, int D) {
    std::vector<float> first;
    exercise::in_all_orders([&] {
        const std::vector<float> bits = run(T, K, F, D);
        bool same = first.empty() || memcmp(first.data(), bits.data(), bits.size() * 4) == 0;
        EXPECT(same, "T=%d K=%d F=%d D=%d: other bits in another order of the threads", T, K, F, D);
        first = bits;
    });
}

int main() {
    exercise::start_profile();
    test(1, 1, 3, 5);
    test(40, 3, 7, 33);
    EXPECT(exercise::cost(exercise::Memory::GLOBAL, "atomic").requests == 0, "there are atomics");
    puts("table_gradient: the same bits in all orders of the threads");
}
