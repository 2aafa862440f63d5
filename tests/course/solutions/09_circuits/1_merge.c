#include <math.h>

static double squared_length(const double *x, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

double merged_cosine(const double *a_score, const int *a_index, int a_count, const double *b_score,
                     const int *b_index, int b_count) {
    double dot = 0.0;
    for (int a = 0, b = 0; a < a_count && b < b_count;) {
        if (a_index[a] < b_index[b])
            a++;
        else if (a_index[a] > b_index[b])
            b++;
        else
            dot += a_score[a++] * b_score[b++];
    }
    double lengths = squared_length(a_score, a_count) * squared_length(b_score, b_count);
    return lengths > 0.0 ? dot / sqrt(lengths) : 0.0;
}
