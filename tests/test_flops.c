#include "reference/ffn/ffn.h"
#include "reference/model/model.h"
#include "tests/support/suite.h"
#include <check.h>
#include <string.h>

// Facts by the sgatlin authors' own counting functions: parameters of the whole model, and the FLOPs of the layers'
// matrix products for one sequence, forward.
typedef struct {
    const char *ffn;
    int V, T, D, Dh, L, F, C, K, Dk;
    Router router;
    double parameters, flops;
} Row;

static const Row rows[] = {
    { "mlp", 8192, 1024, 256, 64, 4, 1024, 0, 0, 0, ROUTER_PRODUCT_DENSE, 5245696, 10737418240 },
    { "glu", 8192, 1024, 256, 64, 4, 1024, 0, 0, 0, ROUTER_PRODUCT_DENSE, 6303488, 12884901888 },
    { "peer", 8192, 1024, 256, 64, 4, 1024, 8, 8, 128, ROUTER_PRODUCT_DENSE, 7604992, 11542724608 },
    { "sgatlin", 8192, 1024, 256, 64, 4, 1024, 8, 8, 128, ROUTER_PRODUCT_DENSE, 20318976, 7516192768 },
    { "mlp", 50257, 2048, 256, 64, 4, 512, 0, 0, 0, ROUTER_PRODUCT_DENSE, 14965760, 25769803776 },
    { "glu", 50257, 2048, 256, 64, 4, 512, 0, 0, 0, ROUTER_PRODUCT_DENSE, 15495168, 27917287424 },
    { "peer", 50257, 2048, 256, 64, 4, 6400, 16, 8, 128, ROUTER_PRODUCT_DENSE, 32529408, 45097156608 },
    { "sgatlin", 50257, 2048, 256, 64, 4, 1600, 16, 8, 128, ROUTER_PRODUCT_DENSE, 67132416, 25769803776 },
    { "mlp", 50257, 2048, 384, 64, 6, 1024, 0, 0, 0, ROUTER_PRODUCT_DENSE, 27561984, 72477573120 },
    { "glu", 50257, 2048, 384, 64, 6, 1024, 0, 0, 0, ROUTER_PRODUCT_DENSE, 29935872, 82141249536 },
    { "peer", 50257, 2048, 384, 64, 6, 10816, 16, 8, 128, ROUTER_PRODUCT_DENSE, 84676608, 104689827840 },
    { "sgatlin", 50257, 2048, 384, 64, 6, 2704, 16, 8, 128, ROUTER_PRODUCT_DENSE, 223776768, 62008590336 },
    { "mlp", 50257, 2048, 512, 64, 8, 1280, 0, 0, 0, ROUTER_PRODUCT_DENSE, 44615680, 146028888064 },
    { "glu", 50257, 2048, 512, 64, 8, 1280, 0, 0, 0, ROUTER_PRODUCT_DENSE, 49883136, 167503724544 },
    { "peer", 50257, 2048, 512, 64, 8, 16384, 16, 8, 128, ROUTER_PRODUCT_DENSE, 189319168, 193273528320 },
    { "sgatlin", 50257, 2048, 512, 64, 8, 4096, 16, 8, 128, ROUTER_PRODUCT_DENSE, 573622272, 118111600640 },
    { "mlp", 50257, 2048, 640, 64, 10, 1536, 0, 0, 0, ROUTER_PRODUCT_DENSE, 68224000, 255013683200 },
    { "glu", 50257, 2048, 640, 64, 10, 1536, 0, 0, 0, ROUTER_PRODUCT_DENSE, 78091520, 295279001600 },
    { "peer", 50257, 2048, 640, 64, 10, 23104, 16, 8, 128, ROUTER_PRODUCT_DENSE, 376734720, 314069483520 },
    { "sgatlin", 50257, 2048, 640, 64, 10, 5776, 16, 8, 128, ROUTER_PRODUCT_DENSE, 1235420160, 197300060160 },
    { "mlp", 50257, 2048, 768, 64, 12, 2048, 0, 0, 0, ROUTER_PRODUCT_DENSE, 104678400, 425201762304 },
    { "glu", 50257, 2048, 768, 64, 12, 2048, 0, 0, 0, ROUTER_PRODUCT_DENSE, 123611136, 502511173632 },
    { "peer", 50257, 2048, 768, 64, 12, 30976, 16, 8, 128, ROUTER_PRODUCT_DENSE, 684278784, 470298918912 },
    { "sgatlin", 50257, 2048, 768, 64, 12, 7744, 16, 8, 128, ROUTER_PRODUCT_DENSE, 2356233216, 302795194368 },
    { "mlp", 50257, 2048, 896, 64, 14, 2304, 0, 0, 0, ROUTER_PRODUCT_DENSE, 147818496, 631360192512 },
    { "glu", 50257, 2048, 896, 64, 14, 2304, 0, 0, 0, ROUTER_PRODUCT_DENSE, 176796928, 749740228608 },
    { "peer", 50257, 2048, 896, 64, 14, 40000, 16, 8, 128, ROUTER_PRODUCT_DENSE, 1156384768, 665183059968 },
    { "sgatlin", 50257, 2048, 896, 64, 14, 10000, 16, 8, 128, ROUTER_PRODUCT_DENSE, 4111435776, 437818228736 },
    { "mlp", 50257, 2048, 1024, 64, 16, 2560, 0, 0, 0, ROUTER_PRODUCT_DENSE, 202493952, 893353197568 },
    { "glu", 50257, 2048, 1024, 64, 16, 2560, 0, 0, 0, ROUTER_PRODUCT_DENSE, 244535296, 1065151889408 },
    { "peer", 50257, 2048, 1024, 64, 16, 50176, 16, 8, 128, ROUTER_PRODUCT_DENSE, 1844563968, 901943132160 },
    { "sgatlin", 50257, 2048, 1024, 64, 16, 12544, 16, 8, 128, ROUTER_PRODUCT_DENSE, 6704713728, 605590388736 },
    { "sgatlin", 8192, 1024, 256, 64, 4, 1024, 8, 8, 128, ROUTER_PRODUCT_KEY_VALUE, 22285056, 11542724608 },
    { "sgatlin", 8192, 1024, 256, 64, 4, 1024, 8, 8, 128, ROUTER_DENSE, 24251136, 15569256448 },
};

