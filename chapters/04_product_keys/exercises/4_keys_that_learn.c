// Exercise 04-4. Keys that learn.
//
// Write one step of gradient descent for a memory with product keys (memory.h; memory_answer is
// there already). The loss of one query is (y - target)². Every value and every number of a sub-key
// moves by -rate times its gradient:
//     dvalue = dy · p                   of the chosen cells
//     dp = dy · value                   softmax_row_backward makes it dscore,
//     da, db += dscore                  product_backward does this,
//     dfirst[i] = da[i] · query         and the same for second
// All gradients are those before the step: compute them before anything moves.
//
// Guess first, and write it down: 16 cells learn a·b with keys that stay random, and then with keys
// that learn. Which part of the loss do the keys take away?
//
// Check with: make exercise-04-4
#include "chapters/02_mixture_of_experts/softmax.h"
#include "chapters/04_product_keys/exercises/memory.h"
#include "chapters/04_product_keys/product_keys.h"

void memory_step(Memory *m, const double *query, double target, double rate) {
    (void)m, (void)query, (void)target, (void)rate; // yours to write
}
