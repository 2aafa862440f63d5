// Atomic operations on global and shared memory, and waiting for other threads.
#include "check.h"

template <class T> struct Cells { T add, cas, exch, min, max, bits_or, bits_and, bits_xor; };

template <class T> __global__ void integers(Cells<T> *c) {
    T i = blockIdx.x * blockDim.x + threadIdx.x;
    atomicAdd(&c->add, i);
    atomicCAS(&c->cas, i, i + 1);
    atomicExch(&c->exch, (T)5);
    atomicMin(&c->min, i);
    atomicMax(&c->max, i);
    atomicOr(&c->bits_or, (T)1 << (i % 31));
    atomicAnd(&c->bits_and, ~((T)1 << (i % 31)));
    atomicXor(&c->bits_xor, (T)3);
}

template <class T> static void test_integers() {
    Buffer<Cells<T>> cells(1, Cells<T>{ 0, 0, 0, 7, 0, 0, (T)0x7fffffff, 1 });
    integers<<<5, 100>>>(cells.device);
    Cells<T> c = cells.host()[0];
    CHECK(c.add == 499 * 500 / 2 && c.cas <= 500 && c.exch == 5 && c.min == 0 && c.max == 499);
    CHECK(c.bits_or == 0x7fffffff && c.bits_and == 0 && c.bits_xor == 1);
}

__global__ void others(float *sums, double *sum, unsigned *cells) {
    atomicAdd(sums, 0.5f);
    atomicAdd(sum, 0.25);
    atomicInc(cells, 9);
    atomicDec(cells + 1, 6);
    atomicSub(cells + 4, 2);
    atomicCAS(cells + 2, 1000, 5);
    __shared__ int count;
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    int place = atomicAdd(&count, 2);
    __syncthreads();
    if (place % 2 != 0 || place >= 2 * (int)blockDim.x || count != 2 * (int)blockDim.x) {
        atomicAdd(cells + 3, 1);
    }
}

// One thread after the other, under a lock.
__global__ void locked(int *lock, int *order) {
    bool done = false;
    while (!done) {
        if (atomicCAS(lock, 0, 1) == 0) {
            order[atomicAdd(lock + 1, 1)] = threadIdx.x;
            __threadfence();
            atomicExch(lock, 0);
            done = true;
        }
    }
}

// A lane waits until another one, of another warp, has set a flag.
__global__ void flag(int *result) {
    __shared__ int ready;
    if (threadIdx.x == 0) ready = 0;
    __syncthreads();
    if (threadIdx.x == 3) {
        while (atomicAdd(&ready, 0) == 0) {}
        *result = 1;
    }
    if (threadIdx.x == 60) atomicExch(&ready, 1);
}

int main() {
    test_integers<int>();
    test_integers<unsigned>();
    test_integers<unsigned long long>();
    Buffer<float> sums(1, 0.0f);
    Buffer<double> sum(1, 0.0);
    Buffer<unsigned> cells(5, 1000u);
    others<<<3, 64>>>(sums.device, sum.device, cells.device);
    CHECK(sums.host()[0] == 96.0f && sum.host()[0] == 48.0);
    CHECK(cells.host()[0] == 191 % 10 && cells.host()[3] == 1000);
    CHECK(cells.host()[1] == 6 - 191 % 7 && cells.host()[4] == 1000 - 2 * 192);
    Buffer<int> lock(2, 0), order(40, -1), result(1, 0);
    locked<<<1, 40>>>(lock.device, order.device);
    CHECK(lock.host()[0] == 0 && lock.host()[1] == 40);
    CHECK(cells.host()[2] == 5);
    flag<<<1, 64>>>(result.device);
    CHECK(result.host()[0] == 1);
    puts("ok");
}
