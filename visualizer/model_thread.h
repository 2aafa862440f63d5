#ifndef VISUALIZER_MODEL_THREAD_H
#define VISUALIZER_MODEL_THREAD_H
#include "visualizer/scene_exchange.h"
#include "visualizer/teller.h"

// Runs a teller in a thread of its own: takes requests from the exchange and hands scenes over.
typedef struct ModelThread ModelThread;

// wake is called, in the model's thread, after each scene that was handed over. The teller and the
// exchange belong to the thread until model_thread_stop. NULL on failure.
ModelThread *model_thread_start(Teller *teller, SceneExchange *exchange, void (*wake)(void),
                                Error *error);
void model_thread_stop(ModelThread *thread); // waits until it has ended; NULL is fine
#endif
