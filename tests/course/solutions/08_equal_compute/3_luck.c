#include <math.h>
#include <stdbool.h>

enum { MOST = 20 };

// |mean of the losses whose bit is set in `hand` − mean of the others|, and whether n are set.
static bool dealt(double *apart, const double *all, unsigned hand, int n, int m) {
    double own = 0.0, others = 0.0;
    int cards = 0;
    for (int i = 0; i < n + m; i++) {
        bool mine = hand >> i & 1;
        *(mine ? &own : &others) += all[i];
        cards += mine;
    }
    *apart = fabs(own / n - others / m);
    return cards == n;
}

double share_of_luck(const double *a, int n, const double *b, int m) {
    double all[MOST], real, apart;
    for (int i = 0; i < n + m; i++) all[i] = i < n ? a[i] : b[i - n];
    dealt(&real, all, (1u << n) - 1, n, m);
    int as_far = 0, deals = 0;
    for (unsigned hand = 0; hand < 1u << (n + m); hand++) {
        if (!dealt(&apart, all, hand, n, m)) continue;
        as_far += apart >= real - 1e-12;
        deals++;
    }
    return (double)as_far / deals;
}
