// Lesson 02: mixture of experts. The tasks of a layer, in the order in which a training step does
// them.
#include "gpu/02_mixture_of_experts/expert_tasks.h"
#include "gpu/02_mixture_of_experts/router_tasks.h"

static const lesson::Lesson mixture_of_experts(
    "02_mixture_of_experts",
    { router::route_task, router::dispatch_task, experts::rows::gather_task, experts::forward_task,
      experts::rows::combine_task, experts::rows::combine_backward_task, experts::backward_task,
      router::backward_task, router::balance_task });
