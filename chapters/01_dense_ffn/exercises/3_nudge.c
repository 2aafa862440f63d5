// Exercise 01-3. Measure a gradient instead of deriving it.
//
// loss(w, context) is a function of `count` weights w. Write its gradient into dw: for each weight
// alone, (loss with the weight raised by h - loss with it lowered by h) / 2h; then set the weight
// back to exactly what it was. This is how every backward pass of this course is tested.
//
// Check with: make exercise-01-3
typedef double Loss(const double *w, const void *context);

void nudge_gradient(double *dw, double *w, int count, double h, Loss *loss, const void *context) {
    (void)w, (void)h, (void)loss, (void)context;
    for (int i = 0; i < count; i++) dw[i] = 0.0;
}
