#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <math.h>
#include <stdlib.h>

void patched(double *y, const SgatlinToken *saved, int *scratch, const double *x,
             const double *other, const SgatlinWeights *w, const Sgatlin *s);

enum { D = 5, F = 16, C = 2, K = 3, Dk = 4 };

// A layer with random weights, and the memory of one token.
typedef struct {
    Sgatlin s;
    SgatlinWeights w;
    SgatlinToken saved;
    double *block;
    int index[C * K], scratch[2 * K];
} Layer;

static void open_layer(Layer *l) {
    *l = (Layer){ .s = { .router = PRODUCT_DENSE, .D = D, .F = F, .C = C, .K = K, .Dk = Dk } };
    size_t query = (size_t)D * sgatlin_query_width(&l->s), experts = (size_t)C * F * D;
    size_t keys = (size_t)sgatlin_lists(&l->s) * sgatlin_keys(&l->s) * Dk,
           all = query + keys + 2 * experts;
    l->block = calloc(all + sgatlin_token_doubles(&l->s), sizeof *l->block);
    ck_assert_ptr_nonnull(l->block);
    for (size_t i = 0; i < all; i++) l->block[i] = random_normal(5, i);
    double *in = l->block + query + keys;
    l->w = (SgatlinWeights){ { l->block, l->block + query }, in, in + experts };
    l->saved = sgatlin_token(l->block + all, l->index, &l->s);
}

static void draw(double *x, uint64_t key) {
    for (uint64_t d = 0; d < D; d++) x[d] = random_normal(key, d);
}

// x with x's own circuit is the layer's output.
START_TEST(its_own_circuit_changes_nothing)
{
    Layer l;
    double x[D], y[D], expected[D];
    open_layer(&l);
    draw(x, 1);
    sgatlin_forward(expected, &l.saved, l.scratch, x, &l.w, &l.s);
    patched(y, &l.saved, l.scratch, x, x, &l.w, &l.s);
    expect("y", y, expected, D, 1e-12);
    free(l.block);
}
END_TEST

// With a fixed circuit the layer is linear: three times the input gives three times the output, not
// nine times.
START_TEST(with_a_fixed_circuit_it_is_linear)
{
    Layer l;
    double x[D], other[D], three[D], y[D], of_three[D], own[D], difference = 0.0;
    open_layer(&l);
    draw(x, 1);
    draw(other, 2);
    for (int d = 0; d < D; d++) three[d] = 3 * x[d];
    patched(y, &l.saved, l.scratch, x, other, &l.w, &l.s);
    patched(of_three, &l.saved, l.scratch, three, other, &l.w, &l.s);
    for (int d = 0; d < D; d++) three[d] = 3 * y[d];
    expect("y(3x)", of_three, three, D, 1e-12);
    sgatlin_forward(own, &l.saved, l.scratch, x, &l.w, &l.s);
    for (int d = 0; d < D; d++) difference += fabs(own[d] - y[d]);
    ck_assert_msg(difference > 1e-3, "the output is that of x's own circuit");
    free(l.block);
}
END_TEST

// Not the other way round: the output for other with x's circuit is different.
START_TEST(the_circuit_is_of_other_and_the_input_is_x)
{
    Layer l;
    double x[D], other[D], y[D], expected[D];
    open_layer(&l);
    draw(x, 1);
    draw(other, 2);
    patched(y, &l.saved, l.scratch, x, other, &l.w, &l.s);
    sgatlin_forward(expected, &l.saved, l.scratch, other, &l.w, &l.s); // only for its gating
    sgatlin_experts(expected, &l.saved, x, &l.w, &l.s);
    expect("y", y, expected, D, 1e-12);
    free(l.block);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { its_own_circuit_changes_nothing },
        { with_a_fixed_circuit_it_is_linear },
        { the_circuit_is_of_other_and_the_input_is_x },
    };
    return run_tests("06-3 patching", tests, COUNT_OF(tests));
}
