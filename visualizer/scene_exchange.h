#ifndef VISUALIZER_SCENE_EXCHANGE_H
#define VISUALIZER_SCENE_EXCHANGE_H
#include "visualizer/view.h"

// Between the model's thread and the one that draws: whole Scenes one way, Requests the other.
// Neither waits while the other works: there are three Scenes, of which each thread has one and the
// third is the newest that was handed over.
typedef struct SceneExchange SceneExchange;

SceneExchange *scene_exchange_new(void); // NULL: out of memory
void scene_exchange_free(SceneExchange *exchange);
double scene_clock(const SceneExchange *exchange); // seconds since it was made: View.now

// The model's thread hands over a copy of its scene. false: out of memory; the last one stays.
bool scene_publish(SceneExchange *exchange, const Scene *scene);
// The newest scene, for the one thread that draws: valid until its next call. *changed: it is
// another one than at the last call.
const Scene *scene_latest(SceneExchange *exchange, bool *changed);

// The thread that draws sends requests, which empties the list ...
void requests_send(SceneExchange *exchange, RequestList *requests);
// ... and the model's thread takes them, after waiting for one for at most `seconds`.
void requests_take(SceneExchange *exchange, RequestList *out, double seconds);
#endif
