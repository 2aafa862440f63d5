#include "visualizer/model_thread.h"
#include "reference/numbers/parallel.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct ModelThread {
    pthread_t thread;
    Teller *teller;
    SceneExchange *exchange;
    void (*wake)(void);
    int threads; // of OpenMP, as in the thread that made the teller: its memory is sized for them
};

static bool asked_to_quit(const RequestList *requests) {
    for (int i = 0; i < requests->count; i++) {
        if (requests->items[i].kind == REQUEST_QUIT) return true;
    }
    return false;
}

static void *run(void *context) {
    ModelThread *thread = context;
    RequestList requests = { .count = 0 };
    double due = 0;
    bool changed = true;
    parallel_set_threads(thread->threads);
    for (;;) {
        if (changed && scene_publish(thread->exchange, teller_scene(thread->teller)))
            thread->wake();
        requests_take(thread->exchange, &requests, due - scene_clock(thread->exchange));
        if (asked_to_quit(&requests)) return NULL;
        due = teller_advance(thread->teller, scene_clock(thread->exchange), &requests, &changed);
    }
}

ModelThread *model_thread_start(Teller *teller, SceneExchange *exchange, void (*wake)(void),
                                Error *error) {
    ModelThread *thread = malloc(sizeof *thread);
    if (thread == NULL) {
        fail(error, "out of memory for a thread");
        return NULL;
    }
    *thread = (ModelThread){ .teller = teller, .exchange = exchange, .wake = wake };
    thread->threads = parallel_threads();
    int code = pthread_create(&thread->thread, NULL, run, thread);
    if (code == 0) return thread;
    fail(error, "a thread cannot be started: %s", strerror(code));
    free(thread);
    return NULL;
}

void model_thread_stop(ModelThread *thread) {
    if (thread == NULL) return;
    RequestList quit = { .count = 0 };
    request_add(&quit, REQUEST_QUIT);
    requests_send(thread->exchange, &quit);
    pthread_join(thread->thread, NULL);
    free(thread);
}
