#include "reference/circuits/usage_picture.h"
#include "reference/circuits/random_neurons.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WIDTH = 1280,
    MARGIN = 16,
    LEFT = 40,
    HEADING = 64, // above the first row
    SIDE = 256,   // of a matrix, and the height of a histogram
    ROW = SIDE + 44,
    GAP = 48,
    BARS = WIDTH - 2 * LEFT - 2 * (SIDE + GAP), // the width of a histogram
    LABELS = 20,                                // below a histogram
    MAX_ROWS = 50,                              // what fits in a picture
};

// ---- the histogram

static int used_bins(const UsagePicture *picture) {
    int used = 1;
    for (int l = 0; l < picture->tokens->L; l++) {
        int64_t bins[2][USAGE_BINS];
        usage_histogram(bins[0], picture->tokens, l);
        usage_histogram(bins[1], picture->random, l);
        for (int b = 0; b < USAGE_BINS; b++) {
            if (bins[0][b] + bins[1][b] > 0) used = max_int(used, b + 1);
        }
    }
    return used;
}

static void bin_name(char out[32], int bin) {
    if (bin < 2) {
        snprintf(out, 32, "%d", bin);
    } else {
        snprintf(out, 32, "%lld-", 1LL << (bin - 1));
    }
}

static void draw_histogram(DrawList *list, const UsagePicture *picture, int layer, int used,
                           float y) {
    int64_t bins[2][USAGE_BINS], most = 1;
    usage_histogram(bins[0], picture->tokens, layer);
    usage_histogram(bins[1], picture->random, layer);
    for (int b = 0; b < used; b++) {
        most = bins[0][b] > most ? bins[0][b] : most;
        most = bins[1][b] > most ? bins[1][b] : most;
    }
    float step = (float)BARS / (float)used, height = SIDE - LABELS - 20;
    for (int b = 0; b < used; b++) {
        float x = LEFT + (float)b * step, bottom = y + SIDE - LABELS;
        for (int which = 0; which < 2; which++) {
            float tall = height * (float)bins[which][b] / (float)most;
            draw_rect(list,
                      (Rect){ x + (which ? 0.5f : 0.08f) * step, bottom - tall, 0.38f * step,
                              tall },
                      which ? COLOR_DIM : COLOR_ACCENT);
        }
        char text[32];
        bin_name(text, b);
        draw_text_center(list, x + step / 2, bottom + 2, TEXT_SMALL, COLOR_DIM, text);
        snprintf(text, sizeof text, "%lld", (long long)bins[0][b]);
        float tall = height * (float)bins[0][b] / (float)most;
        if (bins[0][b] > 0 && used <= 16)
            draw_text_center(list, x + 0.27f * step, bottom - tall - 17, TEXT_SMALL, COLOR_TEXT,
                             text);
    }
}

// ---- the matrix

// cells [side,side]: the mean share of the pairs in each block of neurons, neuron i in place[i].
static void mean_shares(float *cells, const Coactivation *coactivation, const int32_t *place,
                        int side) {
    int F = coactivation->F;
    int block = (F + side - 1) / side;
    for (int c = 0; c < side * side; c++) cells[c] = 0;
    for (int i = 0; i < F; i++) {
        for (int j = 0; j < F; j++) {
            float share = (float)coactivation_share(coactivation, i, j);
            cells[place[i] / block * side + place[j] / block] += share;
        }
    }
}

// Brightness 0 to 1, by the square root, of the brightest but a few.
static void scale_cells(float *cells, int count) {
    float most = 0;
    for (int c = 0; c < count; c++) most = fmaxf(most, cells[c]);
    for (int c = 0; c < count; c++) cells[c] = most > 0 ? sqrtf(cells[c] / most) : 0;
}

