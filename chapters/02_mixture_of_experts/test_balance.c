// Load balancing: the two losses and the bias, against numbers worked out by hand, against a golden
// file, and against finite differences.
#include "chapters/02_mixture_of_experts/balance.h"
#include "reference/numbers/random.h"
#include "tests/harness/expect.h"
#include <check.h>
#include <math.h>
#include <string.h>

// ---- by hand

START_TEST(counts_on_paper)
{
    int start[] = { 0, 3, 3, 4 }, index[] = { 2, 0, 2, 2 }, count[4] = { 9, 9, 9, 9 };
    moe_counts(count, &(MoeGating){ .N = 3, .start = start, .index = index }, 4);
    ck_assert(count[0] == 1 && count[1] == 0 && count[2] == 3 && count[3] == 0);
}
END_TEST

// Two tokens with p = (3/4, 1/4), both at expert 0: f = (1, 0), P = (3/4, 1/4), loss = alpha·2·3/4;
// alpha = 1. dp = 1·2·f/2 = (1, 0), Σ p·dp = 3/4: dlogits = (3/4·1/4, 1/4·-3/4) for each, added to
// the 10s.
START_TEST(switch_on_paper)
{
    const double p[] = { 0.75, 0.25, 0.75, 0.25 };
    double dlogits[] = { 10, 10, 10, 10 }, scratch[2];
    const int all[] = { 2, 0 }, even[] = { 1, 1 };
    expect_by_hand("all at one", (double[]){ moe_switch_loss(p, all, 1, 2, 2) }, (double[]){ 1.5 },
                   1);
    expect_by_hand("even", (double[]){ moe_switch_loss(p, even, 0.01, 2, 2) }, (double[]){ 0.01 },
                   1);
    moe_switch_backward(dlogits, scratch, p, all, 1, 2, 2);
    expect_by_hand("dlogits", dlogits, (double[]){ 10.1875, 9.8125, 10.1875, 9.8125 }, 4);
    memset(dlogits, 0, sizeof dlogits);
    moe_switch_backward(dlogits, scratch, p, even, 1, 2, 2); // balanced: no gradient
    expect_by_hand("dlogits, even", dlogits, (double[4]){ 0 }, 4);
}
END_TEST

// Logits (log 1, log 3): log Σ e^logit = log 4, p = (1/4, 3/4). With (0, -infinity) it is 0.
// Loss = alpha·(log²4 + 0)/2, dlogits of the first = 2 alpha log 4 · p / 2. A logit far above the
// other is its own log-sum.
START_TEST(z_on_paper)
{
    const double logits[] = { 0, log(3), 0, -INFINITY }, four[] = { log(4), -1e9 };
    double dlogits[] = { 0, 0, 10, 10 }, scratch[2], square = log(4) * log(4);
    expect_by_hand("loss", (double[]){ moe_z_loss(scratch, logits, 1, 2, 2) },
                   (double[]){ square / 2 }, 1);
    expect_by_hand("one", (double[]){ moe_z_loss(scratch, four, 1, 1, 2) }, (double[]){ square },
                   1);
    moe_z_backward(dlogits, scratch, logits, 1, 2, 2);
    expect_by_hand("dlogits", dlogits, (double[]){ log(4) / 4, log(4) * 3 / 4, 10, 10 }, 4);
}
END_TEST

// 5 + 2 + 2 tokens, the mean is 3; 3 + 3 + 3 change nothing; 3 + 4 + 3 have their mean between 3
// and 4. The bias of an expert with too many tokens falls: the opposite sign would make it ever
// more popular.
START_TEST(bias_on_paper)
{
    double bias[] = { 0, 1, -1 };
    moe_bias_step(bias, (int[]){ 5, 2, 2 }, 0.5, 3);
    expect_by_hand("5 2 2", bias, (double[]){ -0.5, 1.5, -0.5 }, 3);
    moe_bias_step(bias, (int[]){ 3, 3, 3 }, 0.5, 3);
    expect_by_hand("3 3 3", bias, (double[]){ -0.5, 1.5, -0.5 }, 3);
    moe_bias_step(bias, (int[]){ 3, 4, 3 }, 0.5, 3);
    expect_by_hand("3 4 3", bias, (double[]){ 0, 1, 0 }, 3);
}
END_TEST

// ---- N tokens and a router

enum { MAX_N = 32, MAX_E = 7, MAX_D = 16, MAX_K = 3 };

typedef struct {
    Moe m;
    int N, start[MAX_N + 1], index[MAX_N * MAX_K], count[MAX_E];
    double x[MAX_N * MAX_D], router[MAX_D * MAX_E], dx[MAX_N * MAX_D], drouter[MAX_D * MAX_E];
    double logits[MAX_N * MAX_E], p[MAX_N * MAX_E], dlogits[MAX_N * MAX_E], weight[MAX_N * MAX_K];
    double bias[MAX_E], scratch[5 * MAX_D];
} Batch;

static void route(Batch *b, const double *bias) {
    MoeGating gating = { .start = b->start, .index = b->index, .weight = b->weight };
    moe_logits(b->logits, b->p, b->x, b->router, b->N, &b->m);
    moe_route(&gating, b->scratch, b->logits, b->p, bias, b->N, &b->m);
    moe_counts(b->count, &gating, b->m.E);
}

// One of the two losses; the counts are those of the last routing.
static double balance_loss(Batch *b, bool z, double alpha) {
    moe_logits(b->logits, b->p, b->x, b->router, b->N, &b->m);
    if (z) return moe_z_loss(b->scratch, b->logits, alpha, b->N, b->m.E);
    return moe_switch_loss(b->p, b->count, alpha, b->N, b->m.E);
}

