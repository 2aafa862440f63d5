#define _XOPEN_SOURCE 700 // nftw
#include "tests/harness/scratch.h"
#include "reference/io/files.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static void need(int right, const char *what) {
    if (right) return;
    perror(what);
    exit(1);
}

Scratch scratch_new(const char *name) {
    Scratch scratch = { 0 };
    const char *set = getenv("TMPDIR"), *parent = set != NULL && *set != '\0' ? set : "build/tmp";
    need(folder_make(parent, NULL), parent);
    int size = snprintf(scratch.path, sizeof scratch.path, "%s/%s-XXXXXX", parent, name);
    need(size < (int)sizeof scratch.path, parent);
    need(mkdtemp(scratch.path) != NULL, scratch.path);
    return scratch;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *at) {
    (void)status, (void)flag, (void)at;
    return remove(path);
}

void scratch_remove(const Scratch *scratch) {
    need(nftw(scratch->path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0, scratch->path);
}

const char *scratch_path(Scratch *scratch, const char *name) {
    char *path = scratch->paths[scratch->next++ % 8];
    char *joined = path_join(scratch->path, name);
    need(joined != NULL, name);
    snprintf(path, sizeof scratch->paths[0], "%s", joined);
    free(joined);
    return path;
}
