#include "visualizer/snapshot.h"
#include "reference/io/files.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Snapshot {
    pthread_t thread;
    Picture picture;
    const char *folder;
    void (*wake)(void);
    char path[1024];
    bool ok; // and the next are the thread's until it is done
    Error error;
    atomic_bool done;
};

static bool save(Snapshot *snapshot) {
    const char *folder = snapshot->folder;
    int number = 0, length;
    do
        length = snprintf(snapshot->path, sizeof snapshot->path, "%s%ssgatlin-%04d.png",
                          folder != NULL ? folder : "", folder != NULL ? "/" : "", ++number);
    while (length < (int)sizeof snapshot->path && path_exists(snapshot->path));
    if (length >= (int)sizeof snapshot->path)
        return fail(&snapshot->error, "the folder's name is too long: %s", folder);
    return picture_write_png(&snapshot->picture, snapshot->path, &snapshot->error);
}

static void *run(void *context) {
    Snapshot *snapshot = context;
    snapshot->ok = save(snapshot);
    atomic_store(&snapshot->done, true);
    snapshot->wake();
    return NULL;
}

Snapshot *snapshot_start(const Picture *picture, const char *folder, void (*wake)(void),
                         Error *error) {
    Snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        fail(error, "out of memory for a picture");
        return NULL;
    }
    snapshot->folder = folder;
    snapshot->wake = wake;
    if (picture_new(&snapshot->picture, picture->width, picture->height, error)) {
        size_t bytes = 3 * (size_t)picture->width * (size_t)picture->height;
        memcpy(snapshot->picture.rgb, picture->rgb, bytes);
        int code = pthread_create(&snapshot->thread, NULL, run, snapshot);
        if (code == 0) return snapshot;
        fail(error, "a thread cannot be started: %s", strerror(code));
    }
    picture_free(&snapshot->picture);
    free(snapshot);
    return NULL;
}

bool snapshot_is_done(Snapshot *snapshot) { return atomic_load(&snapshot->done); }

bool snapshot_end(Snapshot *snapshot, char *said, size_t size) {
    if (snapshot == NULL) return true;
    pthread_join(snapshot->thread, NULL);
    bool ok = snapshot->ok;
    snprintf(said, size, "%s%s", ok ? "saved " : "", ok ? snapshot->path : snapshot->error.text);
    picture_free(&snapshot->picture);
    free(snapshot);
    return ok;
}
