#define _DEFAULT_SOURCE // madvise, flock
#include "reference/io/files.h"
#include "reference/io/kill_point.h"
#include "reference/io/mapped_ranges.h"
#include "reference/io/progress.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void files_open_standard(void) {
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", mode) != descriptor) _exit(1); // open takes the lowest free number
    }
}

bool file_map(MappedFile *out, const char *path, Error *error) {
    *out = (MappedFile){ 0 };
    // O_NONBLOCK: opening a pipe that has no writer must not hang
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return fail(error, "%s: cannot be opened for reading: %s", path, strerror(errno));
    bool ok = false;
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        fail(error, "%s: cannot be examined: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        fail(error, "%s: is %s, expected a plain file", path,
             S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe");
    } else if ((uintmax_t)status.st_size > SIZE_MAX) {
        fail(error, "%s: %jd bytes are more than this machine can address", path,
             (intmax_t)status.st_size);
    } else if (status.st_size == 0) {
        ok = true;
    } else {
        void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        ok = bytes != MAP_FAILED;
        if (ok) {
            *out = (MappedFile){ .bytes = bytes, .size = (size_t)status.st_size };
            mapped_ranges_add(bytes, out->size, path);
        }
        if (!ok) fail(error, "%s: cannot be mapped into memory: %s", path, strerror(errno));
    }
    close(descriptor);
    return ok;
}

void file_unmap(MappedFile *file) {
    if (file->bytes != NULL) {
        mapped_ranges_remove(file->bytes);
        munmap((void *)file->bytes, file->size);
    }
    *file = (MappedFile){ 0 };
}

void file_release(const MappedFile *file) {
#ifdef MADV_DONTNEED // glibc's POSIX_MADV_DONTNEED does nothing
    if (file->bytes != NULL) madvise((void *)file->bytes, file->size, MADV_DONTNEED);
#else
    (void)file;
#endif
}

bool file_reads_whole(const char *path) {
    char buffer[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    while (fread(buffer, 1, sizeof buffer, file) == sizeof buffer) {}
    bool ok = !ferror(file);
    fclose(file);
    return ok;
}

FILE *file_unnamed(Error *error) {
    const char *set = getenv("TMPDIR"), *folder = set != NULL && *set != '\0' ? set : "/tmp";
    char *path = path_join(folder, "sgatlin-XXXXXX");
    int descriptor = path != NULL ? mkstemp(path) : -1;
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w+b") : NULL;
    if (file == NULL)
        fail(error, "%s: cannot create a temporary file there: %s", folder, strerror(errno));
    if (descriptor >= 0) unlink(path);
    if (descriptor >= 0 && file == NULL) close(descriptor);
    free(path);
    return file;
}

bool path_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0; // a dangling link exists too
}

bool path_is_new(const char *path, Error *error) {
    return path == NULL || !path_exists(path) ||
           fail(error, "%s: already exists and was not changed; name another file", path);
}

bool path_is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *path_join(const char *folder, const char *name) {
    size_t length = strlen(folder);
    bool slash = length > 0 && folder[length - 1] != '/';
    size_t size = length + slash + strlen(name) + 1;
    char *path = malloc(size);
    if (path != NULL) snprintf(path, size, "%s%s%s", folder, slash ? "/" : "", name);
    return path;
}

// path without trailing slashes, except for "/".
static char *path_trimmed(const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) return NULL;
    for (size_t n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--) copy[n - 1] = '\0';
    return copy;
}

// The last part of a trimmed path.
static const char *path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

// The parent folder of a trimmed path: "." for a bare name.
static char *path_parent(const char *path) {
    const char *name = path_name(path);
    if (name == path) return strdup(".");
    size_t length = (size_t)(name - path);
    if (length > 1) length--; // without the slash, except for "/"
    return strndup(path, length);
}

uint64_t disk_free(const char *path) {
    char *at = path_trimmed(path);
    struct statvfs status;
    while (at != NULL && statvfs(at, &status) != 0) {
        bool last = strcmp(at, ".") == 0 || strcmp(at, "/") == 0;
        char *parent = last ? NULL : path_parent(at);
        free(at);
        at = parent;
    }
    if (at == NULL) return UINT64_MAX;
    free(at);
    return (uint64_t)status.f_bavail * status.f_frsize;
}

