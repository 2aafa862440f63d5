#include "reference/io/parse.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool parse_int(const char *text, int64_t *out) {
    // strtoll would skip spaces
    if (!isdigit((unsigned char)text[0]) && text[0] != '-') return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) return false;
    *out = value;
    return true;
}

bool parse_real(const char *text, double *out) {
    if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '.') return false;
    if (strpbrk(text, "xX") != NULL) return false; // strtod would take 0x1p3
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value)) return false;
    *out = value;
    return true;
}
