// Kill points end or stop the process at the call that the environment names, and at no other.
#include "reference/io/kill_point.h"
#include "tests/harness/suite.h"
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// The signal that ended or stopped a child that passes a.txt twice, then b.txt; 0: it exited.
static int signal_of(const char *variable, const char *value) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        unsetenv("SGATLIN_KILL");
        unsetenv("SGATLIN_STOP");
        if (variable != NULL) setenv(variable, value, 1);
        kill_point("write", "folder/a.txt");
        kill_point("write", "/other/folder/a.txt");
        kill_point("rename", "a.txt");
        kill_point("write", "b.txt");
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    if (WIFSIGNALED(status)) return WTERMSIG(status);
    if (!WIFSTOPPED(status)) return 0;
    int stop = WSTOPSIG(status);
    kill(child, SIGCONT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "a stopped process does not continue");
    return stop;
}

static const struct {
    const char *variable, *value;
    int expected;
} cases[] = {
    { NULL, NULL, 0 },
    { "SGATLIN_KILL", "write:a.txt", SIGKILL },
    { "SGATLIN_KILL", "write:a.txt:1", SIGKILL },
    { "SGATLIN_KILL", "write:a.txt:2", SIGKILL },
    { "SGATLIN_KILL", "write:a.txt:3", 0 },
    { "SGATLIN_KILL", "rename:a.txt", SIGKILL },
    { "SGATLIN_KILL", "write:b.txt:1", SIGKILL },
    { "SGATLIN_STOP", "write:a.txt:2", SIGSTOP },
    { "SGATLIN_KILL", "", 0 },
    { "SGATLIN_KILL", "write", 0 },
    { "SGATLIN_KILL", "write:a.tx", 0 },
    { "SGATLIN_KILL", "write:a.txt:", 0 },
    { "SGATLIN_KILL", "write:a.txt:x", 0 },
    { "SGATLIN_KILL", "write:a.txt:0", 0 },
    { "SGATLIN_KILL", "rename:b.txt", 0 },
};

START_TEST(the_named_call_is_the_last)
{ ck_assert_int_eq(signal_of(cases[_i].variable, cases[_i].value), cases[_i].expected); }
END_TEST

int main(void) {
    const TestRow tests[] = {
        { the_named_call_is_the_last, COUNT_OF(cases) },
    };
    return run_tests("kill_point", tests, COUNT_OF(tests));
}
