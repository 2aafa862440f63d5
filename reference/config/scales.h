#ifndef REFERENCE_CONFIG_SCALES_H
#define REFERENCE_CONFIG_SCALES_H
#include "reference/config/config.h"

// The models that the sgatlin paper compares. A scale s gives every dimension by a formula, so that
// all kinds of feed-forward layers grow together; an experiment at equal compute trains each kind
// at several scales.
//
// Scales 2 to 8 are the paper's own (V=50257 T=2048):
//     D = 128 s   L = 2 s   Dh = 64            mlp, glu   F = floor(8/3 · D / 256) · 256
//     moe         F = D         E = 16 K = 2
//     peer        F = (32 + 24 s)²         C = 16 K = 8 Dk = 128, F shared by all heads
//     sgatlin     F = (16 + 12 s)²         C = 16 K = 8 Dk = 128, F in every channel
//
// Scales q1 to q8 are ours, for a laptop: D, Dh, C, Dk and the dense F are a quarter of the
// paper's, n = sqrt(F) and K the same, L is s (at least 2), T=256, V=2048 (training takes that of
// its data). So a layer keeps the paper's proportions: sgatlin's experts have fifty times the
// parameters of attention at q2 as at 2, and mlp and sgatlin cost the same FLOPs at both. PEER's
// queries, 4·C·D·Dk, shrink with the cube: peer costs 2.5 times as much as mlp at q2, 5.5 times at
// 2.
//
//              D   L   mlp, glu F   moe F   peer F   sgatlin F
//     q1      32   2           64      32     3136         784
//     q2      64   2          128      64     6400        1600
//     q3      96   3          256      96    10816        2704
//     q4     128   4          320     128    16384        4096
//     q5     160   5          384     160    23104        5776
//     q6     192   6          512     192    30976        7744
//     q7     224   7          576     224    40000       10000
//     q8     256   8          640     256    50176       12544
enum { SCALES = 15, QUARTER_SCALES = 8 };
extern const char *const scale_names[SCALES]; // from small to large: "q1" … "q8", "2" … "8"

int scale_find(const char *scale);                 // index in scale_names; -1: no such scale
bool scale_valid(const char *scale, Error *error); // the error lists the valid names

// The model of a scale with this kind of layer, every dimension set.
bool scale_config(Config *out, const char *scale, const FfnKind *ffn, Error *error);
// F of the dense kinds, for FfnKind.scale: floor(8/3 · 128 s / 256) · 256 / divisor.
static inline int scale_dense_F(int s, int divisor) { return 4 * s / 3 * 256 / divisor; }

// The models of the paper's studies, for the given kinds of layers: TinyStories, the scales 2 to 8
// (isoflop), and TinyStories with the other routers in its table.
typedef struct {
    const char *study; // "tinystories", "isoflop", "tinystories router"
    int scale;         // 0: the study has none
    Config config;
} ScaleRow;
enum { MAX_SCALE_ROWS = 136 }; // enough for 16 kinds
// kinds ends with NULL. Returns the number of rows; 0 on failure.
int scale_rows(ScaleRow out[MAX_SCALE_ROWS], const FfnKind *const *kinds, Error *error);
#endif
