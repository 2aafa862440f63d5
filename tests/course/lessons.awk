# Checks lessons (Markdown) against what they quote, from the repository's root:
#     awk -f tests/course/lessons.awk FILE.md…
#   <!-- code: FILE REGION -->   the ```c block below is, byte for byte, what is in FILE (as seen
#                                from the lesson's folder) between the lines `// [REGION` and
#                                `// REGION]`; a ```c block without is an error
#   <!-- run: COMMAND -->        the ```text block below is, byte for byte, what COMMAND prints on
#                                stdout
#   <!-- draw: COMMAND -->       COMMAND draws; nothing needs to follow
#   [text](path), ![text](path)  the file exists
# A word NAME.png of a COMMAND is a picture in the lesson's folder; what the COMMAND draws must be
# that picture, byte for byte. A picture that a lesson shows and that no COMMAND draws is an error.
# Variables: work, a folder for temporary files; programs, the folder that `build/PROGRAM` of a
# command is taken from; compare, 0 if pictures are drawn but not compared; undrawn, the paths of
# pictures that need no COMMAND, each between spaces.
# Exit status: 0 all is correct, 1 not; each problem is a line FILE:LINE: …

function problem(line, text) {
    printf "%s:%d: %s\n", name, line, text > "/dev/stderr"
    problems++
}

