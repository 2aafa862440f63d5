#include "chapters/08_equal_compute/parts.h"
#include "chapters/08_equal_compute/scales.h"
#include "chapters/08_equal_compute/traffic.h"
#include "chapters/pages/figures.h"

static json_t *layer(const ModelSizes *sizes) {
    LayerParts p = layer_parts(sizes);
    json_t *out = json_object();
    json_add(&out, "name", json_string(feed_forward_kinds[sizes->ffn].name));
    json_add(&out, "D", json_integer(sizes->D));
    json_add(&out, "router", json_real(p.router));
    json_add(&out, "pools", json_real(p.pools));
    json_add(&out, "heads", json_real(p.heads));
    json_add(&out, "experts", json_real(p.experts));
    json_add(&out, "K", json_real(p.K));
    json_add(&out, "weights", json_real(p.weights));
    json_add(&out, "biases", json_real(p.biases));
    return out;
}

static json_t *check(const ModelSizes *sizes, int scale, int tokens) {
    Traffic t = layer_traffic(sizes, tokens);
    json_t *out = json_object();
    json_add(&out, "scale", json_integer(scale));
    json_add(&out, "layer", json_integer(sizes->ffn));
    json_add(&out, "tokens", json_integer(tokens));
    json_add(&out, "flops", json_real(t.flops));
    json_add(&out, "bytes_once", json_real(t.bytes_once));
    json_add(&out, "bytes_per_use", json_real(t.bytes_per_use));
    return out;
}

static json_t *scale(json_t **checks, int number, const char *name) {
    json_t *out = json_object(), *layers = json_array();
    for (int kind = 0; kind < FEED_FORWARD_LAYERS; kind++) {
        ModelSizes sizes = { 0 };
        bool ok = number == 0 ? quarter_scale(&sizes, (FeedForwardKind)kind, 2)
                              : paper_scale(&sizes, (FeedForwardKind)kind, 4);
        json_add_item(&layers, ok ? layer(&sizes) : NULL);
        for (int tokens = 1; tokens <= 65536; tokens *= 4)
            json_add_item(checks, check(&sizes, number, tokens));
    }
    json_add(&out, "name", json_string(name));
    json_add(&out, "layers", layers);
    return out;
}

// The two scales of the chapter's table of FLOPs per byte.
json_t *roofline_numbers(void) {
    json_t *out = json_object(), *checks = json_array(), *scales = json_array();
    json_add_item(&scales, scale(&checks, 0, "q2"));
    json_add_item(&scales, scale(&checks, 1, "4"));
    json_add(&out, "scales", scales);
    json_add(&out, "checks", checks);
    return out;
}
