#!/bin/sh
# The real TinyStories corpus (Eldan and Li 2023, arXiv 2305.07759), about 2 GB, checked against the sizes and sums that
# stand beside it. What was fetched stays in FILE.part until it is whole and right; only then it takes its name.
# Linux and macOS; wants curl or wget.
set -u
patience=${TINYSTORIES_PATIENCE:-60} # seconds without a byte
name=tinystories.sh
base=${TINYSTORIES_MIRROR:-https://huggingface.co/datasets/roneneldan/TinyStories}
version=1
out=data/tinystories

usage() {
    cat <<END
Usage: tinystories.sh [--version 1|2] [--out DIR]

  --version 1   TinyStories-train.txt and -valid.txt, as the papers use it: 2,119,719 stories (default)
  --version 2   TinyStoriesV2-GPT4-train.txt and -valid.txt, by GPT-4 alone
  --out DIR     where they go (default data/tinystories)

Run it again to go on where it was broken off. TINYSTORIES_MIRROR names another base address (http or https) that has
raw/main/FILE, the git-LFS pointer, and resolve/main/FILE, the text. Exit status: 0 done, 1 failed, 2 wrong usage.
END
}
say() { printf '%s\n' "$*"; }
stop() {
    printf '%s: %s\n' "$name" "$*" >&2
    exit 1
}
misused() {
    printf '%s: %s; --help says more\n' "$name" "$*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    option=$1
    shift
    case $option in
        --help | -h) usage && exit 0 ;;
        --version=* | --out=*) set -- "${option%%=*}" "${option#*=}" "$@" ;;
        --version | --out)
            [ -n "${1:-}" ] || misused "$option wants a value"
            if [ "$option" = --out ]; then out=$1; else version=$1; fi
            shift
            ;;
        *) misused "there is no option $option" ;;
    esac
done
case $version in
    1) stem=TinyStories ;;
    2) stem=TinyStoriesV2-GPT4 ;;
    *) misused "--version $version: wanted 1 or 2" ;;
esac
# What begins with https stays with it, also where the server sends us elsewhere.
case $base in
    https://?*) protocols='=https' ;;
    http://?*) protocols='=http,https' ;;
    *) misused "TINYSTORIES_MIRROR=$base: wanted an address that begins with http:// or https://" ;;
esac
while [ "$base" != "${base%/}" ]; do base=${base%/}; done

# ---- tools

has() { command -v "$1" >/dev/null 2>&1; }
if has curl; then
    fetcher=curl
elif has wget; then
    fetcher=wget
else
    stop "neither curl nor wget is here; install one of them with the system's package manager"
fi
if has sha256sum; then
    sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
elif has shasum; then
    sum_of() { shasum -a 256 <"$1" | cut -d ' ' -f 1; }
else
    stop "neither sha256sum nor shasum is here to check the download with; install coreutils or perl"
fi
size_of() { if [ -e "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi; }
megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'; }

quiet='--silent'
[ ! -t 2 ] || quiet='--progress-bar'

# fetch URL FILE: appends what FILE lacks. outcome: complete (as the server sees it), restart (it sends from the first
# byte only), refused, full (FILE cannot be written) or broken; why: the same in words.
fetch() {
    outcome=broken
    if [ $fetcher = curl ]; then
        code=$(curl --fail --location --proto "$protocols" --proto-redir "$protocols" --connect-timeout 30 \
            --speed-limit 1 --speed-time "$patience" "$quiet" --continue-at - --output "$2" \
            --write-out '%{http_code}' "$1")
        status=$?
        case $status in
            0) outcome=complete why= ;;
            6) why="no such server" ;;
            7) why="no connection" ;;
            22) refused ;;
            23) outcome=full why="it cannot be written" ;;
            28) why="nothing came for $patience seconds" ;;
            33) outcome=restart why="the server cannot go on in the middle" ;;
            35 | 60) why="no secure connection" ;;
            *) why="broken off" ;;
        esac
    else # goes on by itself also where the server sends from the first byte only
        messages=$(wget -nv -S -c -t 1 -T "$patience" -O "$2" "$1" 2>&1)
        status=$?
        code=$(printf '%s\n' "$messages" | awk '$1 ~ /^HTTP\// { code = $2 } END { print code }')
        case $status in
            0) outcome=complete why= ;;
            3) outcome=full why="it cannot be written" ;;
            5) why="no secure connection" ;;
            8) refused ;;
            *) why="no connection, or broken off" ;;
        esac
    fi
}
refused() {
    case $code in
        416) outcome=complete why= ;; # asked for bytes behind the last
        404) outcome=refused why="is not there (404)" ;;
        4??) outcome=refused why="the server refused it ($code)" ;;
        *) why="the server failed ($code)" ;;
    esac
}

