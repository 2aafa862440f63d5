#ifndef REFERENCE_CONFIG_SCALES_H
#define REFERENCE_CONFIG_SCALES_H
#include "reference/config/config.h"

// The models that the sgatlin paper compares. A scale is a number s with a formula for every
// letter, so that all kinds of feed-forward layers grow together; an experiment at equal compute
// trains each kind at a few of them.
//
// Scales 2 to 8 are the paper's own (V=50257 T=2048):
//     D = 128 s   L = 2 s   Dh = 64            mlp, glu   F = floor(8/3 · D / 256) · 256
//     moe         F = D         E = 16 K = 2
//     peer        F = (32 + 24 s)²         C = 16 K = 8 Dk = 128, F shared by all heads
//     sgatlin     F = (16 + 12 s)²         C = 16 K = 8 Dk = 128, F in every channel
//
// Scales q1 to q8 are ours, for a laptop: the paper's at a quarter of its width. D, Dh, C, Dk and
// the dense F are a quarter, n = sqrt(F) and K the same, L is s (at least 2), T=256, V that of a
// small vocabulary (2048; training takes the data's). So a layer's sizes keep the paper's
// proportions: sgatlin's experts outweigh attention fifty times at q2 as at 2, and mlp and sgatlin
// cost the same FLOPs at both. PEER's queries, 4·C·D·Dk, shrink with the cube: peer is 2.5 times
// the mlp's cost at q2, 5.5 times at 2.
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
// "q1" … "q8", "2" … "8": from small to large
extern const char *const scale_names[SCALES];

int scale_find(const char *scale);                 // which of them it is; -1: none
bool scale_valid(const char *scale, Error *error); // is it one? The message says which there are

// The model of one scale with this kind of layer, every letter set.
bool scale_config(Config *out, const char *scale, const FfnKind *ffn, Error *error);
// F of the dense kinds, for FfnKind.scale: floor(8/3 · 128 s / 256) · 256 / divisor
static inline int scale_dense_F(int s, int divisor) { return 4 * s / 3 * 256 / divisor; }

// The configurations that the paper's studies compare, of the kinds of layers there are: its
// TinyStories models, the ladder, and the other routers on TinyStories that its table names.
typedef struct {
    const char *study; // "tinystories", "isoflop", "tinystories router"
    int scale;         // 0: the study has none
    Config config;
} ScaleRow;
enum { MAX_SCALE_ROWS = 136 }; // enough for 16 kinds
// Returns how many there are; 0 on failure. kinds ends with NULL.
int scale_rows(ScaleRow out[MAX_SCALE_ROWS], const FfnKind *const *kinds, Error *error);
#endif
