// Sequences of different lengths are padded to one: rows that are no tokens of a text.
#pragma once
#include "gpu/launch.h"

// The token that is read there; reference/data/special_tokens.h, TOKEN_PAD
constexpr int PADDING_TOKEN = 0;

// tokens (N) may be null: there is no padding.
static __device__ __forceinline__ bool is_padding(const int *tokens, int t) {
    return tokens && tokens[t] == PADDING_TOKEN;
}
