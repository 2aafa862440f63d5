#!/bin/sh
# results.sh PROGRAMS [REGISTERS]: writes what this machine gives into RESULTS.md, which is in the
# folder of this script. PROGRAMS is the folder with gpu-test, gpu-bench, sgatlin-gpu (for what is
# measured, where nvidia-smi finds a GPU) and gpu-profile (for what is modelled); REGISTERS is what
# `make gpu-registers` printed. A section for which nothing is here stays as it is. What was not
# run, or failed, is listed as owed. Exit status 1: something failed; the page says what.
set -eu
[ $# = 1 ] || [ $# = 2 ] || {
    echo 'usage: results.sh PROGRAMS [REGISTERS]' >&2
    exit 2
}
programs=$1
page=$(dirname "$0")/RESULTS.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# replace NAME FILE: the lines of the page between <!-- NAME --> and <!-- /NAME -->
replace() {
    awk -v name="$1" -v file="$2" '
        $0 == "<!-- /" name " -->" { skip = 0; ends++ }
        !skip { print }
        $0 == "<!-- " name " -->" {
            while ((getline line < file) > 0) print line
            skip = 1
        }
        END { exit ends != 1 || skip }' "$page" >"$work/page" || {
        echo "results.sh: $page does not have one section $1" >&2
        exit 1
    }
    cat "$work/page" >"$page"
}

owe() { echo "- $1" >>"$work/owed"; }
# measure TITLE PROGRAM COMMAND...: what the command prints, or owed where there is no PROGRAM
measure() {
    title=$1 program=$2 status=0
    shift 2
    if [ -z "$gpu" ] || ! command -v "$program" >/dev/null; then
        owe "$title"
        return
    fi
    echo "$title" >&2
    "$@" >"$work/output" 2>&1 || status=$?
    printf '\n### %s\n\n' "$title"
    if [ $status != 0 ]; then
        printf 'Failed, with exit status %d:\n\n' "$status"
        owe "$title: failed"
        failed=1
    fi
    printf '```text\n'
    cat "$work/output"
    printf '```\n'
}
# The tool's summary; everything that was printed when it found something.
# shellcheck disable=SC2317 # measure calls it
sanitize() { # TOOL
    compute-sanitizer --tool "$1" --error-exitcode 1 "$programs/gpu-test" >"$work/said" 2>&1 &&
        grep '^=========.*SUMMARY' "$work/said" && return
    cat "$work/said"
    return 1
}

measured() {
    : >"$work/owed"
    if [ -n "$gpu" ]; then
        echo "Measured on $(date -u +%Y-%m-%d). Device and driver: $gpu."
    else
        echo 'Nothing was measured: there was no GPU.'
    fi
    measure 'Every kernel version against the chapters (gpu-test)' "$programs/gpu-test" \
        "$programs/gpu-test"
    for tool in memcheck racecheck initcheck synccheck; do
        measure "compute-sanitizer $tool of gpu-test" compute-sanitizer sanitize $tool
    done
    measure 'The time of every kernel version (gpu-bench)' "$programs/gpu-bench" \
        "$programs/gpu-bench"
    measure 'The trainer against the CPU: gradients and ten steps (sgatlin-gpu compare)' \
        "$programs/sgatlin-gpu" "$programs/sgatlin-gpu" compare
    measure 'A training step of every kind of layer (sgatlin-gpu bench step)' \
        "$programs/sgatlin-gpu" "$programs/sgatlin-gpu" bench step
    # results.sh has no command for these
    owe 'The training step beside the same models in JAX, and with torch.compile'
    owe 'The TinyStories runs, mlp and sgatlin: learning curves and stories'
    owe 'The counters of Nsight Compute beside those of gpu-profile'
    printf '\n### Owed\n\n'
    cat "$work/owed"
}

modelled() {
    "$programs/gpu-profile" >"$work/list" || return 1
    lesson=
    while IFS= read -r line; do
        case $line in
        '    '*) ;;
        '  '*)
            task=${line%%:*}
            task=${task#  }
            printf '\n%s\n' "${line#  }"
            "$programs/gpu-profile" "$lesson" --task "$task" --summary >"$work/summary" || return 1
            sed 1d "$work/summary" # the title
            ;;
        *)
            [ -z "$lesson" ] || printf '```\n\n'
            lesson=$line
            printf '### %s\n\n```text' "$lesson"
            ;;
        esac
    done <"$work/list"
    printf '```\n'
}

# One line per kernel: registers of a thread on each architecture, and spilled bytes after a plus.
registers() {
    awk '
        /^Cuda compilation tools/ { print $0 "\n" }
        $1 == "kernel" || $1 == "Cuda" { next }
        NF < 5 { print "results.sh: not a line of gpu-registers: " $0 > "/dev/stderr"; exit 1 }
        {
            arch = $(NF - 3)
            kernel = $0
            sub(" *" arch " +[0-9]+ +[0-9]+ +[0-9]+$", "", kernel)
            if (!(kernel in seen)) kernels[++n] = kernel
            if (!(arch in known)) archs[++m] = arch
            seen[kernel] = known[arch] = 1
            cell[kernel, arch] = $(NF - 2) ($NF > 0 ? "+" $NF : "")
            if ($NF > 0 && !(kernel in spilling)) {
                spilling[kernel] = 1
                spills++
            }
        }
        END {
            if (n == 0) exit 1
            printf "Of %d kernels, %d spill.\n\n", n, spills
            print "```text"
            printf "%-72s", "kernel"
            for (a = 1; a <= m; a++) printf " %8s", archs[a]
            printf "\n"
            for (k = 1; k <= n; k++) {
                printf "%-72s", kernels[k]
                for (a = 1; a <= m; a++) printf " %8s", cell[kernels[k], archs[a]]
                printf "\n"
            }
            print "```"
        }' "$1"
}

gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null) || gpu=
gpu=$(echo "$gpu" | head -n 1)
# What was measured on another machine is not replaced by nothing.
if [ -n "$gpu" ] || ! grep -q '^Measured on ' "$page"; then
    measured >"$work/measured"
    replace measured "$work/measured"
fi
if [ -x "$programs/gpu-profile" ]; then
    modelled >"$work/modelled" || exit 1
    replace modelled "$work/modelled"
fi
if [ $# = 2 ]; then
    registers "$2" >"$work/registers" || exit 1
    replace registers "$work/registers"
fi
exit $failed
