// Lesson 02: mixture of experts.
#include "gpu/02_mixture_of_experts/router_tasks.h"

static const lesson::Lesson mixture_of_experts("02_mixture_of_experts",
                                               { router::route_task, router::dispatch_task,
                                                 router::backward_task, router::balance_task });
