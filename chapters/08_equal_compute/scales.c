#include "chapters/08_equal_compute/scales.h"

static void set_layer(ModelSizes *m, int s, int divisor) {
    int peer_n = 32 + 24 * s, sgatlin_n = 16 + 12 * s;
    if (m->ffn == FEED_FORWARD_MLP || m->ffn == FEED_FORWARD_GLU) {
        m->F = 4 * s / 3 * 256 / divisor; // 8/3 · 128 s / 256 = 4 s / 3, rounded down
    } else if (m->ffn == FEED_FORWARD_MOE) {
        m->F = 128 * s / divisor;
        m->E = 16;
        m->K = 2;
    } else {
        int n = m->ffn == FEED_FORWARD_PEER ? peer_n : sgatlin_n;
        m->F = n * n;
        m->C = 16 / divisor;
        m->K = 8;
        m->Dk = 128 / divisor;
    }
}

static bool is_kind(FeedForwardKind kind) { return (int)kind >= 0 && kind < FEED_FORWARD_LAYERS; }

bool paper_scale(ModelSizes *out, FeedForwardKind kind, int s) {
    if (s < 2 || s > 8 || !is_kind(kind)) return false;
    *out = (ModelSizes){ .ffn = kind, .V = 50257, .T = 2048, .D = 128 * s, .L = 2 * s, .Dh = 64 };
    set_layer(out, s, 1);
    return true;
}

bool quarter_scale(ModelSizes *out, FeedForwardKind kind, int s) {
    if (s < 1 || s > 8 || !is_kind(kind)) return false;
    *out =
        (ModelSizes){ .ffn = kind, .V = 2048, .T = 256, .D = 32 * s, .L = s < 2 ? 2 : s, .Dh = 16 };
    set_layer(out, s, 4);
    return true;
}
