#ifndef REFERENCE_MODEL_ROPE_H
#define REFERENCE_MODEL_ROPE_H

// Rotary position embeddings (Su 2021): x [Dh], whose halves are the coordinates of Dh/2 planes, is
// rotated at position t by angle(t,j) = t / 10000^(2j/Dh) in plane j.

// table [T,Dh]: of each position Dh/2 cosines, then Dh/2 sines.
void rope_table(float *table, int T, int Dh);
// Rotates x in place by one row of the table, and back.
void rope_apply(float *x, const float *table_row, int Dh);
void rope_undo(float *x, const float *table_row, int Dh);
#endif