static void balance_backward(Batch *b, bool z, double alpha) {
    memset(b->dlogits, 0, sizeof b->dlogits);
    memset(b->dx, 0, sizeof b->dx);
    memset(b->drouter, 0, sizeof b->drouter);
    if (z)
        moe_z_backward(b->dlogits, b->scratch, b->logits, alpha, b->N, b->m.E);
    else
        moe_switch_backward(b->dlogits, b->scratch, b->p, b->count, alpha, b->N, b->m.E);
    moe_logits_backward(b->dx, b->drouter, b->scratch, b->dlogits, b->x, b->router, b->N, &b->m);
}

static double switch_loss(void *batch) { return balance_loss(batch, false, 1.0); }
static double z_loss(void *batch) { return balance_loss(batch, true, 1.0); }

// The counts stay fixed: the true Switch loss jumps where the routing changes, which its gradient
// ignores.
START_TEST(backward_is_the_slope_of_the_loss)
{
    static const int sizes[][4] = {
        { 5, 7, 3, 11 }, { 2, 2, 1, 1 }, { 3, 5, 2, 7 }, { 1, 3, 3, 4 }
    };
    const int *size = sizes[_i / 2];
    const bool z = _i % 2 == 1;
    Batch b = { .m = { .D = size[0], .E = size[1], .K = size[2], .F = 1 }, .N = size[3] };
    size_t x = (size_t)b.N * b.m.D, router = (size_t)b.m.D * b.m.E;
    fill(b.x, x, 1.0, 4, "x");
    fill(b.router, router, 1.0, 4, "router");
    route(&b, NULL);
    balance_backward(&b, z, 1.0);
    const Slopes slopes = { .loss = z ? z_loss : switch_loss, .context = &b };
    if (!z && b.m.K == b.m.E) { // every expert is always chosen: balanced, whatever p
        expect_by_hand("even", b.drouter, (double[MAX_D * MAX_E]){ 0 }, router);
        return;
    }
    expect_slopes("dx", b.x, b.dx, x, &slopes);
    expect_slopes("drouter", b.router, b.drouter, router, &slopes);
}
END_TEST

// ---- the golden file

START_TEST(golden_file_agrees)
{
    Safetensors file = golden_ffn_file("moe_balance");
    Batch b = { .m = { .D = golden_size(&file, "D"),
                       .E = golden_size(&file, "E"),
                       .K = golden_size(&file, "K") },
                .N = golden_size(&file, "N") };
    size_t router = (size_t)b.m.D * b.m.E, entries = (size_t)b.N * b.m.K;
    double alpha = golden_value(&file, "switch_alpha"), z_alpha = golden_value(&file, "z_alpha"),
           loss;
    ck_assert(b.N <= MAX_N && b.m.D <= MAX_D && b.m.E <= MAX_E && b.m.K <= MAX_K);
    read_tensor(b.x, &file, "x", (size_t)b.N * b.m.D);
    read_tensor(b.router, &file, "router", router);
    read_tensor(b.bias, &file, "bias", (size_t)b.m.E);
    route(&b, NULL);
    expect_tensor_ints(&file, "indices", b.index, entries);
    loss = balance_loss(&b, false, alpha);
    expect_tensor(&file, "switch_loss", &loss, 1);
    balance_backward(&b, false, alpha);
    expect_tensor(&file, "grad.switch.router", b.drouter, router);
    loss = balance_loss(&b, true, z_alpha);
    expect_tensor(&file, "z_loss", &loss, 1);
    balance_backward(&b, true, z_alpha);
    expect_tensor(&file, "grad.z.router", b.drouter, router);
    route(&b, b.bias);
    expect_tensor_ints(&file, "biased.indices", b.index, entries);
    expect_tensor_ints(&file, "biased.counts", b.count, (size_t)b.m.E);
    expect_tensor(&file, "biased.weights", b.weight, entries);
    moe_bias_step(b.bias, b.count, golden_value(&file, "bias_step"), b.m.E);
    expect_tensor(&file, "bias_after", b.bias, (size_t)b.m.E);
    safetensors_close(&file);
}
END_TEST

// ---- the purpose (the demo shows the same for the two losses, in training)

// All tokens prefer expert 0. The bias alone, updated after each batch, evens out the counts; the
// router does not change.
START_TEST(the_bias_evens_the_counts)
{
    Batch b = { .m = { .D = 4, .E = 4, .K = 1 }, .N = 32 };
    for (int i = 0; i < b.N * b.m.D; i++)
        b.x[i] = i % b.m.D == 0 ? 1.0 : random_normal(random_key(2, "x"), i);
    for (int d = 0; d < b.m.D; d++) b.router[d * b.m.E] = d == 0 ? 2.0 : 0.0;
    for (int i = b.m.E; i < b.m.D * b.m.E; i++)
        b.router[i] = 0.3 * random_normal(random_key(2, "router"), i);
    route(&b, NULL);
    ck_assert_int_gt(b.count[0], 28);
    for (int step = 0; step < 2000; step++) {
        route(&b, b.bias);
        moe_bias_step(b.bias, b.count, 1e-3, b.m.E);
    }
    route(&b, b.bias);
    for (int e = 0; e < b.m.E; e++) ck_assert(b.count[e] >= 7 && b.count[e] <= 9);
}
END_TEST

int main(void) {
    const TestRow tests[] = {
        { counts_on_paper },
        { switch_on_paper },
        { z_on_paper },
        { bias_on_paper },
        { backward_is_the_slope_of_the_loss, 8 },
        { golden_file_agrees },
        { the_bias_evens_the_counts },
    };
    return run_tests("02 balance", tests, COUNT_OF(tests));
}
