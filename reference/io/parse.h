#ifndef REFERENCE_IO_PARSE_H
#define REFERENCE_IO_PARSE_H
#include <stdbool.h>
#include <stdint.h>

// Numbers from text. The number must be the whole text: no spaces, nothing after it, no overflow,
// no nan or inf, no hexadecimal digits.
bool parse_int(const char *text, int64_t *out);
bool parse_real(const char *text, double *out);
#endif
