#include "race.h"
#include "fault.h"
#include "symbols.h"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

namespace emulator {

// The fences of every block of a launch: the block's clock, and a time that all blocks share.
struct Fences {
    struct Fence {
        uint32_t stamp;
        uint64_t time;
    };
    std::mutex lock;
    std::vector<std::vector<Fence>> of_block;
};

namespace {

std::atomic<uint64_t> common_time{ 1 };

// Words are locked in groups: blocks on other processors use the same memory. A mutex would take
// longer than the check.
constexpr size_t LOCKS = 1024;
class SpinLock {
    std::atomic<bool> taken{ false };

  public:
    void lock() {
        while (taken.exchange(true, std::memory_order_acquire)) {}
    }
    void unlock() { taken.store(false, std::memory_order_release); }
};
SpinLock word_locks[LOCKS];

// Whether the other block has fenced after the access, before this block's last atomic.
bool ordered_between_blocks(const Block *b, const Record &r) {
    Fences *fences = b->launch->fences;
    std::lock_guard<std::mutex> guard(fences->lock);
    const auto &list = fences->of_block[r.block - b->launch->first_serial];
    auto later = [](uint32_t stamp, const Fences::Fence &f) { return stamp < f.stamp; };
    auto first = std::upper_bound(list.begin(), list.end(), r.stamp, later);
    return first != list.end() && first->time <= b->acquired;
}

bool ordered_in_block(const Block *b, const Record &r) {
    if (r.stamp < b->last_barrier) return true;
    int me = b->current, other = r.thread;
    if (me / LANES == other / LANES) {
        const WarpClock &clock = b->warps[me / LANES].clock;
        if (r.stamp < std::max(clock.all, clock.lane[me % LANES][other % LANES])) return true;
    }
    uint32_t fenced = b->last_fence[other];
    return r.stamp < fenced && fenced <= b->last_acquire[me];
}

// Volatile accesses are how blocks wait for each other's flags; within a block, they are the mark
// of code that relies on the lanes of a warp running in step, which GPUs since Volta do not do.
bool both_synchronise(Access a, Access b, bool same_block) {
    auto does = [&](Access x) { return x == Access::ATOMIC || (!same_block && is_volatile(x)); };
    return does(a) && does(b);
}

bool is_race(const Block *b, const Record &earlier, const Record &now, bool shared) {
    bool same_block = earlier.block == now.block;
    if (earlier.block < b->launch->first_serial || !(earlier.bytes & now.bytes)) return false;
    if (same_block && earlier.thread == now.thread) return false;
    if (shared && !same_block) return false;
    if (!writes(earlier.access) && !writes(now.access)) return false;
    if (both_synchronise(earlier.access, now.access, same_block)) return false;
    return same_block ? !ordered_in_block(b, earlier) : !ordered_between_blocks(b, earlier);
}

const char *verb(Access a) {
    return a == Access::ATOMIC ? "an atomic" : writes(a) ? "a write" : "a read";
}

void report_race(const Block *b, const Record &earlier, const Record &now, bool shared) {
    bool same_block = earlier.block == now.block;
    long number = (long)(earlier.block - b->launch->first_serial);
    long x = b->launch->grid.x, y = b->launch->grid.y;
    Index block = { (unsigned)(number % x), (unsigned)(number / x % y),
                    (unsigned)(number / (x * y)) };
    std::string what = format("race in %s memory: %s and %s of %s without synchronisation",
                              shared ? "shared" : "global", verb(earlier.access), verb(now.access),
                              same_block ? "two threads" : "two blocks");
    const char *begin = image().begin;
    fault(what, begin + now.instruction,
          format("  the other: block %s, thread %s\n    at %s\n", describe(block).c_str(),
                 describe(thread_position(b->launch, earlier.thread)).c_str(),
                 source_line(begin + earlier.instruction).c_str()));
}

bool same_thread(const Record &a, const Record &b) {
    return a.block == b.block && a.thread == b.thread;
}

void record_read(Word *word, const Record &now) {
    Record &last = word->reads[0], &other = word->reads[1];
    bool other_warp = last.block != now.block || last.thread / LANES != now.thread / LANES;
    bool other_is_free = other.block != now.block || other.thread / LANES == now.thread / LANES;
    if (!same_thread(last, now) && (other_warp || other_is_free)) other = last;
    last = now;
}

// One race is enough to report: the write's, or else a read's.
void check_word(Word *word, const Record &now, bool shared) {
    const Block *b = current;
    bool write = writes(now.access);
    if (is_race(b, word->write, now, shared)) {
        report_race(b, word->write, now, shared);
    } else if (write) {
        for (const Record &read : word->reads) {
            if (!is_race(b, read, now, shared)) continue;
            report_race(b, read, now, shared);
            break;
        }
    }
    if (write)
        word->write = now;
    else
        record_read(word, now);
}

} // namespace

void check_races(Word *words, const char *address, int bytes, Access access,
                 const void *instruction, bool shared) {
    const Block *b = current;
    Record now = { b->serial, b->now, 0, (uint16_t)b->current, 0, access };
    now.instruction = (uint32_t)(static_cast<const char *>(instruction) - image().begin);
    int first = (int)(reinterpret_cast<uintptr_t>(address) % 4);
    for (int at = first; at < first + bytes; at += 4 - at % 4, words++) {
        int end = std::min(first + bytes, at + 4 - at % 4);
        now.bytes = (uint8_t)(((1 << (end - at)) - 1) << at % 4);
        if (shared) {
            check_word(words, now, true);
        } else {
            std::lock_guard<SpinLock> guard(
                word_locks[reinterpret_cast<uintptr_t>(words) / sizeof *words % LOCKS]);
            check_word(words, now, false);
        }
    }
}

void reset_block_clock(Block *b) {
    b->now = 1;
    b->last_barrier = 0;
    b->acquired = 0;
    memset(b->last_fence, 0, (size_t)b->threads * sizeof *b->last_fence);
    memset(b->last_acquire, 0, (size_t)b->threads * sizeof *b->last_acquire);
}

void barrier_clock(Block *b) { b->last_barrier = ++b->now; }

void warp_clock(Block *b, int warp, unsigned mask) {
    WarpClock &clock = b->warps[warp].clock;
    b->now++;
    if (mask == b->warps[warp].live) {
        clock.all = b->now;
        return;
    }
    clock.used = true;
    uint32_t known[LANES] = {};
    for (int a = 0; a < LANES; a++) {
        if (!(mask >> a & 1)) continue;
        for (int i = 0; i < LANES; i++) known[i] = std::max(known[i], clock.lane[a][i]);
    }
    for (int a = 0; a < LANES; a++) {
        if (mask >> a & 1) known[a] = b->now;
    }
    for (int a = 0; a < LANES; a++) {
        if (mask >> a & 1) memcpy(clock.lane[a], known, sizeof known);
    }
}

void fence() {
    Block *b = current;
    if (!b) return;
    b->last_fence[b->current] = ++b->now;
    Fences *fences = b->launch->fences;
    std::lock_guard<std::mutex> guard(fences->lock);
    fences->of_block[b->serial - b->launch->first_serial].push_back({ b->now, ++common_time });
}

void acquire() {
    Block *b = current;
    b->last_acquire[b->current] = ++b->now;
    b->acquired = common_time;
}

Fences *new_fences(const Launch *launch) {
    Fences *fences = new Fences;
    fences->of_block.resize((size_t)launch->grid.x * launch->grid.y * launch->grid.z);
    return fences;
}

void free_fences(Fences *fences) { delete fences; }

} // namespace emulator
