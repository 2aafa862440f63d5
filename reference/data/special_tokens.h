#ifndef REFERENCE_DATA_SPECIAL_TOKENS_H
#define REFERENCE_DATA_SPECIAL_TOKENS_H

// The ids that every vocabulary begins with: padding, which is never scored, and the end of a
// story.
enum { TOKEN_PAD = 0, TOKEN_END = 1, TOKENIZER_SPECIALS = 2 };
#endif
