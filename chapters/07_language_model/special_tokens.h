#ifndef CHAPTERS_07_LANGUAGE_MODEL_SPECIAL_TOKENS_H
#define CHAPTERS_07_LANGUAGE_MODEL_SPECIAL_TOKENS_H

// TOKEN_PAD fills up short rows: it is not scored and never sampled. TOKEN_END separates stories
// and is the input before the first token.
enum { TOKEN_PAD, TOKEN_END };
#endif
