#ifndef CHAPTER_07_EMBEDDING_H
#define CHAPTER_07_EMBEDDING_H

// One table, embedding [V,D], used at both ends: a token's row goes in, and what comes out is held
// against every row (tied embedding, Press and Wolf 2017, arXiv 1608.05859). Tokens are 0 .. V-1.

// h [D] = the token's row.
void embed(double *h, const double *embedding, int token, int D);
// The token's row of dembedding [V,D] is added to.
void embed_backward(double *dembedding, const double *dh, int token, int D);

// logits [V] = embedding · x: the longer and the better aligned a token's row, the likelier the
// token. x is [D].
void unembed(double *logits, const double *x, const double *embedding, int V, int D);
// dx [D] is written, dembedding [V,D] added to.
void unembed_backward(double *dx, double *dembedding, const double *dlogits, const double *x,
                      const double *embedding, int V, int D);
#endif