START_TEST(counts_agree_exactly)
{
    const Row *row = &rows[_i];
    Config config = { .ffn = ffn_find(row->ffn),
                      .V = row->V,
                      .T = row->T,
                      .D = row->D,
                      .Dh = row->Dh,
                      .L = row->L,
                      .F = row->F,
                      .C = row->C,
                      .K = row->K,
                      .Dk = row->Dk,
                      .router = row->router };
    Error error = { "" };
    ck_assert_msg(config_valid(&config, &error), "%s", error.text);
    ModelCost cost = model_cost(&config);
    ck_assert_double_eq(cost.parameters, row->parameters);
    ck_assert_double_eq(cost.layers.flops, row->flops);
    ck_assert_double_eq(cost.flops_full, row->flops + 2.0 * row->T * row->D * row->V);
    ck_assert(cost.active_parameters <= cost.parameters);
}
END_TEST

START_TEST(the_table_counts_what_is_allocated)
{
    for (int i = 0; ffn_kinds[i] != NULL; i++) {
        for (int router = 0; router < ROUTERS; router++) {
            Config config = { .ffn = ffn_kinds[i],
                              .V = 37,
                              .T = 5,
                              .D = 12,
                              .Dh = 6,
                              .L = 3,
                              .F = 49,
                              .C = 3,
                              .K = 5,
                              .Dk = 7,
                              .router = (Router)router };
            Model model;
            Error error = { "" };
            ck_assert_msg(model_new(&model, &config, &error), "%s", error.text);
            double count = 0;
            for (int t = 0; t < model.tensors.count; t++) count += (double)model.tensors.at[t].count;
            ck_assert_double_eq(count, model_cost(&config).parameters);
            model_free(&model);
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("flops");
    TCase *tcase = tcase_create("flops");
    tcase_add_loop_test(tcase, counts_agree_exactly, 0, (int)(sizeof rows / sizeof rows[0]));
    tcase_add_test(tcase, the_table_counts_what_is_allocated);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
