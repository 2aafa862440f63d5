#ifndef REFERENCE_IO_PROGRESS_H
#define REFERENCE_IO_PROGRESS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// How far a long loop is. On a terminal one line that is written over and over; elsewhere (a file,
// a pipe) plain lines, one every `seconds` at most. NO_COLOR in the environment (and a dumb
// terminal) means no colours.
typedef struct {
    FILE *stream;
    bool terminal, color;
    int width;      // columns of the terminal
    double seconds; // between plain lines
    double last;    // when the last line was written; below 0: never
    bool open;      // does an unfinished line stand on the terminal?
} Progress;

// For stderr, 10 seconds between plain lines; change the fields for others.
Progress progress_new(void);
// One line without its end. A terminal sees it at most ten times a second, cut to its width.
void progress_show(Progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// A line that stays (a step's validation loss), above the one that changes.
void progress_say(Progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_end(Progress *progress); // clears the unfinished line

double clock_seconds(void); // since some moment; never goes back

// "999", "12.3 k", "4.5 M", "1.2 G": at most 3 digits and a prefix.
typedef struct {
    char text[32];
} Short;
Short short_count(double count);
Short short_bytes(uint64_t bytes);            // "512 B", "1.5 KiB", "3.2 GiB"
Short short_duration(double seconds);         // "0:07", "1:23", "59:59", "2h05m", "3d04h"
Short short_share(double part, double whole); // "12%"; 99.9% is not 100%
#endif
