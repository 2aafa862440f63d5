#ifndef REFERENCE_DATA_SPECIAL_TOKENS_H
#define REFERENCE_DATA_SPECIAL_TOKENS_H

// The ids that every vocabulary begins with: what fills a row up and is not scored, and what ends a
// story.
enum { TOKEN_PAD = 0, TOKEN_END = 1, TOKENIZER_SPECIALS = 2 };
#endif
