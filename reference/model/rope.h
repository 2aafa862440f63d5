#ifndef REFERENCE_MODEL_ROPE_H
#define REFERENCE_MODEL_ROPE_H

// Rotary position embeddings (Su 2021): x [Dh], whose halves are the coordinates of Dh/2 planes, is
// rotated at position t by angle(t,j) = t / 10000^(2j/Dh) in plane j.

// row [Dh]: of position t Dh/2 cosines, then Dh/2 sines.
void rope_row(float *row, int t, int Dh);
// Rotates x in place by a position's row, and back.
void rope_apply(float *x, const float *row, int Dh);
void rope_undo(float *x, const float *row, int Dh);
#endif
