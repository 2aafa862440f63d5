#ifndef REFERENCE_IO_MAPPED_RANGES_H
#define REFERENCE_IO_MAPPED_RANGES_H
#include <stddef.h>

// Reading a mapped file that another program has cut, or whose disk fails, raises SIGBUS. file_map
// and file_unmap (files.h) record here what is mapped, so that the file can be named. Several
// threads may call these at once.

// Where more files are mapped than there is space for, the others are not recorded.
void mapped_ranges_add(const void *bytes, size_t size, const char *path);
void mapped_ranges_remove(const void *bytes);

// For main: from now on such a SIGBUS ends the program with one line and exit status 1. Any other
// SIGBUS ends it as before.
void mapped_ranges_watch(void);
#endif
