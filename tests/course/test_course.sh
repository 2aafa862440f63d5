#!/bin/sh
# The checks of lessons and exercises detect planted mistakes, each with its message.
# shellcheck disable=SC2016 # backticks in messages are meant as they stand
. tests/harness/scratch.sh
failed=0
failure() {
    echo "test_course.sh: $*" >&2
    failed=1
}

cat >"$work/topk.c" <<'END'
#include "topk.h"
// [topk
int best(int a, int b) {
    // [inner
    return a > b ? a : b; // 100% & \n stay as they are
    // inner]
}
// topk]
// [open
END

# lesson STATUS MESSAGE: the text on stdin as a lesson, which starts in line 1.
lesson() {
    cat >"$work/README.md"
    status=0
    sh tests/course/lessons.sh "$work/README.md" >"$work/said" 2>&1 || status=$?
    [ $status = "$1" ] || failure "exit status $status, expected $1: $(cat "$work/said")"
    grep -q -F -e "$2" "$work/said" || failure "no '$2' in: $(cat "$work/said")"
}

lesson 0 '2 blocks of code, 2 outputs, 0 pictures, 4 links: 0 problems' <<'END'
[code](topk.c), ![again](topk.c "title"), [a line](topk.c#L3), [folder](..),
[elsewhere](https://example.org/x)

<!-- code: topk.c topk -->
```c
int best(int a, int b) {
    return a > b ? a : b; // 100% & \n stay as they are
}
```
<!-- code: topk.c inner -->
```c
    return a > b ? a : b; // 100% & \n stay as they are
```
<!-- run: printf '%s\n' 0.1234 "`one`" | cat -->
```text
0.1234

```
<!-- run: printf 'a|b;\\c\n' -->
```text
a|b;\c
```
```text
[an illustration](is not read)
```
END

lesson 1 "README.md:2: block 'topk' differs from topk.c" <<'END'

<!-- code: topk.c topk -->
```c
int best(int a, int b) {
    return a < b ? a : b; // 100% & \n stay as they are
}
```
END
lesson 1 "README.md:1: block 'topk' differs from topk.c" <<'END'
<!-- code: topk.c topk -->
```c
int best(int a, int b) {
    return a > b ? a : b; // 100% & \n stay as they are
}

```
END
lesson 1 "README.md:1: no region 'top' in " <<'END'
<!-- code: topk.c top -->
```c
```
END
lesson 1 "README.md:1: there is no file " <<'END'
<!-- code: gone.c topk -->
```c
```
END
times="begins 1 times and ends 0 times; once each is expected"
lesson 1 "README.md:1: region 'open' in $work/topk.c $times" <<'END'
<!-- code: topk.c open -->
```c
```
END
lesson 1 'README.md:2: a block of C needs a line <!-- code: FILE REGION --> above it' <<'END'

```c
int best(int a, int b);
```
END
lesson 1 'README.md:3: a block of C needs a line <!-- code: FILE REGION --> above it' <<'END'
- in a list

  ~~~ C
  int best(int a, int b);
  ~~~
END
lesson 1 'README.md:1: a block of C needs a line <!-- code: FILE REGION --> above it' <<'END'
```cuda
__global__ void kernel();
```
END
lesson 1 'README.md:1: expected in the next line: ```c' <<'END'
<!-- code: topk.c topk -->

```c
```
END
lesson 1 'README.md:1: expected: <!-- code: FILE REGION -->, <!-- run: COMMAND --> or <!-- draw' \
    <<'END'
<!--code: topk.c-->
```c
```
END
lesson 1 'README.md:2: this block does not end' <<'END'
<!-- code: topk.c topk -->
```c
int best(int a, int b) {
END
lesson 1 'README.md:1: nothing follows this line' <<'END'
<!-- run: true -->
END
lesson 1 'README.md:1: `echo 4` prints something else' <<'END'
<!-- run: echo 4 -->
```text
5
```
END
lesson 1 'README.md:1: `printf 4` prints something else' <<'END'
<!-- run: printf 4 -->
```text
4
```
END
lesson 1 'README.md:1: `echo 4; exit 3` ends with exit status' <<'END'
<!-- run: echo 4; exit 3 -->
```text
4
```
END
lesson 1 'README.md:1: a number with more than four decimals' <<'END'
<!-- run: echo 0.12345 -->
```text
0.12345
```
END
lesson 1 'README.md:3: links to ../gone.c, which does not exist' <<'END'
`[code](in backticks)`

See [`gone.c`](../gone.c).
END

# Programs are those of this build, wherever a command names one.
mkdir -p "$work/programs"
printf '#!/bin/sh\necho "this build: $*"\n' >"$work/programs/chapter-99"
chmod +x "$work/programs/chapter-99"
B=$work/programs lesson 0 '0 problems' <<'END'
<!-- run: build/chapter-99 build/x | cat; build/chapter-99 -->
```text
this build: build/x
this build: 
```

<!-- run: for i in 1 2; do build/chapter-99 $i; done -->
```text
this build: 1
this build: 2
```
END

# Pictures: NAME.png in a command is the lesson's, and every picture of a lesson is drawn.
echo one >"$work/one.png"
echo two >"$work/two.png"
mkdir "$work/pictures"
# pictures STATUS MESSAGE [NAME=VALUE]: as `lesson`, on any machine, whatever its fonts are.
pictures() {
    cat >"$work/README.md"
    status=0
    awk -v work="$work/pictures" -v compare=1 -v "${3:-undrawn=}" -f tests/course/lessons.awk \
        "$work/README.md" >"$work/said" 2>&1 || status=$?
    [ $status = "$1" ] || failure "exit status $status, expected $1: $(cat "$work/said")"
    grep -q -F -e "$2" "$work/said" || failure "no '$2' in: $(cat "$work/said")"
}
pictures 0 '1 outputs, 2 pictures, 2 links: 0 problems' <<'END'
![One](one.png)
<!-- draw: f() { echo one >"$1"; }; f one.png -->

![Two, in two
lines](two.png)
<!-- run: f() { echo two | tee "$1"; }; f two.png -->
```text
two
```
END
pictures 1 'README.md:1: `echo 1 | tee one.png` does not draw this one.png' <<'END'
<!-- draw: echo 1 | tee one.png -->
END
pictures 1 'README.md:1: `true one.png` does not draw this one.png' <<'END'
<!-- draw: true one.png -->
END
pictures 1 'README.md:1: `false one.png` ends with exit status' <<'END'
<!-- draw: false one.png -->
END
pictures 1 'README.md:1: no word NAME.png in `echo 1`' <<'END'
<!-- draw: echo 1 -->
END
pictures 1 'README.md:2: no command of this lesson draws ' <<'END'
![One
](one.png)
END
pictures 0 '0 pictures, 1 links: 0 problems' "undrawn= $work/one.png " <<'END'
![One](one.png)
END

# An exercise whose starting file solves it, one whose starting file crashes, one with a wrong
# solution.
mkdir -p "$work/exercises" "$work/solutions" "$work/cheats"
program() { # FILE STATUS OUTPUT
    printf '#!/bin/sh\ncat <<END\n%s\nEND\nexit %d\n' "$3" "$2" >"$1"
    chmod +x "$1"
}
exercise() { # NAME STATUS STATUS
    program "$work/exercises/$1" "$2" ''
    program "$work/solutions/$1" "$3" ''
}
solutions() { # STATUS MESSAGE
    status=0
    EXERCISES='1_good 2_tried' B=$work CHEAT_SOURCES=$work/cheats \
        sh tests/course/solutions.sh >"$work/said" 2>&1 || status=$?
    [ $status = "$1" ] || failure "solutions: exit status $status, expected $1: $(cat "$work/said")"
    grep -q -F -e "$2" "$work/said" || failure "solutions: no '$2' in: $(cat "$work/said")"
}
export CHEATS=
exercise 1_good 1 0
exercise 2_tried 1 0 && solutions 0 '2 exercises, 0 wrong solutions, 0 problems'
exercise 2_tried 0 0 &&
    solutions 1 '2_tried: the starting file ends its test with status 0, expected: 1'
exercise 2_tried 139 0 &&
    solutions 1 '2_tried: the starting file ends its test with status 139, expected: 1'
exercise 2_tried 3 0 && solutions 1 'ends its test with status 3, expected: 1'
FAILURES='1 3' solutions 0 '2 exercises, 0 wrong solutions, 0 problems'
exercise 2_tried 1 1 && solutions 1 '2_tried: the solution does not pass'

# A wrong solution that passes; one that another test refuses than the one it names; one that two
# tests refuse; one that names none.
exercise 2_tried 1 0
CHEATS=1_good.lazy
echo '// Refused by large: it only adds.' >"$work/cheats/1_good.lazy.c"
cheat() { # EXIT-STATUS OUTPUT STATUS MESSAGE
    program "$work/cheats/1_good.lazy" "$1" "$2"
    solutions "$3" "$4"
}
cheat 1 'test.c:7:F:1-1 add:large:0: 3, expected 4
test.c:9:E:1-1 add:large:1: Test timeout expired' 0 '2 exercises, 1 wrong solutions, 0 problems'
cheat 0 '' 1 "1_good.lazy: refused by '' (status 0), expected: by 'large'"
cheat 1 'test.c:7:F:1-1 add:small:0: 3, expected 4' 1 "refused by 'small'"
cheat 1 'test.c:7:F:1-1 add:large:0: 3, expected 4
test.c:3:F:1-1 add:small:0: 3, expected 4' 1 "refused by 'large
small'"
echo '// It only adds.' >"$work/cheats/1_good.lazy.c"
cheat 1 'test.c:7:F:1-1 add:large:0: 3, expected 4' 1 "expected: by ''"

# What the reader of an exercise sees: for a test that fails in two runs, and when all pass.
learner() { # NAME EXIT-STATUS OUTPUT EXPECTED
    program "$work/program" "$2" "$3"
    status=0
    EXERCISES='06_sgatlin/3_patch 06_sgatlin/4_gini 07_language_model/3_kv_cache
        07_language_model/4_without_rope' \
        sh tests/course/exercise.sh "$1" "$work/program" >"$work/said" 2>&1 || status=$?
    [ $status = "$2" ] || failure "exercise.sh: exit status $status, expected $2"
    [ "$(cat "$work/said")" = "$4" ] || failure "exercise.sh: '$(cat "$work/said")', expected '$4'"
}
source=chapters/06_sgatlin/exercises/test_4_gini.c
line=$(grep -n 'START_TEST(on_paper)' $source)
learner 06_sgatlin/4_gini 1 "Running suite(s): 06-4 Gini
here: 3
66%: Checks: 3, Failures: 1, Errors: 0
tests/harness/expect.c:16:F:06-4 Gini:on_paper:0: Gini: 3, expected 0.25
$source:26:F:06-4 Gini:on_paper:1: Gini: 4, expected 0.25" "here: 3

on_paper ($source:${line%%:*})
    1, 2, 3, 4: (−3·1 − 1·2 + 1·3 + 3·4) / (4·10) = 10/40. The counts stay in their order.
  Gini: 3, expected 0.25

Not yet solved: chapters/06_sgatlin/exercises/4_gini.c"
learner 06_sgatlin/3_patch 0 'Running suite(s): 06-3 patching
100%: Checks: 3, Failures: 0, Errors: 0' 'Solved: 06-3
Next: make exercise-06-4'
learner 06_sgatlin/4_gini 0 '' '
Solved: 06-4
Next: chapters/07_language_model/README.md, and then make exercise-07-3'
learner 07_language_model/3_kv_cache 0 '' '
Solved: 07-3
Next: chapters/07_language_model/TRAINING.md, and then make exercise-07-4'
learner 07_language_model/4_without_rope 0 '' '
Solved: 07-4'

[ $failed = 0 ] && echo 'test_course.sh: planted mistakes in lessons and exercises are detected'
exit $failed
