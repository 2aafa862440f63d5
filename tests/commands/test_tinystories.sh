#!/bin/sh
# datasets/tinystories.sh against a small server on the loopback address: every way a download can
# go ends in the right file or in one clear line, and never in a partial file under the final name.
# Takes seconds and no network.
script=$PWD/datasets/tinystories.sh
server=$PWD/${SERVER:-build/tests/commands/server}
case ${SERVER:-} in /*) server=$SERVER ;; esac
[ -x "$server" ] || {
    echo "test_tinystories.sh: $server is not there; run make test-tinystories" >&2
    exit 1
}
. tests/harness/scratch.sh
work=$(cd "$work" && pwd)
failed=0
server_id=
trap 'kill $server_id 2>/dev/null; rm -rf "$work"' EXIT
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
cd "$work" || exit 1

failure() {
    echo "test_tinystories.sh: $*" >&2
    failed=1
}

# ---- what the server has: one folder per scenario, each with both files and their pointers

sum_of() { if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi |
    cut -d ' ' -f 1; }
point() { # SCENARIO FILE SIZE SUM
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %s\n' "$4" \
        "$3" >"root/$1/raw/main/$2"
}
scenario() { # NAME: whole and right
    mkdir -p "root/$1/raw/main" "root/$1/resolve/main"
    for file in TinyStories-valid.txt TinyStories-train.txt; do
        cp "$file" "root/$1/resolve/main/$file"
        point "$1" "$file" "$(wc -c <"$file" | tr -d ' ')" "$(sum_of "$file")"
    done
}
awk 'BEGIN { for (i = 0; i < 60000; i++) print i * 7919 % 65536 }' >TinyStories-train.txt # 340 KB
printf 'Once upon a time.\n<|endoftext|>\n' >TinyStories-valid.txt
for name in right short long changed missing unpointed huge; do scenario $name; done
here=resolve/main/TinyStories-train.txt
head -c 200000 TinyStories-train.txt >root/short/$here
echo more >>root/long/$here
sed s/12345/12346/ TinyStories-train.txt >root/changed/$here
rm root/missing/$here
echo '<html>Please log in</html>' >root/unpointed/raw/main/TinyStories-train.txt
point huge TinyStories-train.txt 900000000000000000 "$(sum_of TinyStories-train.txt)"
mkdir -p root/two/raw/main root/two/resolve/main
for part in train valid; do
    cp TinyStories-$part.txt root/two/resolve/main/TinyStoriesV2-GPT4-$part.txt
    cp root/right/raw/main/TinyStories-$part.txt root/two/raw/main/TinyStoriesV2-GPT4-$part.txt
done

"$server" root log >port &
server_id=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s port ] && break
    sleep 0.2
done
address=http://127.0.0.1:$(cat port)

# ---- checks

tools=$PATH # the PATH the script sees

# get STATUS PATTERN MODE/SCENARIO ARGUMENT...: runs it into out/; a failure is one line on stderr.
get() {
    expected=$1 pattern=$2 mirror=$3
    shift 3
    : >log
    PATH=$tools TINYSTORIES_MIRROR=$address/$mirror TINYSTORIES_PATIENCE=2 \
        "$script" --out out "$@" </dev/null >stdout 2>stderr
    status=$?
    [ $status = "$expected" ] ||
        failure "$mirror $*: exit $status, expected $expected: $(cat stdout stderr)"
    cat stdout stderr >both
    grep -q -e "$pattern" both || failure "$mirror $*: no '$pattern' in: $(cat both)"
    [ "$expected" = 0 ] || [ "$(wc -l <stderr)" -eq 1 ] ||
        failure "$mirror $*: expected one line: $(cat stderr)"
    ls out/*.pointer.* >/dev/null 2>&1 && failure "$mirror $*: left a pointer"
    # never a wrong file under a final name
    for file in TinyStories-valid.txt TinyStories-train.txt; do
        [ ! -e "out/$file" ] || cmp -s "$file" "out/$file" ||
            [ "$expected$pattern" = '1move it away' ] ||
            failure "$mirror $*: out/$file differs"
    done
}
has_both() {
    for file in TinyStories-valid.txt TinyStories-train.txt; do
        cmp -s "$file" "out/$file" || failure "$1: out/$file is missing or wrong"
    done
    ls out/*.part >/dev/null 2>&1 && failure "$1: left a partial file"
}
has_no_train() { [ ! -e out/TinyStories-train.txt ] ||
    failure "$1: a partial file has the final name"; }
requests() { grep -c "resolve/main" log; }

downloads() { # with one of curl and wget
    echo "-- $1"
    for mode in plain redirect drop; do # whole; redirected; interrupted again and again
        rm -rf out
        get 0 'SHA-256 correct' $mode/right
        has_both $mode
    done
    grep -q "drop .*train.txt 200000" log ||
        failure "drop: started again although it could resume: $(cat log)"

    # Both files exist: nothing is fetched, also without a server.
    get 0 'nothing to do' plain/right
    [ "$(requests)" = 0 ] || failure "fetched again: $(cat log)"
    get 0 'nothing to do' plain/nowhere
    grep -q 'not checked' stdout ||
        failure "compared although there was nothing to compare: $(cat stdout)"
    echo more >>out/TinyStories-train.txt
    get 1 'move it away' plain/right
    sed s/12345/12346/ TinyStories-train.txt >out/TinyStories-train.txt
    get 1 'move it away' plain/right

    # One file exists; an earlier run started the other.
    rm out/TinyStories-train.txt
    head -c 123456 TinyStories-train.txt >out/TinyStories-train.txt.part
    get 0 'resumes after' plain/right
    has_both resumed
    [ "$(requests)" = 1 ] || failure "resumed: $(cat log)"
    grep -q "plain .*train.txt 123456" log || failure "resumed at another byte: $(cat log)"

    # The partial file is of another text, longer than the text, or all of it.
    rm out/TinyStories-train.txt
    head -c 1000 root/changed/resolve/main/TinyStories-valid.txt >out/TinyStories-train.txt.part
    get 1 'wrong size or SHA-256' plain/right
    has_no_train 'another beginning'
    get 0 'SHA-256 correct' plain/right
    rm out/TinyStories-train.txt
    cp root/long/$here out/TinyStories-train.txt.part
    get 0 'SHA-256 correct' plain/right
    has_both 'too long a part'
    mv out/TinyStories-train.txt out/TinyStories-train.txt.part
    get 0 'SHA-256 correct' plain/right
    has_both 'a whole part'

    # A server that does not support ranges.
    rm -rf out
    get 0 'SHA-256 correct' norange/right
    has_both norange
    rm out/TinyStories-train.txt
    head -c 1000 TinyStories-train.txt >out/TinyStories-train.txt.part
    get 0 'SHA-256 correct' norange/right
    has_both 'norange, resumed'

    # What must fail. The partial file is kept where resuming may help.
    for case in 'cut/right:interrupted' 'plain/short:ends after 200000' \
        'norange/short:interrupted\|ends after' \
        'plain/long:wrong size or SHA-256' 'plain/changed:wrong size or SHA-256' \
        'plain/missing:404' \
        'plain/nowhere:404' 'plain/unpointed:not a git-LFS pointer' 'plain/huge:free some'; do
        rm -rf out
        get 1 "${case#*:}" "${case%%:*}"
        has_no_train "$case"
    done
    [ ! -e out/TinyStories-valid.txt ] || failure "huge: started although there is no space"
    rm -rf out
    (
        ulimit -f 200 # blocks of 512 bytes (1,024 in some shells): the disk is full
        get 1 'free some space' plain/right
        has_no_train 'full disk'
        exit $failed
    ) || failed=1
    get 0 'resumes after' plain/right # there is space again
    has_both 'room again'
}

# ---- wrong usage

for case in 'unknown option: --fast' 'expected 1 or 2: --version 3' \
    'needs a value: --out' 'unknown option: stories'; do
    # shellcheck disable=SC2086 # words
    get 2 "${case%%: *}" plain/right ${case#*: }
done
TINYSTORIES_MIRROR=ftp://127.0.0.1 "$script" --out out >stdout 2>stderr && failure "ftp: exit 0"
grep -q 'http:// or https://' stderr || failure "ftp: $(cat stderr)"
"$script" --help | grep -q '^Usage: tinystories.sh' || failure "--help: no usage"
[ ! -e out ] || failure "wrong usage made a folder"

# ---- with each of the fetchers, and each tool for sums

all=$PATH
with() { # NAME...: the script sees only what it needs of the system, and these
    rm -rf tools
    mkdir tools
    for tool in sh awk cat cut df mkdir mv rm sed sleep tr wc "$@"; do
        ln -s "$(PATH=$all command -v "$tool")" "tools/$tool"
    done
    tools=$work/tools
}
sum=sha256sum
command -v sha256sum >/dev/null || sum=shasum
with $sum
get 1 'neither curl nor wget' plain/right
tried=
for fetcher in curl wget; do
    command -v $fetcher >/dev/null || continue
    with $sum $fetcher
    downloads $fetcher
    tried=$fetcher
done
if [ -z "$tried" ]; then
    echo "neither curl nor wget is here: no download was tried; make deps-checks installs them"
    exit $failed
fi
with "$tried"
get 1 'neither sha256sum nor shasum' plain/right
printf '#!/bin/sh\n[ "$*" = "-a 256" ] && exec %s\n' \
    "$(command -v sha256sum || echo shasum -a 256)" >shasum-only
chmod +x shasum-only
mv shasum-only tools/shasum
rm -rf out
get 0 'SHA-256 correct' plain/right
has_both 'shasum alone'

# ---- version 2, and a run that is killed

tools=$all
rm -rf out
get 0 'SHA-256 correct' plain/two --version 2
cmp -s TinyStories-train.txt out/TinyStoriesV2-GPT4-train.txt ||
    failure "version 2: not the right file"
rm -rf out
TINYSTORIES_MIRROR=$address/stall/right TINYSTORIES_PATIENCE=2 "$script" \
    --out out >stdout 2>stderr &
id=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s out/TinyStories-train.txt.part ] && break
    sleep 0.3
done
kill $id
wait $id
[ $? -gt 128 ] || failure "killed: exit status 0"
has_no_train killed
[ -s out/TinyStories-train.txt.part ] || failure "killed: nothing to resume from"
get 0 'resumes after' plain/right
has_both 'after the kill'
[ $failed = 0 ] && echo "test_tinystories.sh: passed"
exit $failed
