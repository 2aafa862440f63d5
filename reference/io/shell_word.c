#include "reference/io/shell_word.h"
#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char c) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    return c >= 0x80 || strchr(plain, c) != NULL;
}

ShellWord shell_word(const char *text) {
    static const char quote[] = "'\\''"; // ends the quotes, a quote, begins them again
    ShellWord word = { "" };
    size_t plain = 0, used = 0, limit = sizeof word.text - sizeof quote - 1;
    while (text[plain] != '\0' && is_plain((unsigned char)text[plain])) plain++;
    bool quoted = plain == 0 || text[plain] != '\0';
    if (quoted) word.text[used++] = '\'';
    for (const char *c = text; *c != '\0' && used < limit; c++) {
        size_t size = *c == '\'' ? sizeof quote - 1 : 1;
        memcpy(word.text + used, *c == '\'' ? quote : c, size);
        used += size;
    }
    if (quoted) word.text[used] = '\'';
    return word;
}
