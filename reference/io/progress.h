#ifndef REFERENCE_IO_PROGRESS_H
#define REFERENCE_IO_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Progress of a long loop. On a terminal it is one line that is rewritten in place; in a file or a
// pipe it is plain lines, at most one every `seconds`. NO_COLOR in the environment or a dumb
// terminal turns colours off.
typedef struct {
    FILE *stream;
    bool terminal, color;
    int width;      // columns of the terminal
    double seconds; // between plain lines
    double last;    // when the last line was written; below 0: never
    bool open;      // the terminal shows an unfinished line
} Progress;

// Writes to stderr, with 10 seconds between plain lines; change the fields for other settings.
Progress progress_new(void);
// Shows one line (without a newline). A terminal is updated at most ten times a second, and the
// line is cut to its width.
void progress_show(Progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Prints a permanent line (a step's validation loss) above the one that changes.
void progress_print(Progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_end(Progress *progress); // clears the line in place

double clock_seconds(void); // monotonic, from an arbitrary start

// Short forms for people, at most 3 digits and a unit: "999", "12.3 k", "4.5 M", "1.2 G".
typedef struct {
    char text[32];
} Short;
Short short_count(double count);
Short short_bytes(uint64_t bytes);            // "512 B", "1.5 KiB", "3.2 GiB"
Short short_duration(double seconds);         // "0:07", "1:23", "59:59", "2h05m", "3d04h"
Short short_share(double part, double whole); // "12%"; rounded down, so 99.9% is not 100%
#endif
