#include "chapters/09_circuits/fuzzy_graph.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static double mean(const double *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

// How certain it is that a point at this distance is a neighbour.
static double membership(double distance, double rho, double sigma) {
    return distance <= rho || sigma == 0.0 ? 1.0 : exp(-(distance - rho) / sigma);
}

// [sigma
static double find_sigma(const double *distances, double rho, int k) {
    double low = 0.0, high = INFINITY, sigma = 1.0, target = log2(k);
    for (int step = 0; step < 64; step++) {
        double sum = 0.0;
        for (int j = 1; j < k; j++) sum += membership(distances[j], rho, sigma);
        if (fabs(sum - target) < 1e-5) break;
        if (sum > target)
            high = sigma;
        else
            low = sigma;
        sigma = isinf(high) ? 2.0 * sigma : (low + high) / 2.0;
    }
    return sigma;
}
// sigma]

void neighbour_scales(double *rho, double *sigma, const double *distances, int N, int k) {
    double mean_of_all = mean(distances, (size_t)N * k);
    for (int i = 0; i < N; i++, distances += k) {
        rho[i] = 0.0;
        for (int j = k - 1; j > 0; j--) {
            if (distances[j] > 0.0) rho[i] = distances[j]; // they are sorted
        }
        double lowest = 1e-3 * (rho[i] > 0.0 ? mean(distances, (size_t)k) : mean_of_all);
        sigma[i] = fmax(find_sigma(distances, rho[i], k), lowest);
    }
}

// [union
void fuzzy_graph(double *graph, const int *neighbours, const double *distances, const double *rho,
                 const double *sigma, int N, int k) {
    memset(graph, 0, (size_t)N * N * sizeof *graph);
    for (int i = 0; i < N; i++) {
        for (int j = 1; j < k; j++) {
            size_t entry = (size_t)i * k + j;
            graph[(size_t)i * N + neighbours[entry]] =
                membership(distances[entry], rho[i], sigma[i]);
        }
    }
    for (int i = 0; i < N; i++) {
        for (int j = i + 1; j < N; j++) {
            double *here = &graph[(size_t)i * N + j], *there = &graph[(size_t)j * N + i];
            *here = *there = *here + *there - *here * *there;
        }
    }
}
// union]

int graph_edges(Edge *edges, const double *graph, int N) {
    int count = 0;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double weight = graph[(size_t)i * N + j];
            if (weight <= 0.0) continue;
            if (edges != NULL) edges[count] = (Edge){ i, j, weight };
            count++;
        }
    }
    return count;
}
