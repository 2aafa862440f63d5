// Two fibres add to a sum in turns; what each computes survives the other's turns. Built with both
// implementations by test_fibers.sh.
#include "gpu/emulator/engine/fiber.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>

using emulator::Fiber;

constexpr int TURNS = 1000;
constexpr size_t STACK = 64 << 10;

struct Turn {
    Fiber main, fibers[2];
    int at;
    double sum;
};
static Turn turn;

// Numbers that the compiler keeps in registers across the switch, if it can.
static void body() {
    int self = turn.at;
    double a = self + 1, b = 0.5 * a, c = sqrt(a), product = 1;
    for (int i = 0; i < TURNS; i++) {
        product = product * c / c;
        turn.sum += a + b * product;
        turn.at = 1 - self;
        emulator::fiber_switch(&turn.fibers[self], &turn.fibers[1 - self]);
    }
    emulator::fiber_switch(&turn.fibers[self], &turn.main);
    abort(); // nobody comes back here
}

int main() {
    static char stacks[2][STACK];
    for (int i = 0; i < 2; i++) emulator::fiber_prepare(&turn.fibers[i], stacks[i], STACK, body);
    emulator::fiber_switch(&turn.main, &turn.fibers[0]);
    double expected = TURNS * 1.5 + TURNS * 3.0;
    if (fabs(turn.sum - expected) > 1e-6) {
        printf("sum %g in place of %g\n", turn.sum, expected);
        return 1;
    }
    return 0;
}
