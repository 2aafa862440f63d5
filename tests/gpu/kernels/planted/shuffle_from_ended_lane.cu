// fault: value of a lane that takes no part in the warp operation
#include "../check.h"

// The sum of n numbers by one warp. Lanes without a number must stay.
__global__ void sum(int *y, const int *x, int n, bool leave) {
    int t = threadIdx.x;
    if (leave && t >= n) return;
    int v = t < n ? x[t] : 0;
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d); // planted
    if (t == 0) *y = v;
}

int main(int count, char **arguments) {
    Buffer<int> x(20, 1), y(1, 0);
    sum<<<1, 32>>>(y.device, x.device, 20, planted(count, arguments));
    if (!planted(count, arguments)) CHECK(y.host()[0] == 20);
}
