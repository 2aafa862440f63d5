#include "barrier.h"
#include "engine.h"
#include "fault.h"
#include "race.h"

namespace emulator {
namespace {

// One line for each different place where threads wait.
std::string waiting_threads(const Block *b) {
    std::string text;
    int lines = 0;
    for (int t = 0; t < b->threads && lines < 8; t++) {
        const Thread &thread = b->thread_state[t];
        if (thread.state != State::AT_BARRIER && thread.state != State::AT_WARP_OPERATION) continue;
        bool told = false;
        for (int other = 0; other < t && !told; other++) {
            const Thread &o = b->thread_state[other];
            told = o.state == thread.state && o.site.line == thread.site.line &&
                   o.site.file == thread.site.file;
        }
        if (told) continue;
        lines++;
        text += format("  thread %s waits at %s, %s:%d\n",
                       describe(thread_position(b->launch, t)).c_str(), thread.operation,
                       thread.site.file, thread.site.line);
    }
    return text;
}

bool same_site(Site a, Site b) { return a.line == b.line && a.file == b.file; }

} // namespace

void report_deadlock(const Block *b) {
    Site site = b->launch->site;
    for (int t = 0; t < b->threads; t++) {
        State state = b->thread_state[t].state;
        if (state != State::AT_BARRIER && state != State::AT_WARP_OPERATION) continue;
        site = b->thread_state[t].site;
        break;
    }
    fault("deadlock: the threads of a block wait for each other", site,
          waiting_threads(b) +
              format("  %d of %d threads have ended\n", b->threads - b->live, b->threads));
}

void release_barrier(Block *b) {
    if (b->barrier.arrived == 0 || b->barrier.arrived < b->live) return;
    Barrier &barrier = b->barrier;
    barrier.result[barrier.generation % 2] = { barrier.arrived, barrier.votes };
    barrier.generation++;
    barrier.arrived = barrier.votes = 0;
    barrier_clock(b);
    for (int t = 0; t < b->threads; t++) {
        if (b->thread_state[t].state == State::AT_BARRIER) b->thread_state[t].state = State::READY;
    }
}

BarrierResult barrier(bool predicate, const char *operation, Site site) {
    Block *b = current;
    Barrier &barrier = b->barrier;
    b->thread_state[b->current].operation = operation;
    b->thread_state[b->current].site = site;
    if (barrier.arrived > 0 && !same_site(barrier.site, site)) {
        fault("divergent barrier: the threads of a block wait at different barriers", site,
              waiting_threads(b));
        abandon_block();
    }
    barrier.site = site;
    barrier.arrived++;
    barrier.votes += predicate;
    unsigned generation = barrier.generation;
    b->thread_state[b->current].state = State::AT_BARRIER;
    release_barrier(b);
    if (b->thread_state[b->current].state == State::AT_BARRIER) wait();
    return { barrier.result[generation % 2].threads, barrier.result[generation % 2].votes };
}

} // namespace emulator
