#include "reference/io/error.h"
#include <stdarg.h>
#include <stdio.h>

bool fail(Error *error, const char *format, ...) {
    if (error == NULL) return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *c = error->text; *c != '\0'; c++) {
        // control characters in a file name must not break the line or the terminal
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    }
    return false;
}
