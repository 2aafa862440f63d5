#!/bin/sh
# The folders of reference/ depend on each other in one direction only, and so do its files: there
# is no cycle among the headers that headers include, the folders that files include, or the object
# files whose functions an object file uses. B is the folder of this build.
set -u
build=${B:?run make test-dependencies}
. tests/harness/scratch.sh

# Edges, one `FROM TO` per line: from the files named PATTERN in a folder to what they include ...
includes() {
    (cd "$1" && grep -rE '^#include "reference/' reference --include="$2") |
        awk -F '[:"]' '{ print $1, $3 }'
}
# ... and between the object files in FOLDER of the sources in a folder: from each to those that
# define what it uses.
uses() {
    (cd "$1" && ls reference/*/*.c) | sed "s|^|$2/|; s|\\.c\$|.o|" | xargs nm -g -P -A | awk '
        { file = $1; sub(/\.o:$/, "", file); sub(".*reference/", "reference/", file) }
        $3 == "U" { used[file " " $2]; next }
        { home[$2] = file }
        END {
            for (pair in used) {
                split(pair, part, " ")
                if (part[2] in home && home[part[2]] != part[1]) print part[1], home[part[2]]
            }
        }'
}
folders() { awk '{ sub(/\/[^\/]*$/, "", $1); sub(/\/[^\/]*$/, "", $2) } $1 != $2'; }

# Fails and prints the first cycle of the edges on stdin; fails without edges too.
acyclic() {
    sort -u | awk '
        function visit(node, path,    i, n, next_nodes) {
            if (state[node] == "done" || found) return
            if (state[node] == "open") { found = path " -> " node; return }
            state[node] = "open"
            n = split(to[node], next_nodes, " ")
            for (i = 1; i <= n; i++) visit(next_nodes[i], path == "" ? node : path " -> " node)
            state[node] = "done"
        }
        { to[$1] = to[$1] " " $2 }
        END {
            for (node in to) visit(node, "")
            if (found) print "test_dependencies.sh: a cycle: " found
            if (NR == 0) print "test_dependencies.sh: found no dependencies to check"
            exit found != "" || NR == 0
        }' >&2
}

failed=0
includes . '*.h' | acyclic || failed=1
includes . '*.[ch]' | folders | acyclic || failed=1
uses . "$build" | acyclic || failed=1
[ $failed = 0 ] || exit 1

# Planted cycles are found: of two headers, of two folders whose headers have none, and of two
# objects.
must_find() {
    if "$@" 2>"$work/message"; then
        echo "test_dependencies.sh: $* did not find the planted cycle" >&2
        exit 1
    fi
    grep -q 'a cycle: reference/[ab]' "$work/message" || { cat "$work/message" >&2; exit 1; }
}
headers_cycle() { includes "$work/headers" '*.h' | acyclic; }
folders_cycle() { includes "$work/folders" '*.[ch]' | folders | acyclic; }
objects_cycle() { uses "$work/objects" "$work/objects" | acyclic; }
for planted in headers folders objects; do
    mkdir -p "$work/$planted/reference/a" "$work/$planted/reference/b"
done
echo '#include "reference/b/two.h"' >"$work/headers/reference/a/one.h"
echo '#include "reference/a/one.h"' >"$work/headers/reference/b/two.h"
must_find headers_cycle
echo '#include "reference/b/one.h"' >"$work/folders/reference/a/one.h"
echo '#include "reference/a/two.h"' >"$work/folders/reference/b/two.c"
includes "$work/folders" '*.[ch]' | acyclic || exit 1
must_find folders_cycle
echo 'int two(void); int one(void); int one(void) { return two(); }' \
    >"$work/objects/reference/a/one.c"
echo 'int one(void); int two(void); int two(void) { return one(); }' \
    >"$work/objects/reference/a/two.c"
for file in one two; do
    "${CC:-cc}" -c "$work/objects/reference/a/$file.c" -o "$work/objects/reference/a/$file.o" ||
        exit 1
done
must_find objects_cycle
