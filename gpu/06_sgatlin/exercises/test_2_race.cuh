#include "gpu/exercise.h"

static void test(int F) {
    std::vector<int> count((size_t)F);
    for (int f = 0; f < F; f++) count[f] = f * 5 % 7;
    exercise::Device<int> dcount(count), dstart((size_t)F + 1);
    LAUNCH(scan, 1, THREADS, 0, nullptr, dstart.data, dcount.data, F);
    const std::vector<int> start = dstart.values();
    for (int f = 0, sum = 0; f <= F; sum += f < F ? count[f] : 0, f++)
        EXPECT(start[f] == sum, "F=%d: start[%d] is %d, expected %d", F, f, start[f], sum);
}

int main() {
    exercise::in_all_orders([] {
        test(1);
        test(77);
        test(128);
    });
    puts("scan: correct in all orders of the threads");
}
