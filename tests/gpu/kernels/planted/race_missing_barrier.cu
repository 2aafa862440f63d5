// fault: race in shared memory
#include "../check.h"

// Both barriers are needed: the second before the tile is filled again.
__global__ void reverse(int *y, const int *x, int tiles, bool first, bool second) {
    __shared__ int tile[64];
    int t = threadIdx.x;
    for (int i = 0; i < tiles; i++) {
        tile[t] = x[64 * i + t]; // planted too
        if (first) __syncthreads();
        y[64 * i + t] = tile[63 - t]; // planted
        if (second) __syncthreads();
    }
}

int main(int count, char **arguments) {
    std::vector<int> numbers(128);
    for (int i = 0; i < 128; i++) numbers[i] = i;
    Buffer<int> x(numbers), y(128, 0);
    bool second = count > 1 && arguments[1][1] == '2';
    bool fault = planted(count, arguments);
    reverse<<<1, 64>>>(y.device, x.device, 2, !fault || second, !fault || !second);
    if (!fault) CHECK(y.host()[64] == 127 && y.host()[63] == 0);
}
