#include "warp.h"
#include "engine.h"
#include "fault.h"
#include "race.h"
#include <cstring>

namespace emulator {
namespace {

constexpr char SYNCWARP[] = "__syncwarp";

Warp *running_warp() { return &current->warps[current->current / LANES]; }

bool complete_if_all_arrived(Block *b, int warp, WarpOperation *o) {
    if (o->complete || o->arrived != (o->mask & b->warps[warp].live)) return false;
    o->complete = true;
    o->taken = 0;
    if (o->operation == SYNCWARP) warp_clock(b, warp, o->arrived);
    for (int lane = 0; lane < LANES; lane++) {
        if (o->arrived >> lane & 1) b->thread_state[warp * LANES + lane].state = State::READY;
    }
    return true;
}

// The open operation of this mask, or a free one.
WarpOperation *operation_of(Warp *warp, unsigned mask) {
    for (unsigned left = warp->used; left != 0; left &= left - 1) {
        WarpOperation *o = &warp->operations[__builtin_ctz(left)];
        if (!o->complete && o->mask == mask) return o;
    }
    int unused = __builtin_ctz(~warp->used);
    warp->used |= 1u << unused;
    WarpOperation *o = &warp->operations[unused];
    o->mask = mask;
    o->arrived = 0;
    o->complete = false;
    return o;
}

// The lanes of a mask call the same operation; __syncwarp may be called at different places.
bool matches(const WarpOperation *o, const char *operation, Site site) {
    if (o->arrived == 0) return true;
    if (strcmp(o->operation, operation) != 0) return false;
    return operation == SYNCWARP || (o->site.line == site.line && o->site.file == site.file);
}

void report_mismatch(const WarpOperation *o, const char *operation, Site site) {
    fault("mismatched warp operations: lanes of one mask call different ones", site,
          format("  mask 0x%08x: this lane calls %s, others %s at %s:%d\n", o->mask, operation,
                 o->operation, o->site.file, o->site.line));
    abandon_block();
}

} // namespace

int lane_number() { return current->current % LANES; }

void release_warp_operations(Block *b, int warp) {
    for (unsigned left = b->warps[warp].used; left != 0; left &= left - 1) {
        complete_if_all_arrived(b, warp, &b->warps[warp].operations[__builtin_ctz(left)]);
    }
}

WarpOperation *warp_arrive(unsigned mask, uint64_t value, const char *operation, Site site) {
    Block *b = current;
    unsigned me = 1u << lane_number();
    if (!(mask & me)) {
        fault("wrong mask: the calling lane is not in it", site,
              format("  %s with mask 0x%08x by lane %d\n", operation, mask, lane_number()));
        mask |= me;
    }
    WarpOperation *o = operation_of(running_warp(), mask);
    if (!matches(o, operation, site)) report_mismatch(o, operation, site);
    o->operation = operation;
    o->site = site;
    o->value[lane_number()] = value;
    o->arrived |= me;
    Thread &thread = b->thread_state[b->current];
    thread.state = State::AT_WARP_OPERATION;
    thread.operation = operation;
    thread.site = site;
    if (!complete_if_all_arrived(b, b->current / LANES, o)) wait();
    return o;
}

unsigned warp_lanes(const WarpOperation *o) { return o->arrived; }

uint64_t warp_value(const WarpOperation *o, int lane) {
    if (o->arrived >> lane & 1) return o->value[lane];
    bool in_mask = o->mask >> lane & 1;
    fault("value of a lane that takes no part in the warp operation", o->site,
          format("  %s by lane %d with mask 0x%08x reads lane %d, which %s\n", o->operation,
                 lane_number(), o->mask, lane, in_mask ? "has ended" : "is not in the mask"));
    return o->value[lane_number()];
}

void warp_leave(WarpOperation *o) {
    o->taken |= 1u << lane_number();
    Warp *warp = running_warp();
    if (o->taken == o->arrived) warp->used &= ~(1u << (o - warp->operations));
}

void warp_barrier(unsigned mask, Site site) { warp_leave(warp_arrive(mask, 0, SYNCWARP, site)); }

} // namespace emulator
