#include "reference/circuits/layout_measures.h"
#include "reference/numbers/minmax.h"
#include <math.h>
#include <stdlib.h>

static double plane_distance(const float *xy, int i, int j) {
    double x = (double)xy[2 * (size_t)i] - (double)xy[2 * (size_t)j];
    double y = (double)xy[2 * (size_t)i + 1] - (double)xy[2 * (size_t)j + 1];
    return sqrt(x * x + y * y);
}

// ---- trustworthiness

// near [count]: the nearest points of i in the layout, by insertion.
static void nearest_points(int32_t *near, double *distance, const float *xy, int N, int i,
                           int count) {
    int found = 0;
    for (int j = 0; j < N; j++) {
        if (j == i) continue;
        double d = plane_distance(xy, i, j);
        if (found == count && !(d < distance[count - 1])) continue;
        int place = found < count ? found++ : count - 1;
        for (; place > 0 && d < distance[place - 1]; place--) {
            distance[place] = distance[place - 1];
            near[place] = near[place - 1];
        }
        distance[place] = d;
        near[place] = j;
    }
}

// The rank of circuit j among those nearest to i, from 1: equal distances by position.
static int rank_of(const double *distance, int N, int i, int j) {
    int rank = 1;
    for (int n = 0; n < N; n++)
        rank += n != i && (distance[n] < distance[j] || (distance[n] == distance[j] && n < j));
    return rank;
}

// By how many ranks in all the `count` nearest points of i are too far away as circuits.
static double too_far(const float *xy, const double *distance, int N, int i, int count) {
    int32_t near[TRUST_NEIGHBOURS];
    double place[TRUST_NEIGHBOURS], sum = 0;
    nearest_points(near, place, xy, N, i, count);
    for (int n = 0; n < count; n++) sum += max_int(0, rank_of(distance, N, i, near[n]) - count);
    return sum;
}

bool layout_trustworthiness(double *out, const float *xy, const NeighbourIndex *index,
                            const Circuits *circuits, Error *error) {
    int N = circuits->N, count = min_int(TRUST_NEIGHBOURS, (N - 1) / 2);
    *out = NAN;
    if (N < 4) return true;
    double *sums = malloc((size_t)N * sizeof *sums);
    int failures = 0;
#pragma omp parallel for schedule(dynamic, 16) reduction(+ : failures)
    for (int i = 0; i < N; i++) {
        double *distance = malloc((size_t)N * sizeof *distance);
        Circuits query = circuit_view(circuits, i);
        bool ready =
            sums != NULL && distance != NULL && neighbour_distances(distance, index, &query, NULL);
        if (ready) sums[i] = too_far(xy, distance, N, i, count);
        failures += !ready;
        free(distance);
    }
    bool ok = failures == 0;
    double sum = 0;
    for (int i = 0; ok && i < N; i++) sum += sums[i];
    free(sums);
    if (!ok) return fail(error, "out of memory for the ranks of %d circuits", N);
    *out = 1 - 2 * sum / ((double)N * count * (2.0 * N - 3 * count - 1));
    return true;
}

// ---- silhouette

// size [labels]; returns how many labels have points.
static int count_labels(int *size, const int32_t *label, int N) {
    int used = 0;
    for (int i = 0; i < N; i++) {
        if (label[i] >= 0) used += size[label[i]]++ == 0;
    }
    return used;
}

// Of point i with the distances [N] to all. sum [labels] is scratch.
static double silhouette_of(double *sum, const int *size, const double *distance,
                            const int32_t *label, int N, int labels, int i) {
    if (size[label[i]] < 2) return 0;
    for (int l = 0; l < labels; l++) sum[l] = 0;
    for (int j = 0; j < N; j++) {
        if (label[j] >= 0 && j != i) sum[label[j]] += distance[j];
    }
    double own = sum[label[i]] / (size[label[i]] - 1), other = INFINITY;
    for (int l = 0; l < labels; l++) {
        if (l != label[i] && size[l] > 0) other = fmin(other, sum[l] / size[l]);
    }
    double larger = fmax(own, other);
    return larger > 0 ? (other - own) / larger : 0;
}

// What is compared: points of a layout, or else circuits.
typedef struct {
    int N;
    const float *xy;
    const NeighbourIndex *index;
    const Circuits *circuits;
} Points;

static bool distances_from(double *distance, const Points *points, int i) {
    if (points->xy == NULL) {
        Circuits query = circuit_view(points->circuits, i);
        return neighbour_distances(distance, points->index, &query, NULL);
    }
    for (int j = 0; j < points->N; j++) distance[j] = plane_distance(points->xy, i, j);
    return true;
}

static bool mean_silhouette(double *out, const Points *points, const int32_t *label, int labels,
                            Error *error) {
    int N = points->N;
    int *size = calloc((size_t)labels + 1, sizeof *size);
    double *each = calloc((size_t)N + 1, sizeof *each), sum = 0;
    bool ok = size != NULL && each != NULL;
    int used = ok ? count_labels(size, label, N) : 0, count = 0, failures = 0;
#pragma omp parallel reduction(+ : failures)
    {
        double *scratch = malloc(((size_t)labels + (size_t)N + 1) * sizeof *scratch);
        bool ready = ok && scratch != NULL;
#pragma omp for schedule(dynamic, 16)
        for (int i = 0; i < N; i++) {
            if (used < 2 || label[i] < 0) continue;
            ready = ready && distances_from(scratch + labels, points, i);
            if (ready)
                each[i] = silhouette_of(scratch, size, scratch + labels, label, N, labels, i);
        }
        failures += !ready;
        free(scratch);
    }
    ok = failures == 0;
    for (int i = 0; ok && i < N; i++) {
        sum += each[i];
        count += label[i] >= 0;
    }
    free(size);
    free(each);
    if (!ok) return fail(error, "out of memory for the silhouette of %d points", N);
    *out = used >= 2 ? sum / count : NAN;
    return true;
}

bool layout_silhouette(double *out, const float *xy, const int32_t *label, int N, int labels,
                       Error *error) {
    Points points = { .N = N, .xy = xy };
    return mean_silhouette(out, &points, label, labels, error);
}

bool circuit_silhouette(double *out, const NeighbourIndex *index, const Circuits *circuits,
                        const int32_t *label, int labels, Error *error) {
    Points points = { .N = circuits->N, .index = index, .circuits = circuits };
    return mean_silhouette(out, &points, label, labels, error);
}

double neighbour_purity(const Neighbour *nearest, const int32_t *label, int N, int count) {
    int64_t same = 0, all = 0;
    for (int i = 0; i < N; i++) {
        for (int n = 0; n < count && label[i] >= 0; n++) {
            int other = nearest[(size_t)i * (size_t)count + (size_t)n].circuit;
            if (other == NO_CIRCUIT || label[other] < 0) continue;
            same += label[other] == label[i];
            all++;
        }
    }
    return all > 0 ? (double)same / (double)all : NAN;
}
