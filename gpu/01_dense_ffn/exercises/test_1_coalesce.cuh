#include "gpu/01_dense_ffn/exercises/product_test.cuh"

int main() {
    exercise::in_all_orders([] {
        test_product(37, 3, 35, dim3(32, 8), 8, 8); // enough blocks, whichever way they lie
        test_product(64, 64, 64, dim3(32, 8), 8, 8);
    });
    const exercise::Cost write = exercise::cost(exercise::Memory::GLOBAL, "write");
    EXPECT(write.per_request() == 4, "a request to write y moves %.2f sectors; 4 are enough",
           write.per_request());
    const exercise::Cost read = exercise::cost(exercise::Memory::GLOBAL, "read");
    EXPECT(read.per_request() == 2.5,
           "a request to read moves %.2f sectors; 4 for w and 1 for x, so 2.5, are enough",
           read.per_request());
    puts("product: correct, and every request is coalesced");
}
