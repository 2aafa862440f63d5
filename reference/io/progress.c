#define _DEFAULT_SOURCE // struct winsize
#include "reference/io/progress.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const double REDRAW = 0.1; // seconds between two updates of the line on a terminal

double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int terminal_width(FILE *stream) {
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

Progress progress_new(void) {
    Progress progress = { .stream = stderr, .seconds = 10, .last = -1 };
    const char *kind = getenv("TERM"), *plain = getenv("NO_COLOR");
    bool dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    progress.terminal = isatty(fileno(progress.stream)) == 1 && !dumb;
    progress.color = progress.terminal && (plain == NULL || *plain == '\0');
    progress.width = progress.terminal ? terminal_width(progress.stream) : 80;
    return progress;
}

// Cuts UTF-8 text to `width` characters, assuming one column for each.
static void cut_to_width(char *text, int width) {
    int columns = 0;
    for (char *c = text; *c != '\0'; c++) {
        bool first = ((unsigned char)*c & 0xc0) != 0x80;
        if (first && columns++ == width) {
            *c = '\0';
            return;
        }
    }
}

static void clear_line(Progress *progress) {
    if (progress->open) fputs("\r\033[K", progress->stream);
    progress->open = false;
}

void progress_show(Progress *progress, const char *format, ...) {
    double now = clock_seconds(), wait = progress->terminal ? REDRAW : progress->seconds;
    if (progress->last >= 0 && now - progress->last < wait) return;
    progress->last = now;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!progress->terminal) {
        fprintf(progress->stream, "%s\n", text);
    } else {
        // some terminals wrap when the last column is filled
        cut_to_width(text, progress->width - 1);
        clear_line(progress);
        fprintf(progress->stream, progress->color ? "\033[2m%s\033[0m" : "%s", text);
        progress->open = true;
    }
    fflush(progress->stream);
}

void progress_print(Progress *progress, const char *format, ...) {
    clear_line(progress);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(progress->stream, format, arguments);
    va_end(arguments);
    fputc('\n', progress->stream);
    fflush(progress->stream);
}

void progress_end(Progress *progress) {
    clear_line(progress);
    fflush(progress->stream);
}

// Three digits (four for bytes) and a prefix. 999.5 already takes the next prefix: it would print
// as 1000.
static Short with_prefix(double value, double base, const char *const *prefixes, int count) {
    Short out;
    int i = 0;
    for (; i + 1 < count && fabs(value) >= base - 0.5; i++) value /= base;
    int places = i > 0 && fabs(value) < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof out.text, "%.*f%s%s", places, value, *prefixes[i] ? " " : "",
             prefixes[i]);
    return out;
}

Short short_count(double count) {
    static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
    return with_prefix(count, 1000, prefixes, 7);
}

Short short_bytes(uint64_t bytes) {
    static const char *const prefixes[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    return with_prefix((double)bytes, 1024, prefixes, 7);
}

Short short_duration(double seconds) {
    Short out;
    if (!isfinite(seconds) || seconds < 0 || seconds > 1e9) {
        snprintf(out.text, sizeof out.text, "?");
        return out;
    }
    long whole = lround(seconds), minutes = whole / 60, hours = minutes / 60;
    if (hours == 0) {
        snprintf(out.text, sizeof out.text, "%ld:%02ld", minutes, whole % 60);
    } else if (hours < 48) {
        snprintf(out.text, sizeof out.text, "%ldh%02ldm", hours, minutes % 60);
    } else {
        snprintf(out.text, sizeof out.text, "%ldd%02ldh", hours / 24, hours % 24);
    }
    return out;
}

Short short_share(double part, double whole) {
    Short out;
    double percent = whole > 0 ? 100 * part / whole : 0;
    snprintf(out.text, sizeof out.text, "%.0f%%", part < whole ? floor(percent) : percent);
    return out;
}
