#define _DEFAULT_SOURCE // setitimer
#include "reference/cli/blas_watch.h"
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

static void on_timer(int number) {
    static const char message[] =
        "sgatlin: not enough memory for OpenBLAS, which takes up to 128 MiB of address space for "
        "each thread; raise the limit (ulimit -v), or use one thread (OMP_NUM_THREADS=1)\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written; // there is nowhere else to say it
    _exit(1);
}

static void set_timer(time_t seconds) {
    struct itimerval timer = { .it_value.tv_sec = seconds };
    setitimer(ITIMER_PROF, &timer, NULL);
}

void blas_watch_begin(void) {
    signal(SIGPROF, on_timer);
    set_timer(2);
}

void blas_watch_end(void) {
    set_timer(0);
    signal(SIGPROF, SIG_DFL);
}

#if defined(WITH_CBLAS) && defined(__ELF__)
// What is listed here runs before the constructors of all libraries.
static void (*const before_libraries)(void)
    __attribute__((section(".preinit_array"), used)) = blas_watch_begin;
#endif
