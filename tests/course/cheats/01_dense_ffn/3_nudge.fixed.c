// Refused by nudges_by_h: it nudges by 1e-5, whatever h is.
typedef double Loss(const double *w, const void *context);

void nudge_gradient(double *dw, double *w, int count, double h, Loss *loss, const void *context) {
    for (int i = 0; i < count; i++) {
        double old = w[i];
        h = 1e-5;
        w[i] = old + h;
        double more = loss(w, context);
        w[i] = old - h;
        double less = loss(w, context);
        w[i] = old;
        dw[i] = (more - less) / (2.0 * h);
    }
}
