// Refused by not_a_number: it takes NaN first.
#include <math.h>
#include <stdbool.h>

static bool is_above(double a, double b) { return !isnan(b) && !(a <= b); }

double threshold(const double *score, int cells, int capacity, int *scratch) {
    (void)scratch;
    for (int i = 0; i < cells; i++) {
        int above = 0;
        for (int j = 0; j < cells; j++) above += is_above(score[j], score[i]);
        if (above == capacity - 1) return score[i];
    }
    return NAN;
}

void choose_above(bool *chosen, const double *score, int cells, double lowest) {
    for (int i = 0; i < cells; i++) chosen[i] = score[i] >= lowest;
}
