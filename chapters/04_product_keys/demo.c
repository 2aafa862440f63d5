// One search, and what searches cost.
#include "chapters/demo.h"
#include "chapters/04_product_keys/product_keys.h"
#include "reference/draw/paint.h"
#include "reference/numbers/minmax.h"
#include "reference/numbers/random.h"
#include <stdio.h>
#include <stdlib.h>

static void uniform(double *v, int n, const char *name) {
    for (int i = 0; i < n; i++) v[i] = random_uniform(random_key(1, name), (uint64_t)i);
}

static bool is_chosen(const int *index, int K, int f) {
    for (int k = 0; k < K; k++) {
        if (index[k] == f) return true;
    }
    return false;
}

// ---- one search, as text

static void print_search(void) {
    enum { N = 6, K = 4 };
    const double a[N] = { 3, 9, 1, 7, 4, 6 }, b[N] = { 2, 8, 5, 0, 6, 1 };
    double score[K];
    int index[K], scratch[2 * K], rows[N], columns[N];
    product_top_k(score, index, a, b, N, K, scratch);
    top_k(rows, a, N, N);
    top_k(columns, b, N, N);
    printf("The %d best of %d x %d sums, both lists sorted\n\n          b", K, N, N);
    for (int column = 0; column < N; column++) printf("%5g", b[columns[column]]);
    printf("\n       rank");
    for (int column = 0; column < N; column++) printf("%5d", column + 1);
    for (int row = 0; row < N; row++) {
        printf("\n   a %g%5d ", a[rows[row]], row + 1);
        for (int column = 0; column < N; column++) {
            int i = rows[row], j = columns[column];
            if ((row + 1) * (column + 1) > K)
                printf("    .");
            else
                printf("%s%g", is_chosen(index, K, i * N + j) ? "  *" : "   ", a[i] + b[j]);
        }
    }
    printf("\n\n   *: chosen; number: computed (rank times rank is at most %d); dot: never "
           "computed\n  ",
           K);
    for (int k = 0; k < K; k++) {
        printf(" key %d = %d*%d+%d scores %g%s", index[k], index[k] / N, N, index[k] % N, score[k],
               k + 1 < K ? "," : "\n\n");
    }
}

// ---- the cost of a search

typedef struct {
    long all, square, product; // comparisons
} Comparisons;

static bool count_comparisons(Comparisons *out, int n, int K) {
    double *a = malloc(((size_t)2 * n + K) * sizeof *a);
    int *index = malloc((size_t)3 * K * sizeof *index);
    bool ok = a != NULL && index != NULL;
    if (ok) {
        double *b = a + n, *score = b + n;
        uniform(a, n, "a");
        uniform(b, n, "b");
        out->all = all_pairs_top_k(score, index, a, b, n, K);
        out->square = square_top_k(score, index, a, b, n, K, index + K);
        out->product = product_top_k(score, index, a, b, n, K, index + K);
    }
    free(a);
    free(index);
    return ok;
}

static bool print_counts(Error *error) {
    const int K = 8, Dk = 128;
    printf("K = %d of n x n keys, keys of %d numbers\n\n", K, Dk);
    printf("                 multiplications         sums            comparisons\n");
    printf("    n     keys       flat  product     all  KxK  few     all   KxK   few\n");
    for (int n = 32; n <= 1024; n *= 2) {
        Comparisons comparisons;
        if (!count_comparisons(&comparisons, n, K))
            return fail(error, "no memory for lists of %d scores", n);
        printf("%5d %8d %10d %8d %7d %4d %4d %7ld %5ld %5ld\n", n, n * n, n * n * Dk, 2 * n * Dk,
               n * n, K * K, product_candidates(K), comparisons.all, comparisons.square,
               comparisons.product);
    }
    return true;
}

// ---- the picture: the table as stored, and with both lists sorted

enum { SIDE = 16, CHOSEN = 8, CELL = 24, BAR = 40 };

