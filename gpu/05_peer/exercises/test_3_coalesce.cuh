#include "gpu/exercise.h"

static void test(int heads) {
    const std::vector<float> gate = exercise::small_numbers((size_t)heads * 8);
    const std::vector<float> dgate = exercise::small_numbers((size_t)heads * 8, 3);
    exercise::Device<float> dev_gate(gate), dev_dgate(dgate), dscore(gate.size());
    LAUNCH(softmax_backward, (unsigned)ceil_div(8 * heads, 64), 64, 0, nullptr, dscore.data,
           dev_dgate.data, dev_gate.data, heads);
    const std::vector<float> actual = dscore.values();
    for (int i = 0; i < 8 * heads; i++) {
        float mean = 0.0f;
        for (int k = i / 8 * 8; k < i / 8 * 8 + 8; k++) mean += gate[k] * dgate[k];
        float expected = gate[i] * (dgate[i] - mean);
        EXPECT(actual[i] == expected, "heads=%d: dscore[%d] is %g, expected %g", heads, i,
               actual[i], expected);
    }
}

int main() {
    exercise::in_all_orders([] {
        test(1);
        test(13);
    });
    exercise::start_profile();
    test(32);
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    const exercise::Cost write = exercise::cost(exercise::Memory::GLOBAL, "write");
    EXPECT(read.per_request() == 4, "a request to read moves %.2f sectors; 4 are enough",
           read.per_request());
    EXPECT(write.per_request() == 4, "a request to write moves %.2f sectors; 4 are enough",
           write.per_request());
    EXPECT(read.requests == 16, "%.0f requests to read; 16 are enough", read.requests);
    puts("softmax_backward: correct, and every request is coalesced");
}