# ---- what there is to fetch: sizes and sums

# pointer FILE: sets size and sum; problem says why not.
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
        problem="$url: is no git-LFS pointer with a size and a sha256; $hint"
    fi
}
hint="is the network up?"
[ -z "${TINYSTORIES_MIRROR:-}" ] || hint="is TINYSTORIES_MIRROR right?"

# is_there FILE: under its final name? That is never written over.
is_there() {
    [ -e "$out/$1" ] || return 1
    if [ -n "$problem" ]; then
        say "$out/$1: is there (not compared: $problem)"
    elif [ "$(size_of "$out/$1")" != "$size" ]; then
        stop "$out/$1: has $(size_of "$out/$1") bytes, wanted $size; move it away and run this again"
    elif [ "$(sum_of "$out/$1")" != "$sum" ]; then
        stop "$out/$1: has another SHA-256 than its pointer says; move it away and run this again"
    else
        say "$out/$1: is there, and right"
    fi
}

# ---- one file

elsewhere="try another day, or another TINYSTORIES_MIRROR"

# download FILE SIZE SUM
download() {
    url=$base/resolve/main/$1
    part=$out/$1.part
    barren=0 # answers in a row that brought nothing
    restarts=0
    [ "$(size_of "$part")" -le "$2" ] || rm -f "$part"
    [ "$(size_of "$part")" = 0 ] || say "$part: goes on behind $(megabytes "$(size_of "$part")") of $(megabytes "$2")"
    while had=$(size_of "$part") && [ "$had" -lt "$2" ]; do
        fetch "$url" "$part"
        now=$(size_of "$part")
        if [ "$now" -gt "$had" ] && [ $outcome != full ]; then
            barren=0
            continue
        fi
        [ "$now" != 0 ] || rm -f "$part"
        case $outcome in
            complete) stop "$url: ends behind $now bytes, its pointer says $2; $elsewhere" ;;
            restart)
                restarts=$((restarts + 1))
                [ $restarts -le 2 ] || stop "$url: breaks off, and $why; $elsewhere"
                rm -f "$part"
                ;;
            refused) stop "$url: $why; $hint" ;;
            full) stop "$part: $why; make room and run this again to go on" ;;
            broken)
                barren=$((barren + 1))
                [ $barren -lt 3 ] || stop "$url: $why behind $now of $2 bytes; run this again to go on"
                sleep 1
                ;;
        esac
    done
    if [ "$(size_of "$part")" != "$2" ] || [ "$(sum_of "$part")" != "$3" ]; then
        rm -f "$part"
        stop "$url: what came has another size or SHA-256 than its pointer says, and was removed; run this again"
    fi
    mv "$part" "$out/$1" || stop "$out/$1: cannot be made from $part"
    say "$out/$1: $(megabytes "$2"), SHA-256 right"
}

# ---- both

if ! mkdir -p "$out" 2>/dev/null || [ ! -w "$out" ]; then
    stop "$out: cannot be made or written; name another folder with --out"
fi
beside=
trap 'rm -f "$beside"' EXIT
trap 'exit 130' INT TERM
trap '' XFSZ # a file over the user's limit is a write error, like a full disk
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
    # The column before the one with the percent sign: a device's name may hold blanks.
    free=$(df -Pk "$out" | awk 'NR == 2 { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+%$/) print $(i - 1) }')
    [ "${free:-$missing}" -gt $((missing / 1024)) ] ||
        stop "$out: needs $(megabytes $missing), has $(megabytes $((free * 1024))); make room, or name another --out"
fi
while [ $# -gt 0 ]; do
    download "$1" "$2" "$3"
    shift 3
done
say "next: build/sgatlin data --text $out/$train --valid $out/$valid --out data/ts"
