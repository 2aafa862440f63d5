#ifndef REFERENCE_IO_FILES_H
#define REFERENCE_IO_FILES_H
#include "reference/io/error.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Call it first in main: where the program was started with stdin, stdout or stderr closed, the
// next file opened would get that number, and messages would end up in the file. Their place is
// taken by /dev/null, opened so that reading stdin or writing the others fails as before.
void files_open_standard(void);

// A whole file, memory-mapped for reading. bytes is NULL for an empty file. Free with file_unmap.
typedef struct {
    const unsigned char *bytes;
    size_t size;
} MappedFile;

bool file_map(MappedFile *out, const char *path, Error *error);
void file_unmap(MappedFile *file);
// Drops the pages read so far from this process's memory; they are read again when accessed. A pass
// over a large file calls it now and then to stay in little memory.
void file_release(const MappedFile *file);

// A file without a name in $TMPDIR or else /tmp, to write and read; fclose removes it. NULL: it
// cannot be created. (The tmpfile of the C library does not heed TMPDIR.)
FILE *file_unnamed(Error *error);

// A file written atomically: under a temporary name in the same folder, synced, then renamed.
// The temporary is .NAME.partial, locked (flock) while it is in use. One that nobody has locked was
// left by a killed process; folder_clear and the next output of the same name remove it. While
// another process writes the same file, output_open fails. End with output_commit or
// output_discard. When output_commit fails, the old file is unchanged, unless the message says that
// only syncing the folder failed: then the new file is in place.
// A write error on `stream` (a full disk) is reported by output_commit at the latest.
typedef struct {
    FILE *stream; // to write, and to read what was written
    char *path, *temporary;
} OutputFile;

bool output_open(OutputFile *out, const char *path, Error *error);
bool output_commit(OutputFile *out, Error *error);
void output_discard(OutputFile *out);

// A folder written atomically, in the same way: fill `temporary`, then commit. The folder must not
// exist yet (the message then says that nothing was touched).
typedef struct {
    char *path, *temporary;
    int lock; // a descriptor of the temporary
} OutputFolder;

bool output_folder_open(OutputFolder *out, const char *path, Error *error);
// syncs every file in it, renames, syncs the parent
bool output_folder_commit(OutputFolder *out, Error *error);
void output_folder_discard(OutputFolder *out);

// Whether a file can be read to its end now.
bool file_reads_whole(const char *path);

// What to do about a write that failed with this errno (0: unknown), to end a message with: "; free
// some space and run it again", "; the size limit …", or nothing.
const char *write_advice(int code);

bool path_exists(const char *path);
// Whether nothing is there yet that writing this file would replace; NULL, no file, is new.
bool path_is_new(const char *path, Error *error);
bool path_is_folder(const char *path);
// A folder that is empty but for hidden files, such as a lock or a leftover temporary.
bool folder_is_empty(const char *path);
// Makes the folder and any missing parents; an existing folder is fine.
bool folder_make(const char *path, Error *error);
// Removes a folder and the plain files in it (one level: our folders contain no folders).
bool folder_remove(const char *path, Error *error);
// Removes the temporaries that killed processes left in a folder.
void folder_clear(const char *path);
// Locks a folder for this process, through a file `.lock` in it. Returns a descriptor to close when
// done, or -1 when another process has the lock. The lock ends with the process. (A file of its
// own, because fcntl drops a lock when the process closes any descriptor of that file.)
int folder_lock(const char *folder, Error *error);
// Whether another process has that lock; true also where it cannot be found out. Not of a folder
// that this process has locked, whose lock it would end. Changes nothing in the folder.
bool folder_is_locked(const char *folder);
// folder/name; the caller frees it. NULL: out of memory.
char *path_join(const char *folder, const char *name);
// Bytes that a user can still write to the disk of path (or of its nearest existing parent);
// UINT64_MAX when unknown.
uint64_t disk_free(const char *path);
// Whether `bytes` more can be written there; the error says how many are free.
bool disk_check(const char *path, uint64_t bytes, Error *error);
#endif
