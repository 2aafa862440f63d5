#include "chapters/09_circuits/fuzzy_graph.h"
#include <math.h>

void place_point(double *place, double *work, const double *distances, const int *index,
                 const double *y, int k) {
    double rho, sigma, sum = 0.0;
    work[0] = 0.0;
    for (int j = 0; j < k; j++) work[j + 1] = distances[j];
    neighbour_scales(&rho, &sigma, work, 1, k + 1);
    place[0] = place[1] = 0.0;
    for (int j = 0; j < k; j++) {
        double weight = exp(-fmax(distances[j] - rho, 0.0) / sigma);
        place[0] += weight * y[2 * index[j]];
        place[1] += weight * y[2 * index[j] + 1];
        sum += weight;
    }
    place[0] /= sum;
    place[1] /= sum;
}
