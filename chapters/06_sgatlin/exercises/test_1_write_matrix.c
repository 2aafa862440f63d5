#include "chapters/06_sgatlin/sgatlin.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

void write_matrix(double *W, const double *score, const int *index, const double *in,
                  const double *out, const Sgatlin *s);

// One neuron, in (1, 2), out (3, 5), score 10: W = 10·(3, 5)ᵀ(1, 2) = (30, 60; 50, 100).
START_TEST(on_paper)
{
    const Sgatlin s = { .D = 2, .F = 1, .C = 1, .K = 1 };
    double W[4];
    write_matrix(W, (double[]){ 10 }, (int[]){ 0 }, (double[]){ 1, 2 }, (double[]){ 3, 5 }, &s);
    expect("W", W, (double[]){ 30, 60, 50, 100 }, 4, 0);
}
END_TEST

// W x against the layer's third step, for two channels and five tokens.
START_TEST(it_outputs_what_the_layer_does)
{
    enum { D = 7, F = 9, C = 2, K = 3 };
    const Sgatlin s = { .D = D, .F = F, .C = C, .K = K };
    int index[C * K] = { 8, 0, 4, 2, 3, 4 };
    double in[C * F * D], out[C * F * D], score[C * K], x[D], y[D], z[C * K], W[D * D], Wx[D];
    for (uint64_t i = 0; i < C * F * D; i++) {
        in[i] = random_normal(1, i);
        out[i] = random_normal(2, i);
    }
    for (uint64_t i = 0; i < C * K; i++) score[i] = random_normal(3, i);
    write_matrix(W, score, index, in, out, &s);
    const SgatlinToken token = { .score = score, .index = index, .z = z };
    const SgatlinWeights w = { .in = in, .out = out };
    for (uint64_t t = 0; t < 5; t++) {
        for (uint64_t d = 0; d < D; d++) x[d] = random_normal(4, t * D + d);
        sgatlin_experts(y, &token, x, &w, &s);
        for (int o = 0; o < D; o++) {
            Wx[o] = 0.0;
            for (int i = 0; i < D; i++) Wx[o] += W[o * D + i] * x[i];
        }
        expect("(W x)", Wx, y, D, 1e-12);
    }
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { it_outputs_what_the_layer_does },
    };
    return run_tests("06-1 the matrix", tests, COUNT_OF(tests));
}
