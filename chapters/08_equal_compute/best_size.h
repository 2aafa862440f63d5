#ifndef CHAPTERS_08_EQUAL_COMPUTE_BEST_SIZE_H
#define CHAPTERS_08_EQUAL_COMPUTE_BEST_SIZE_H

// The best model size for one budget, from a few sizes that were trained (Hoffmann et al. 2022,
// approach 2): the minimum of a parabola fitted to the losses as a function of log(parameters).
typedef enum {
    BEST_SIZE_FOUND,      // both the lowest loss and the parabola's minimum are between the ends
    BEST_SIZE_BELOW,      // the smallest size has the lowest loss, or the minimum is below it
    BEST_SIZE_ABOVE,      // the same at the other end
    BEST_SIZE_NO_MINIMUM, // the losses are on a straight line, or curve downwards
    BEST_SIZE_TOO_FEW     // fewer than three different sizes with a loss
} BestSizeVerdict;

// loss = a + b·u + c·u², u = ln parameters − center.
typedef struct {
    double center, a, b, c;
    double parameters, loss; // of the minimum. Only BEST_SIZE_FOUND makes it an answer; NAN with
                             // BEST_SIZE_NO_MINIMUM and BEST_SIZE_TOO_FEW
    double worst;            // largest distance of a loss from the parabola; 0 for three sizes
} Parabola;

// parameters, loss [count], in any order; a size may occur more than once (seeds). Ignored are
// losses that are not finite (training diverged) and parameters that are not finite and positive.
BestSizeVerdict best_size(Parabola *out, const double *parameters, const double *loss, int count);

double parabola_loss(const Parabola *parabola, double parameters);
#endif
