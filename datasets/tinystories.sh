#!/bin/sh
# Downloads the TinyStories corpus (Eldan and Li 2023, arXiv 2305.07759), about 2 GB, and checks its
# size and SHA-256. A download stays in FILE.part until it is complete and correct, and is renamed
# then. Linux and macOS; needs curl or wget.
set -u
patience=${TINYSTORIES_PATIENCE:-60} # seconds without data before giving up
name=tinystories.sh
base=${TINYSTORIES_MIRROR:-https://huggingface.co/datasets/roneneldan/TinyStories}
version=1
out=data/tinystories

usage() {
    cat <<END
Usage: tinystories.sh [--version 1|2] [--out DIR]

  --version 1   TinyStories-train.txt and -valid.txt, the version of the papers: 2,119,719 stories
                (default)
  --version 2   TinyStoriesV2-GPT4-train.txt and -valid.txt, written by GPT-4 only
  --out DIR     output folder (default data/tinystories)

Run it again to resume an interrupted download. TINYSTORIES_MIRROR sets another base address (http
or https) that has raw/main/FILE, the git-LFS pointer, and resolve/main/FILE, the text. Exit status:
0 done, 1 failed, 2 wrong usage.
END
}
say() { printf '%s\n' "$*"; }
stop() {
    printf '%s: %s\n' "$name" "$*" >&2
    exit 1
}
misused() {
    printf '%s: %s; see --help\n' "$name" "$*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
        --help | -h) usage && exit 0 ;;
        --version=* | --out=*) set -- "${option%%=*}" "${option#*=}" "$@" ;;
        --version | --out)
            [ -n "${1:-}" ] || misused "$option needs a value"
            if [ "$option" = --out ]; then out=$1; else version=$1; fi
            shift
            ;;
        *) misused "unknown option $option" ;;
    esac
done
case $version in
    1) stem=TinyStories ;;
    2) stem=TinyStoriesV2-GPT4 ;;
    *) misused "--version $version: expected 1 or 2" ;;
esac
# An https address must stay https, also when redirected.
case $base in
    https://?*) protocols='=https' ;;
    http://?*) protocols='=http,https' ;;
    *) misused "TINYSTORIES_MIRROR=$base: expected an address with http:// or https://" ;;
esac
while [ "$base" != "${base%/}" ]; do base=${base%/}; done

# ---- tools

has() { command -v "$1" >/dev/null 2>&1; }
if has curl; then
    fetcher=curl
elif has wget; then
    fetcher=wget
else
    stop "neither curl nor wget is installed; install one with the system's package manager"
fi
if has sha256sum; then
    sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif has shasum; then
    sum_of() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
else
    stop "neither sha256sum nor shasum is installed; install coreutils or perl"
fi
size_of() { if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi; }
megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'; }

quiet='--silent'
[ ! -t 2 ] || quiet='--progress-bar'

# fetch URL FILE: appends the missing bytes to FILE. Sets outcome to complete (according to the
# server), restart (the server cannot resume), refused, full (FILE cannot be written) or broken, and
# why to a text for messages.
fetch() {
    outcome=broken
    if [ $fetcher = curl ]; then
        code=$(curl --fail --location --proto "$protocols" --proto-redir "$protocols" \
            --connect-timeout 30 --speed-limit 1 --speed-time "$patience" "$quiet" \
            --continue-at - --output "$2" --write-out '%{http_code}' "$1")
        status=$?
        case $status in
            0) outcome=complete why= ;;
            6) why="the server was not found" ;;
            7) why="cannot connect" ;;
            22) refused ;;
            23) outcome=full why="cannot be written" ;;
            28) why="no data for $patience seconds" ;;
            33) outcome=restart why="the server cannot resume it" ;;
            35 | 60) why="cannot connect securely" ;;
            *) why="interrupted" ;;
        esac
    else # wget resumes by itself, also if the server only sends from the first byte
        messages=$(wget -nv -S -c -t 1 -T "$patience" -O "$2" "$1" 2>&1)
        status=$?
        code=$(printf '%s\n' "$messages" | awk '$1 ~ /^HTTP\// { code = $2 } END { print code }')
        case $status in
            0) outcome=complete why= ;;
            3) outcome=full why="cannot be written" ;;
            5) why="cannot connect securely" ;;
            8) refused ;;
            *) why="cannot connect, or interrupted" ;;
        esac
    fi
}
refused() {
    case $code in
        416) outcome=complete why= ;; # the range starts at the end: nothing is missing
        404) outcome=refused why="not found (404)" ;;
        4??) outcome=refused why="the server refused it ($code)" ;;
        *) why="the server failed ($code)" ;;
    esac
}

# ---- sizes and hashes