static void draw_matrix(DrawList *list, const Coactivation *coactivation, const int32_t *place,
                        float *cells, float x, float y) {
    int block = (coactivation->F + SIDE - 1) / SIDE, side = (coactivation->F + block - 1) / block;
    int pixels = max_int(1, SIDE / side) * side;
    mean_shares(cells, coactivation, place, side);
    scale_cells(cells, side * side);
    draw_cells(list, (Rect){ x, y, (float)pixels, (float)pixels }, side, side, cells, 0, 1);
}

// ---- the picture

static void draw_row(DrawList *list, const UsagePicture *picture, int layer, int used,
                     int32_t *place, float *cells, uint64_t seed) {
    float y = MARGIN + HEADING + 24 + (float)(layer * ROW);
    float first = LEFT + BARS + GAP, second = first + SIDE + GAP;
    const Coactivation *coactivation = &picture->coactivation[layer];
    char text[96];
    snprintf(text, sizeof text, "layer %d: %.1f%% fired", layer,
             100 * usage_layer_share(picture->tokens, layer));
    draw_text(list, LEFT, y - 22, TEXT_NORMAL, COLOR_TEXT, text);
    draw_histogram(list, picture, layer, used, y);
    for (int i = 0; i < coactivation->F; i++) place[i] = i;
    draw_matrix(list, coactivation, place, cells, first, y);
    random_order(place, coactivation->F, random_key(seed, "picture"));
    draw_matrix(list, coactivation, place, cells, second, y);
    if (picture->subkeys == NULL) return;
    SubkeyShare share = picture->subkeys[layer];
    snprintf(text, sizeof text, "all channels: %.1f%% share a sub-key", 100 * share.shared);
    draw_text(list, first, y - 22, TEXT_NORMAL, COLOR_TEXT, text);
    snprintf(text, sizeof text, "%.1f%%", 100 * share.shuffled);
    draw_text(list, second, y - 22, TEXT_NORMAL, COLOR_TEXT, text);
}

static void draw_heading(DrawList *list, const UsagePicture *picture, int height) {
    float y = MARGIN + 14, first = LEFT + BARS + GAP, second = first + SIDE + GAP;
    char text[96];
    draw_round_rect(list, (Rect){ MARGIN, MARGIN, WIDTH - 2 * MARGIN, (float)height - 2 * MARGIN },
                    8, COLOR_PANEL);
    draw_text(list, LEFT, y, TEXT_NORMAL, COLOR_TEXT,
              "Neurons by the number of different tokens they fire at");
    draw_rect(list, (Rect){ LEFT, y + 28, 12, 12 }, COLOR_ACCENT);
    float x = draw_text(list, LEFT + 18, y + 24, TEXT_SMALL, COLOR_TEXT, "recorded");
    draw_rect(list, (Rect){ x + 20, y + 28, 12, 12 }, COLOR_DIM);
    draw_text(list, x + 38, y + 24, TEXT_SMALL, COLOR_TEXT, "as many neurons drawn at random");
    snprintf(text, sizeof text, "Firing together, channel %d", picture->channel);
    draw_text(list, first, y, TEXT_NORMAL, COLOR_TEXT, text);
    draw_text(list, second, y, TEXT_NORMAL, COLOR_TEXT, "The same, neurons shuffled");
}

bool usage_picture(DrawList *list, const UsagePicture *picture, uint64_t seed, Error *error) {
    int rows = min_int(picture->tokens->L, MAX_ROWS),
        height = 2 * MARGIN + HEADING + rows * ROW + 24;
    int32_t *place = malloc((size_t)picture->tokens->F * sizeof *place);
    float *cells = malloc((size_t)SIDE * SIDE * sizeof *cells);
    bool ok = place != NULL && cells != NULL;
    if (ok) {
        int used = used_bins(picture);
        draw_clear(list, WIDTH, height);
        draw_heading(list, picture, height);
        for (int l = 0; l < rows; l++) draw_row(list, picture, l, used, place, cells, seed);
    }
    free(place);
    free(cells);
    return ok || fail(error, "out of memory for a picture of %d layers", picture->tokens->L);
}