typedef struct {
    double a[SIDE], b[SIDE];
    int rows[SIDE], columns[SIDE]; // which sub-key each row and column shows
    int index[CHOSEN];
} Table;

static void draw_bars(DrawList *list, const Table *table, float left, float top) {
    for (int i = 0; i < SIDE; i++) {
        float row = BAR * (float)table->a[table->rows[i]];
        float column = BAR * (float)table->b[table->columns[i]], start = (float)(i * CELL + 2);
        draw_rect(list, (Rect){ left - 4 - row, top + start, row, CELL - 5 }, color_class(1));
        draw_rect(list, (Rect){ left + start, top - 4 - column, CELL - 5, column }, color_class(2));
    }
}

// The border of the candidates in the sorted table: the cells with rank_a · rank_b <= K.
static void draw_staircase(DrawList *list, float left, float top) {
    for (int rank = 1; rank <= CHOSEN; rank++) {
        float x = left + (float)(CHOSEN / rank * CELL), y = top + (float)(rank * CELL);
        float next = left + (float)(rank < CHOSEN ? CHOSEN / (rank + 1) * CELL : 0);
        draw_line(list, x, y - CELL, x, y, 3, COLOR_TEXT);
        draw_line(list, x, y, next, y, 3, COLOR_TEXT);
    }
}

static void draw_table(DrawList *list, const Table *table, float left, float top, bool sorted) {
    for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
            int i = table->rows[row], j = table->columns[column];
            Rect cell = { left + (float)(column * CELL), top + (float)(row * CELL), CELL - 1,
                          CELL - 1 };
            Color heat = color_heat((table->a[i] + table->b[j]) / 2);
            bool computed = !sorted || (row + 1) * (column + 1) <= CHOSEN;
            draw_rect(list, cell, computed ? heat : color_blend(heat, COLOR_PANEL, 0.75));
            if (is_chosen(table->index, CHOSEN, i * SIDE + j)) draw_frame(list, cell, 4, 0xffffff);
        }
    }
    draw_bars(list, table, left, top);
    if (sorted) draw_staircase(list, left, top);
}

static bool draw(const char *path, Error *error) {
    Table table;
    double score[CHOSEN];
    int scratch[2 * CHOSEN];
    uniform(table.a, SIDE, "rows");
    uniform(table.b, SIDE, "columns");
    product_top_k(score, table.index, table.a, table.b, SIDE, CHOSEN, scratch);
    DrawList list = draw_new(960, 550, font_find());
    draw_round_rect(&list, (Rect){ 8, 8, 944, 534 }, 6, COLOR_PANEL);
    const float top = 110, left = 70, second = 540;
    for (int i = 0; i < SIDE; i++) table.rows[i] = table.columns[i] = i;
    draw_text(&list, left, 20, TEXT_LARGE, COLOR_TEXT, "256 keys: every sum a + b");
    draw_table(&list, &table, left, top, false);
    top_k(table.rows, table.a, SIDE, SIDE);
    top_k(table.columns, table.b, SIDE, SIDE);
    draw_text(&list, second, 20, TEXT_LARGE, COLOR_TEXT, "both edges sorted: 20 sums are enough");
    draw_table(&list, &table, second, top, true);
    draw_text(&list, left, 508, TEXT_SMALL, COLOR_DIM,
              "bars: a (left), b (top) · white frames: the 8 best");
    draw_text(&list, second, 508, TEXT_SMALL, COLOR_DIM, "inside the stairs: rank × rank <= 8");
    bool ok = paint_png(&list, path, error);
    draw_free(&list);
    return ok;
}

static bool show_search(const char *picture, Error *error) {
    print_search();
    return print_counts(error) && (picture == NULL || draw(picture, error));
}

static const DemoPart parts[] = {
    { "search", "one search, and the cost of searches", WITH_PICTURE, show_search },
};

int main(int count, char **arguments) {
    return demo_main("chapter-04", parts, COUNT_OF(parts), count, arguments);
}