# pointer FILE: sets size and sum, or problem.
pointer() {
    url=$base/raw/main/$1
    beside=$out/$1.pointer.$$
    problem=
    fetch "$url" "$beside"
    size=$(sed -n 's/^size \([1-9][0-9]\{0,17\}\)$/\1/p' "$beside" 2>/dev/null)
    sum=$(sed -n 's/^oid sha256:\([0-9a-f]\{64\}\)$/\1/p' "$beside" 2>/dev/null)
    rm -f "$beside"
    if [ $outcome != complete ]; then
        problem="$url: $why; $hint"
    elif [ -z "$size" ] || [ ${#sum} != 64 ]; then
        problem="$url: not a git-LFS pointer with a size and a sha256; $hint"
    fi
}
hint="is the network up?"
[ -z "${TINYSTORIES_MIRROR:-}" ] || hint="is TINYSTORIES_MIRROR right?"

# is_there FILE: whether it exists under its final name, where it is never overwritten.
is_there() {
    [ -e "$out/$1" ] || return 1
    if [ -n "$problem" ]; then
        say "$out/$1: exists (not checked: $problem)"
    elif [ "$(size_of "$out/$1")" != "$size" ]; then
        stop "$out/$1: $(size_of "$out/$1") bytes instead of $size; move it away and run this again"
    elif [ "$(sum_of "$out/$1")" != "$sum" ]; then
        stop "$out/$1: wrong SHA-256; move it away and run this again"
    else
        say "$out/$1: exists, SHA-256 correct"
    fi
}

# ---- one file

elsewhere="try again later, or another TINYSTORIES_MIRROR"

# download FILE SIZE SUM
download() {
    url=$base/resolve/main/$1
    part=$out/$1.part
    failures=0 # attempts in a row without data
    restarts=0
    [ "$(size_of "$part")" -le "$2" ] || rm -f "$part"
    [ "$(size_of "$part")" = 0 ] ||
        say "$part: resumes after $(megabytes "$(size_of "$part")") of $(megabytes "$2")"
    while had=$(size_of "$part") && [ "$had" -lt "$2" ]; do
        fetch "$url" "$part"
        now=$(size_of "$part")
        if [ "$now" -gt "$had" ] && [ $outcome != full ]; then
            failures=0
            continue
        fi
        [ "$now" != 0 ] || rm -f "$part"
        case $outcome in
            complete) stop "$url: ends after $now of $2 bytes; $elsewhere" ;;
            restart)
                restarts=$((restarts + 1))
                [ $restarts -le 2 ] || stop "$url: interrupted, and $why; $elsewhere"
                rm -f "$part"
                ;;
            refused) stop "$url: $why; $hint" ;;
            full) stop "$part: $why; free some space and run this again to resume" ;;
            broken)
                failures=$((failures + 1))
                [ $failures -lt 3 ] ||
                    stop "$url: $why after $now of $2 bytes; run this again to resume"
                sleep 1
                ;;
        esac
    done
    if [ "$(size_of "$part")" != "$2" ] || [ "$(sum_of "$part")" != "$3" ]; then
        rm -f "$part"
        stop "$url: wrong size or SHA-256; the download was removed, run this again"
    fi
    mv "$part" "$out/$1" || stop "$part: cannot be renamed to $out/$1"
    say "$out/$1: $(megabytes "$2"), SHA-256 correct"
}

# ---- both files

if ! mkdir -p "$out" 2>/dev/null || [ ! -w "$out" ]; then
    stop "$out: cannot be created or written; choose another folder with --out"
fi
beside=
trap 'rm -f "$beside"' EXIT
trap 'exit 130' INT TERM
trap '' XFSZ # exceeding the file size limit is a write error, as on a full disk
train=$stem-train.txt
valid=$stem-valid.txt
missing=0
for file in "$valid" "$train"; do
    pointer "$file"
    is_there "$file" && continue
    [ -z "$problem" ] || stop "$problem"
    set -- "$@" "$file" "$size" "$sum"
    missing=$((missing + size - $(size_of "$out/$file.part")))
done
if [ $# = 0 ]; then
    say "nothing to do"
else
    # The column before the one with the percent sign: the name of a device may contain spaces.
    free=$(df -Pk "$out" |
        awk 'NR == 2 { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+%$/) print $(i - 1) }')
    [ "${free:-$missing}" -gt $((missing / 1024)) ] ||
        stop "$out: $(megabytes $missing) needed, $(megabytes $((free * 1024))) free; free some" \
            "space, or choose another --out"
fi
while [ $# -gt 0 ]; do
    download "$1" "$2" "$3"
    shift 3
done
say "next: build/sgatlin data --text $out/$train --valid $out/$valid --out data/ts"
