// Exercise 08-3. Is it luck? The permutation test (Fisher 1935).
//
// Two kinds of layers have a few runs each, which differ only in their seeds; one kind's mean loss
// is lower. If the kind made no difference, the losses could be assigned to the two kinds in any
// way. So assign them in all ways (with three and three there are 20) and compute the p-value: the
// fraction of assignments in which the two means are at least as far apart, in either direction, as
// the real ones. Differences of up to 1e-12 nats are rounding and count as equal.
//
// Check with: make exercise-08-3

// a [n], b [m] losses; n, m >= 1 and n + m <= 20. The real assignment is one of them, so the
// p-value is never 0.
double p_value(const double *a, int n, const double *b, int m) {
    (void)a, (void)n, (void)b, (void)m;
    return 0.0; // yours to write
}
