#include "visualizer/scene_exchange.h"
#include "reference/io/progress.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Three scenes: the model's thread writes one, the drawing thread reads one, and `newest` is
// between them. Handing over is an exchange of two numbers under the lock.
struct SceneExchange {
    Scene scenes[3];
    int written, newest, read;
    bool fresh; // newest was not read yet
    double made;
    RequestList requests;
    pthread_mutex_t lock;
    pthread_cond_t requested;
};

SceneExchange *scene_exchange_new(void) {
    SceneExchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) return NULL;
    exchange->newest = 1;
    exchange->read = 2;
    exchange->made = clock_seconds();
    pthread_mutex_init(&exchange->lock, NULL);
    pthread_cond_init(&exchange->requested, NULL);
    return exchange;
}

void scene_exchange_free(SceneExchange *exchange) {
    if (exchange == NULL) return;
    for (int i = 0; i < 3; i++) scene_free(&exchange->scenes[i]);
    pthread_mutex_destroy(&exchange->lock);
    pthread_cond_destroy(&exchange->requested);
    free(exchange);
}

double scene_clock(const SceneExchange *exchange) { return clock_seconds() - exchange->made; }

static void swap(int *a, int *b) {
    int c = *a;
    *a = *b;
    *b = c;
}

bool scene_publish(SceneExchange *exchange, const Scene *scene) {
    if (!scene_copy(&exchange->scenes[exchange->written], scene)) return false;
    pthread_mutex_lock(&exchange->lock);
    swap(&exchange->written, &exchange->newest);
    exchange->fresh = true;
    pthread_mutex_unlock(&exchange->lock);
    return true;
}

const Scene *scene_latest(SceneExchange *exchange, bool *changed) {
    pthread_mutex_lock(&exchange->lock);
    *changed = exchange->fresh;
    if (exchange->fresh) swap(&exchange->read, &exchange->newest);
    exchange->fresh = false;
    pthread_mutex_unlock(&exchange->lock);
    return &exchange->scenes[exchange->read];
}

// ---- requests

void requests_send(SceneExchange *exchange, RequestList *requests) {
    if (requests->count == 0) return;
    pthread_mutex_lock(&exchange->lock);
    for (int i = 0; i < requests->count; i++)
        *request_add(&exchange->requests, requests->items[i].kind) = requests->items[i];
    pthread_cond_signal(&exchange->requested);
    pthread_mutex_unlock(&exchange->lock);
    requests->count = 0;
}

void requests_take(SceneExchange *exchange, RequestList *out, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    double whole = floor(fmin(fmax(seconds, 0), 3600));
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)(1e9 * (fmin(fmax(seconds, 0), 3600) - whole));
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&exchange->lock);
    while (exchange->requests.count == 0 && seconds > 0) {
        if (pthread_cond_timedwait(&exchange->requested, &exchange->lock, &until) == ETIMEDOUT)
            break;
    }
    memcpy(out->items, exchange->requests.items,
           (size_t)exchange->requests.count * sizeof *out->items);
    out->count = exchange->requests.count;
    exchange->requests.count = 0;
    pthread_mutex_unlock(&exchange->lock);
}