bool disk_check(const char *path, uint64_t bytes, Error *error) {
    uint64_t available = disk_free(path);
    if (available >= bytes) return true;
    return fail(error,
                "%s: %s of disk space needed, %s free; free some space or name another folder",
                path, short_bytes(bytes).text, short_bytes(available).text);
}

const char *write_advice(int code) {
    if (code == EFBIG)
        return "; the size limit of files was reached: raise it (ulimit -f) and run it again";
    bool full = code == ENOSPC || code == EDQUOT || code == 0;
    return full ? "; free some space and run it again" : "";
}

// The message of a failed write. code may be 0: stdio records that an earlier write failed, not
// why.
static bool fail_writing(Error *error, const char *path, int code) {
    uint64_t left = disk_free(path);
    const char *reason = code != 0 ? strerror(code) : "an earlier write failed";
    if (left == UINT64_MAX)
        return fail(error, "%s: cannot be written: %s; nothing was changed%s", path, reason,
                    write_advice(code));
    return fail(error,
                "%s: cannot be written: %s (%llu bytes are free there); nothing was changed%s",
                path, reason, (unsigned long long)left, write_advice(code));
}

bool folder_make(const char *path, Error *error) {
    char *at = path_trimmed(path);
    if (at == NULL) return fail(error, "%s: out of memory", path);
    bool ok = true;
    for (char *slash = at; ok && slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL) *slash = '\0';
        if (mkdir(at, 0777) != 0 && !path_is_folder(at)) {
            ok = fail(error, "%s: cannot create the folder %s: %s", path, at, strerror(errno));
        }
        if (slash != NULL) *slash = '/';
    }
    free(at);
    return ok;
}

// Flushes a file or folder to disk. Some file systems cannot sync a folder and return EINVAL, which
// is fine.
static bool sync_path(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    bool ok = fsync(descriptor) == 0 || errno == EINVAL;
    int code = errno;
    close(descriptor);
    errno = code;
    return ok;
}

static bool sync_parent(const char *path) {
    char *parent = path_parent(path);
    bool ok = parent != NULL && sync_path(parent);
    free(parent);
    return ok;
}

static bool fail_syncing(Error *error, const char *path, int code) {
    return fail(error,
                "%s: written, but the folder could not be synced (%s); it may not survive a power "
                "failure",
                path, strerror(code));
}

// Calls `each` on every entry of a folder except . and ..; stops at the first that fails, with
// errno set.
static bool folder_walk(const char *path, bool (*each)(const char *path, void *context),
                        void *context) {
    DIR *folder = opendir(path);
    if (folder == NULL) return false;
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *inside = path_join(path, entry->d_name);
        ok = inside != NULL && each(inside, context);
        free(inside);
    }
    int code = errno;
    closedir(folder);
    errno = code;
    return ok;
}

static bool is_hidden(const char *path, void *context) {
    (void)context;
    return *path_name(path) == '.';
}

bool folder_is_empty(const char *path) {
    return path_is_folder(path) && folder_walk(path, is_hidden, NULL);
}

