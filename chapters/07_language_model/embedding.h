#ifndef CHAPTERS_07_LANGUAGE_MODEL_EMBEDDING_H
#define CHAPTERS_07_LANGUAGE_MODEL_EMBEDDING_H

// One table, embedding [V,D], used at both ends (tied embedding, Press and Wolf 2017, arXiv
// 1608.05859): a token's row is the input, and the output is compared with every row. Tokens are 0
// .. V-1.

// h [D] = the token's row.
void embed(double *h, const double *embedding, int token, int D);
// Adds to the token's row of dembedding [V,D].
void embed_backward(double *dembedding, const double *dh, int token, int D);

// logits [V] = embedding · x, x [D]: the longer a token's row and the better it is aligned with x,
// the likelier the token.
void unembed(double *logits, const double *x, const double *embedding, int V, int D);
// dx [D] is written, dembedding [V,D] added to.
void unembed_backward(double *dx, double *dembedding, const double *dlogits, const double *x,
                      const double *embedding, int V, int D);
#endif