function quoted(path) { gsub(/'/, "'\\''", path); return "'" path "'" }
function trimmed(text) { sub(/^[ \t]+/, "", text); return text }

# The text between the region's two lines, without lines of other regions; sets region_problem.
function region(file, label,   line, status, on, begun, ended, out) {
    region_problem = ""
    while ((status = (getline line < file)) > 0) {
        if (trimmed(line) == "// " label "]") { ended++; on = 0 }
        else if (trimmed(line) == "// [" label) { begun++; on = 1 }
        else if (on && line !~ /^[ \t]*\/\/ (\[[A-Za-z0-9_-]+|[A-Za-z0-9_-]+\])$/)
            out = out line "\n"
    }
    close(file)
    if (status < 0) region_problem = "there is no file " file
    else if (!begun && !ended) region_problem = "no region '" label "' in " file
    else if (begun != 1 || ended != 1 || on)
        region_problem = "region '" label "' in " file " begins " begun + 0 " times and ends " \
            ended + 0 " times; once each is expected"
    return out
}

function check_code(   expected) {
    expected = region(folder expected_file, expected_label)
    if (region_problem) problem(marked, region_problem)
    else if (expected != text)
        problem(marked, "block '" expected_label "' differs from " expected_file)
    blocks++
}

# build/PROGRAM at the beginning of a command, and after | ; & ( or `do`, is that of this build.
function here(command,   out) {
    if (programs == "") return command
    while (match(command, /(^|[|;&(] *|; do )build\/[a-z]/)) {
        out = out substr(command, 1, RSTART + RLENGTH - 8) programs "/"
        command = substr(command, RSTART + RLENGTH - 1)
    }
    return out command
}

# The command with its pictures in the folder for temporary files; lists their names in `pictures`.
function to_work(command,   out, picture) {
    pictures = ""
    while (match(command, / [A-Za-z0-9_]+\.png/)) {
        picture = substr(command, RSTART + 1, RLENGTH - 1)
        out = out substr(command, 1, RSTART) quoted(work "/" picture)
        command = substr(command, RSTART + RLENGTH)
        pictures = pictures " " picture
    }
    return out command
}

function check_picture(picture) {
    drawn[folder picture] = 1
    if (compare != "0" && \
        system("cmp " quoted(work "/" picture) " " quoted(folder picture) " >&2") != 0)
        problem(marked, "`" expected_command "` does not draw this " picture)
    system("rm -f " quoted(work "/" picture))
}

# Runs the lesson's command, with its output in a file, and checks what it draws.
function execute(got,   status, each, count, i) {
    status = system("( " to_work(here(expected_command)) "\n) >" quoted(got) " </dev/null")
    if (status != 0) problem(marked, "`" expected_command "` ends with exit status " status)
    count = split(pictures, each)
    for (i = 1; i <= count; i++) check_picture(each[i])
    return status
}

function check_draw() {
    execute("/dev/null")
    if (pictures == "") problem(marked, "no word NAME.png in `" expected_command "`")
}

function check_run(   expected, got) {
    expected = work "/expected"
    got = work "/got"
    printf "%s", text > expected
    close(expected)
    if (text ~ /[0-9]\.[0-9][0-9][0-9][0-9][0-9]/)
        problem(marked, "a number with more than four decimals: other machines may round it " \
            "in another way")
    if (execute(got) == 0 && system("diff " quoted(expected) " " quoted(got) " >&2") != 0)
        problem(marked, "`" expected_command "` prints something else: < the lesson, > the program")
    runs++
}

function check_links(line,   target) {
    gsub(/`[^`]*`/, "", line)
    while (match(line, /\]\([^)]*\)/)) {
        target = substr(line, RSTART + 2, RLENGTH - 3)
        line = substr(line, RSTART + RLENGTH)
        sub(/[ \t]+".*$/, "", target)
        sub(/#.*$/, "", target)
        if (target == "" || target ~ /^(https?|mailto):/) continue
        if (system("test -e " quoted(folder target)) != 0)
            problem(FNR, "links to " target ", which does not exist")
        if (target ~ /^[A-Za-z0-9_]+\.png$/ && !index(undrawn, " " folder target " "))
            shown[folder target] = FNR
        links++
    }
}

function finish(   picture) {
    for (picture in shown) {
        if (!(picture in drawn)) problem(shown[picture], "no command of this lesson draws " picture)
        delete shown[picture]
    }
    if (pending) problem(marked, "nothing follows this line")
    if (inside) problem(opened, "this block does not end")
    pending = inside = ""
}

FNR == 1 {
    finish()
    name = FILENAME
    folder = name
    sub(/[^\/]*$/, "", folder)
}
!inside && /^<!-- draw: .+ -->$/ {
    if (pending) problem(marked, "nothing follows this line")
    marked = FNR
    pending = ""
    expected_command = $0
    sub(/^<!-- draw: /, "", expected_command)
    sub(/ -->$/, "", expected_command)
    check_draw()
    next
}
!inside && /^<!-- *(code|run|draw)/ {
    if (pending) problem(marked, "nothing follows this line")
    marked = FNR
    pending = ""
    if ($0 ~ /^<!-- code: [^ ]+ [^ ]+ -->$/) {
        pending = "code"
        expected_file = $3
        expected_label = $4
    } else if ($0 ~ /^<!-- run: .+ -->$/) {
        pending = "run"
        expected_command = $0
        sub(/^<!-- run: /, "", expected_command)
        sub(/ -->$/, "", expected_command)
    } else
        problem(FNR, "expected: <!-- code: FILE REGION -->, <!-- run: COMMAND --> or " \
            "<!-- draw: COMMAND -->, and nothing else on the line")
    next
}
pending {
    if ($0 == (pending == "code" ? "```c" : "```text")) {
        inside = pending
        opened = FNR
        text = ""
    } else problem(marked, "expected in the next line: ```" (pending == "code" ? "c" : "text"))
    pending = ""
    if (inside) next
}
inside && (inside == "other" ? /^[ \t]*(```|~~~)[`~]*[ \t]*$/ : /^```$/) {
    if (inside == "code") check_code()
    if (inside == "run") check_run()
    inside = ""
    next
}
inside { text = text $0 "\n"; next }
/^[ \t]*(```|~~~)/ {
    if (tolower($0) ~ /^[ \t]*[`~]+[ \t]*\.?(c|h|cpp|cu|cuh|cuda)([^a-z]|$)/)
        problem(FNR, "a block of C needs a line <!-- code: FILE REGION --> above it; mark " \
            "other blocks as ```text")
    inside = "other"
    opened = FNR
    next
}
{ check_links($0) }
END {
    finish()
    for (picture in drawn) drawings++
    printf "%d blocks of code, %d outputs, %d pictures, %d links: %d problems\n", blocks, runs, \
        drawings, links, problems
    exit problems > 0
}
