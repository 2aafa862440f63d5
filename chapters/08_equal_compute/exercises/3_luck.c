// Exercise 08-3. Is it luck?
//
// Two kinds of layers, a few runs each that differ in nothing but the seed; one kind's mean loss is
// lower. If the kind made no difference, the losses might as well have been dealt to the two kinds
// like cards. So deal them in all ways (with three and three there are 20) and count: the share of
// the deals in which the two means lie at least as far apart, in either direction, as they really
// did (Fisher 1935, the permutation test).
// Differences that only rounding tells apart count as equal: allow 1e-12 nats.

// a [n], b [m] losses; n, m >= 1 and n + m <= 20. The deal that was really dealt is one of them, so
// this is never 0.
double share_of_luck(const double *a, int n, const double *b, int m) {
    (void)a, (void)n, (void)b, (void)m;
    return 0.0; // yours to write
}
