#ifndef CHAPTERS_07_LANGUAGE_MODEL_ROPE_H
#define CHAPTERS_07_LANGUAGE_MODEL_ROPE_H

// Rotary positions (Su et al. 2021, arXiv 2104.09864), the variant with halves: x [Dh] is Dh/2
// points in the plane, (x[j], x[Dh/2 + j]), and point j is rotated by position / 10000^(2j/Dh)
// radians. Dh is even. In place.
void rope(double *x, int position, int Dh);

// Backward: rotates a gradient by the same angles in the opposite direction. In place.
void rope_backward(double *dx, int position, int Dh);
#endif
