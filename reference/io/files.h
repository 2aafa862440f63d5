#ifndef REFERENCE_IO_FILES_H
#define REFERENCE_IO_FILES_H
#include "reference/io/error.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A whole file, mapped for reading. bytes is NULL for an empty file. Paired with file_unmap.
typedef struct {
    const unsigned char *bytes;
    size_t size;
} MappedFile;

bool file_map(MappedFile *out, const char *path, Error *error);
void file_unmap(MappedFile *file);
// Takes the pages read so far out of this process's memory; they come back when touched. A pass
// over a large file calls it now and then, so that it needs little memory.
void file_release(const MappedFile *file);

// A file that appears whole or not at all: written beside its final name, synced, then renamed over
// it.
// The temporary is .NAME.partial-PID in the same folder; what a dead process left is removed by the
// next output_open of that name. output_commit and output_discard both end it; after a failed
// output_commit the old file still stands (only when syncing the folder failed, as the message then
// says, the new one does).
// A write error on `stream` (a full disk) is found by output_commit at the latest.
typedef struct {
    FILE *stream;
    char *path, *temporary;
} OutputFile;

bool output_open(OutputFile *out, const char *path, Error *error);
bool output_commit(OutputFile *out, Error *error);
void output_discard(OutputFile *out);

// A folder that appears whole or not at all: fill `temporary`, then commit. A folder of that name
// must not exist (the message says so, and that nothing was touched).
typedef struct {
    char *path, *temporary;
} OutputFolder;

bool output_folder_open(OutputFolder *out, const char *path, Error *error);
// syncs every file in it, renames, syncs the parent
bool output_folder_commit(OutputFolder *out, Error *error);
void output_folder_discard(OutputFolder *out);

bool path_exists(const char *path);
bool path_is_folder(const char *path);
// A folder with nothing in it but hidden files, such as a lock or what a crash left of an output.
bool folder_is_bare(const char *path);
// folder and any missing parents; an existing folder is fine.
bool folder_make(const char *path, Error *error);
// Removes a folder and the plain files in it (one level; ours hold no folders).
bool folder_remove(const char *path, Error *error);
// Takes a folder for this process: a descriptor to close when done, or -1 where another has it. By
// a file `.lock` in it, because a lock of fcntl's is lost when the process closes any descriptor of
// the file; it ends with the process.
int folder_lock(const char *folder, Error *error);
// folder/name in memory of the caller's to free; NULL when there is none.
char *path_join(const char *folder, const char *name);
// Bytes a user may still write where path (or its nearest existing parent) lies; UINT64_MAX when
// unknown.
uint64_t disk_free(const char *path);
#endif
