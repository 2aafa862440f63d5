// fault: out of bounds: index of an array
#include "../check.h"

// Row 0 has no element 33, though the address lies in the array.
__global__ void fill(int *y, int column) {
    __shared__ int tile[32][33];
    tile[0][column] = 1; // planted
    *y = tile[0][column];
}

int main(int count, char **arguments) {
    Buffer<int> y(1, 0);
    fill<<<1, 1>>>(y.device, planted(count, arguments) ? 33 : 32);
    cudaDeviceSynchronize();
}
