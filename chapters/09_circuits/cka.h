#ifndef CHAPTERS_09_CIRCUITS_CKA_H
#define CHAPTERS_09_CIRCUITS_CKA_H

// Linear CKA (Kornblith 2019): do two descriptions of the same N points agree about which points
// are alike? Each is reduced to its Gram matrix [N,N], the dot product of every pair of points; CKA
// is the cosine of the two centered matrices.

void gram_dense(double *gram, const double *x, int N, int D); // of x [N,D]
// Of N gatings of F neurons, scores and indices [N,K]. dense [F]: scratch.
void gram_sparse(double *gram, double *dense, const double *scores, const int *indices, int N,
                 int K, int F);

// 0 to 1; for descriptions that have nothing to do with each other it is above 0, the more so the
// more columns there are per point. a, b [N,N]; means [2,N]: scratch.
double linear_cka(double *means, const double *a, const double *b, int N);

// The same with the unbiased estimator of Song 2012, whose expected numerator is 0 for such
// descriptions; so it may be negative. N >= 4; 0 if a description does not tell the points apart.
double linear_cka_unbiased(double *sums, const double *a, const double *b, int N);
#endif
