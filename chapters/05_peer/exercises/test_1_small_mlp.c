#include "chapters/01_dense_ffn/dense_ffn.h"
#include "chapters/05_peer/peer.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"

void small_mlp(double *up, double *down, const double *gate, const int *index, const double *in,
               const double *out, const Peer *peer);

// Two of three experts, D = 2: the last with gate 3/4, the first with 1/4.
START_TEST(on_paper)
{
    const Peer peer = { .D = 2, .F = 3, .C = 1, .K = 2 };
    const double in[] = { 1, 2, 9, 9, 3, 4 }, out[] = { 4, 8, 9, 9, 4, 12 };
    const double expected_up[] = { 3, 1, 4, 2 }, expected_down[] = { 3, 9, 1, 2 };
    double up[4], down[4];
    small_mlp(up, down, (double[]){ 0.75, 0.25 }, (int[]){ 2, 0 }, in, out, &peer);
    expect("up", up, expected_up, 4, 0);
    expect("down", down, expected_down, 4, 0);
}
END_TEST

// Chapter 01's mlp_forward with up and down, against the layer.
START_TEST(it_outputs_what_the_layer_does)
{
    enum { D = 7, F = 16, C = 3, K = 2 };
    const Peer peer = { .D = D, .F = F, .C = C, .K = K };
    // two heads selected 15: it gets two columns
    int index[C * K] = { 15, 0, 4, 15, 3, 9 };
    double in[F * D], out[F * D], score[C * K], gate[C * K], z[C * K], x[D], y[D], mlp[D];
    double up[D * C * K], down[C * K * D], hidden[2 * C * K];
    for (uint64_t i = 0; i < F * D; i++) {
        in[i] = random_normal(1, i);
        out[i] = random_normal(2, i);
    }
    for (uint64_t i = 0; i < C * K; i++) score[i] = random_normal(3, i);
    for (uint64_t d = 0; d < D; d++) x[d] = random_normal(4, d);
    const PeerToken token = { .score = score, .index = index, .gate = gate, .z = z };
    peer_experts(y, &token, x, &(PeerWeights){ .in = in, .out = out }, &peer);
    small_mlp(up, down, gate, index, in, out, &peer);
    mlp_forward(mlp, &(MlpSaved){ hidden, hidden + C * K }, x, &(MlpWeights){ up, down },
                &(DenseSizes){ D, C * K });
    expect("y", mlp, y, D, 1e-12);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { on_paper },
        { it_outputs_what_the_layer_does },
    };
    return run_tests("05-1 the small mlp", tests, COUNT_OF(tests));
}
