#ifndef CHAPTER_08_BEST_SIZE_H
#define CHAPTER_08_BEST_SIZE_H

// The best size at one budget, from a few sizes that were trained (Hoffmann et al. 2022, approach
// 2): through the losses, drawn against the logarithm of the parameters, goes a parabola; its
// lowest point is the answer.
typedef enum {
    // the lowest size trained lies between others, and so does the parabola's lowest point
    BEST_SIZE_FOUND,
    // the smallest one trained came lowest, or the parabola points below it: train smaller ones
    BEST_SIZE_BELOW,
    BEST_SIZE_ABOVE,      // the same at the other end
    BEST_SIZE_NO_MINIMUM, // the losses are straight, or bend the other way
    BEST_SIZE_TOO_FEW     // fewer than three different sizes with a loss
} BestSizeVerdict;

// loss = a + b·u + c·u², u = ln parameters − middle. Other than BEST_SIZE_FOUND: parameters and loss
// are where the parabola has its lowest point, which is no answer (NAN with BEST_SIZE_NO_MINIMUM and
// BEST_SIZE_TOO_FEW).
typedef struct {
    double middle, a, b, c;
    double parameters, loss;
    // farthest that a loss lies from the parabola; 0 for three sizes, which it always meets
    double worst;
} Parabola;

// parameters, loss [count], in any order; a size may stand there more than once (seeds). Left out
// is what is no point of a curve: a loss that is not finite (training broke down), parameters that
// are not finite and above 0.
BestSizeVerdict best_size(Parabola *out, const double *parameters, const double *loss, int count);

double parabola_loss(const Parabola *valley, double parameters); // of the parabola
#endif