int folder_lock(const char *folder, Error *error) {
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    kill_point("lock", folder);
    char *path = path_join(folder, ".lock");
    int descriptor = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    free(path);
    if (descriptor < 0) {
        fail(error, "%s: cannot be written: %s", folder, strerror(errno));
    } else if (fcntl(descriptor, F_SETLK, &lock) != 0 && (errno == EACCES || errno == EAGAIN)) {
        fail(error, "%s: in use by another process; wait for it to finish, or stop it", folder);
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

bool folder_is_locked(const char *folder) {
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char *path = path_join(folder, ".lock");
    int descriptor = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool there = path == NULL || descriptor >= 0 || errno != ENOENT;
    free(path);
    bool known = descriptor >= 0 && fcntl(descriptor, F_GETLK, &lock) == 0;
    if (descriptor >= 0) close(descriptor);
    return there && (!known || lock.l_type != F_UNLCK);
}

static bool unlink_entry(const char *path, void *context) {
    (void)context;
    if (unlink(path) != 0) return false;
    kill_point("removed", path);
    return true;
}

bool folder_remove(const char *path, Error *error) {
    struct stat status;
    if (lstat(path, &status) != 0)
        return fail(error, "%s: cannot be removed: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return fail(error, "%s: is not a folder and was not removed", path);
    kill_point("remove", path);
    if (!folder_walk(path, unlink_entry, NULL) || rmdir(path) != 0) {
        return fail(error, "%s: cannot be removed completely: %s", path, strerror(errno));
    }
    return true;
}

// ---- temporaries

static const char TEMPORARY[] = ".partial";

// parent/.NAME.partial: hidden, on the same file system, and never mistaken for a finished file.
static char *temporary_path(const char *path) {
    char *parent = path_parent(path);
    size_t size = strlen(path_name(path)) + sizeof TEMPORARY + 1;
    char *name = malloc(size);
    char *temporary = NULL;
    if (parent != NULL && name != NULL) {
        snprintf(name, size, ".%s%s", path_name(path), TEMPORARY);
        temporary = path_join(parent, name);
    }
    free(parent);
    free(name);
    return temporary;
}

static bool is_temporary(const char *name) {
    size_t length = strlen(name), end = sizeof TEMPORARY - 1;
    return name[0] == '.' && length > end && strcmp(name + length - end, TEMPORARY) == 0;
}

// Whether the descriptor is that of what has this path now.
static bool is_at(int descriptor, const char *path) {
    struct stat opened, named;
    return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// Removes a temporary, unless a process has it locked. (Process numbers would not do: containers
// that share a folder have the same ones.)
static void remove_unlocked(const char *path) {
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int descriptor = open(path, O_RDWR | flags);
    if (descriptor < 0 && errno == EISDIR) descriptor = open(path, O_RDONLY | flags);
    if (descriptor < 0) return;
    // it may have been renamed to its final name since
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_at(descriptor, path) && unlink(path) != 0)
        folder_remove(path, NULL);
    close(descriptor);
}

static bool remove_leftover(const char *path, void *context) {
    (void)context;
    if (is_temporary(path_name(path))) remove_unlocked(path);
    return true;
}

void folder_clear(const char *path) { folder_walk(path, remove_leftover, NULL); }

static int create_folder(const char *path) {
    if (mkdir(path, 0777) != 0) return -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) rmdir(path);
    return descriptor;
}

// Creates a temporary file or folder and locks it; -1, with errno set: it cannot be created, or
// (EEXIST) another process has it. Some file systems have no locks: then it is not locked, and what
// a killed process leaves is not removed either.
static int create_temporary(const char *path, bool folder) {
    for (;;) {
        remove_unlocked(path);
        int descriptor =
            folder ? create_folder(path) : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0) return -1;
        bool locked = flock(descriptor, LOCK_EX) == 0;
        if (locked ? is_at(descriptor, path) : errno != EINTR) return descriptor;
        close(descriptor); // another process has removed it before it was locked
    }
}

// ---- outputs

static bool fail_creating(const char *path, const char *temporary, Error *error) {
    if (errno != EEXIST) return fail_writing(error, path, errno);
    return fail(error,
                "%s: another process is writing it; wait for it to finish, or stop it (where there "
                "is none, remove %s)",
                path, temporary);
}

// Fills in path and temporary of an output.
static bool output_paths(char **path, char **temporary, const char *requested, Error *error) {
    *path = path_trimmed(requested);
    *temporary = *path == NULL ? NULL : temporary_path(*path);
    char *parent = *path == NULL ? NULL : path_parent(*path);
    bool ok = false;
    if (*temporary == NULL || parent == NULL) {
        fail(error, "%s: out of memory", requested);
    } else if (**path == '\0') {
        fail(error, "the name of an output file is empty");
    } else if (!path_is_folder(parent)) {
        fail(error, "%s: cannot be written: the folder %s does not exist; create it first",
             requested, parent);
    } else {
        ok = true;
    }
    free(parent);
    if (!ok) {
        free(*path);
        free(*temporary);
        *path = *temporary = NULL;
    }
    return ok;
}

// Frees the names of an output whose temporary could not be created.
static bool output_refuse(char **path, char **temporary, Error *error) {
    fail_creating(*path, *temporary, error);
    free(*path);
    free(*temporary);
    *path = *temporary = NULL;
    return false;
}

bool output_open(OutputFile *out, const char *path, Error *error) {
    *out = (OutputFile){ 0 };
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return fail(error, "%s: is %s and was not replaced; name a plain file", path,
                    S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe");
    }
    if (!output_paths(&out->path, &out->temporary, path, error)) return false;
    int descriptor = create_temporary(out->temporary, false);
    if (descriptor < 0) return output_refuse(&out->path, &out->temporary, error);
    out->stream = fdopen(descriptor, "w+b");
    if (out->stream != NULL) return true;
    fail_writing(error, path, errno);
    close(descriptor);
    output_discard(out);
    return false;
}

// Why an earlier write of a stream failed, which stdio does not record: one more byte fails for the
// same reason. 0: it does not.
static int earlier_failure(FILE *stream) {
    clearerr(stream);
    errno = 0;
    return fputc('\0', stream) == EOF || fflush(stream) != 0 ? errno : 0;
}

// The lock ends when the stream is closed, so the file is renamed before.
bool output_commit(OutputFile *out, Error *error) {
    kill_point("write", out->path);
    bool failed_before = ferror(out->stream) != 0;
    bool ok = !failed_before && fflush(out->stream) == 0 && fsync(fileno(out->stream)) == 0;
    int code = failed_before ? earlier_failure(out->stream) : errno;
    if (ok) kill_point("rename", out->path);
    if (ok && rename(out->temporary, out->path) != 0) {
        code = errno;
        ok = false;
    }
    if (!ok) {
        fail_writing(error, out->path, code);
        output_discard(out);
        return false;
    }
    kill_point("renamed", out->path);
    fclose(out->stream); // it was synced
    ok = sync_parent(out->path) || fail_syncing(error, out->path, errno);
    free(out->path);
    free(out->temporary);
    *out = (OutputFile){ 0 };
    return ok;
}

void output_discard(OutputFile *out) {
    if (out->temporary != NULL) unlink(out->temporary);
    if (out->stream != NULL) fclose(out->stream);
    free(out->path);
    free(out->temporary);
    *out = (OutputFile){ 0 };
}

static bool refuse_existing(const char *path, Error *error) {
    return fail(error,
                "%s: already exists; nothing in it was changed. Name another folder, or remove it "
                "first",
                path);
}

bool output_folder_open(OutputFolder *out, const char *path, Error *error) {
    *out = (OutputFolder){ .lock = -1 };
    if (path_exists(path)) return refuse_existing(path, error);
    if (!output_paths(&out->path, &out->temporary, path, error)) return false;
    out->lock = create_temporary(out->temporary, true);
    return out->lock >= 0 || output_refuse(&out->path, &out->temporary, error);
}

static bool sync_entry(const char *path, void *context) {
    (void)context;
    return sync_path(path);
}

// Renames the folder, and back when that cannot be synced: it is there for good, or not at all.
static bool rename_folder(OutputFolder *out, Error *error) {
    if (rename(out->temporary, out->path) != 0) return fail_writing(error, out->path, errno);
    kill_point("renamed", out->path);
    bool ok = sync_parent(out->path);
    int code = errno;
    if (!ok && rename(out->path, out->temporary) == 0) return fail_writing(error, out->path, code);
    free(out->temporary); // renamed: discard has nothing to remove
    out->temporary = NULL;
    return ok || fail_syncing(error, out->path, code);
}

bool output_folder_commit(OutputFolder *out, Error *error) {
    kill_point("rename", out->path);
    bool ok = false;
    if (path_exists(out->path)) {
        refuse_existing(out->path, error); // created by another process in the meantime
    } else if (!folder_walk(out->temporary, sync_entry, NULL) || !sync_path(out->temporary)) {
        fail_writing(error, out->path, errno);
    } else {
        ok = rename_folder(out, error);
    }
    output_folder_discard(out);
    return ok;
}

void output_folder_discard(OutputFolder *out) {
    if (out->temporary != NULL) folder_remove(out->temporary, NULL);
    if (out->lock >= 0) close(out->lock);
    free(out->path);
    free(out->temporary);
    *out = (OutputFolder){ .lock = -1 };
}
