#include "visualizer/view.h"
#include <string.h>

Request *request_add(RequestList *list, RequestKind kind) {
    // Of a list that is full the last request is replaced: the newest counts.
    if (list->count < MAX_REQUESTS) list->count++;
    Request *request = &list->items[list->count - 1];
    memset(request, 0, sizeof *request);
    request->kind = kind;
    return request;
}
