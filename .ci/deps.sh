#!/bin/sh
# deps.sh NEED…: installs what `make` looked for and did not find, with the system's package
# manager.
# Only apt was tried; the names for dnf, pacman and Homebrew come from their package lists.
set -eu

say() { printf 'deps: %s\n' "$*"; }
stop() {
    printf 'deps: %s\n' "$*" >&2
    exit 1
}

manager=
for m in apt-get dnf pacman brew; do
    if command -v "$m" >/dev/null; then
        manager=$m
        break
    fi
done

# The packages of one need. OpenMP comes with gcc; clang wants the libomp of its own version.
compiler=$(basename "${CC:-cc}")
packages() {
    case $manager:$1 in
        apt-get:compiler)
            case $compiler in cc) echo gcc libc6-dev ;; *) echo "$compiler" libc6-dev ;; esac
            ;;
        apt-get:jansson) echo libjansson-dev ;;
        apt-get:utf8proc) echo libutf8proc-dev ;;
        apt-get:xxhash) echo libxxhash-dev ;;
        apt-get:zlib) echo zlib1g-dev ;;
        apt-get:stb) echo libstb-dev ;;
        apt-get:font) echo fonts-inter ;;
        apt-get:onednn) echo libdnnl-dev ;;
        # Not the pthread build: its waiting threads take the processor from OpenMP's.
        apt-get:cblas) echo libopenblas-openmp-dev pkg-config ;;
        apt-get:openmp)
            case $compiler in
                clang-*) echo "libomp-${compiler#clang-}-dev" ;;
                clang) echo libomp-dev ;;
            esac
            ;;
        apt-get:check) echo check libsubunit-dev pkg-config ;;
        apt-get:cxx) echo g++ ;;
        apt-get:sdl2) echo libsdl2-dev pkg-config ;;
        apt-get:md4c) echo libmd4c-dev pkg-config ;;
        apt-get:checks)
            echo clang libomp-dev libclang-rt-dev clang-format shellcheck curl wget xvfb xdotool \
                x11-xserver-utils
            ;;

        dnf:compiler) case $compiler in cc) echo gcc ;; *) echo "$compiler" ;; esac ;;
        dnf:jansson) echo jansson-devel ;;
        dnf:utf8proc) echo utf8proc-devel ;;
        dnf:xxhash) echo xxhash-devel ;;
        dnf:zlib) echo zlib-devel ;;
        dnf:stb)
            echo stb_image-devel stb_image_write-devel stb_truetype-devel stb_easy_font-devel
            ;;
        dnf:font) echo rsms-inter-fonts ;;
        dnf:onednn) echo onednn-devel ;;
        dnf:cblas) echo openblas-devel pkgconf-pkg-config ;;
        dnf:openmp) case $compiler in clang*) echo libomp-devel ;; esac ;;
        dnf:check) echo check-devel pkgconf-pkg-config ;;
        dnf:cxx) echo gcc-c++ ;;
        dnf:sdl2) echo SDL2-devel pkgconf-pkg-config ;;
        dnf:md4c) echo md4c-devel pkgconf-pkg-config ;;
        dnf:checks)
            echo clang libomp-devel compiler-rt clang-tools-extra ShellCheck curl wget \
                xorg-x11-server-Xvfb xdotool xrandr
            ;;

        pacman:compiler) case $compiler in cc) echo gcc ;; *) echo "$compiler" ;; esac ;;
        pacman:utf8proc) echo libutf8proc ;;
        pacman:jansson | pacman:xxhash | pacman:zlib | pacman:stb) echo "$1" ;;
        pacman:font) echo inter-font ;;
        pacman:onednn) echo onednn ;;
        pacman:cblas) echo openblas pkgconf ;;
        pacman:openmp) case $compiler in clang*) echo openmp ;; esac ;;
        pacman:check) echo check pkgconf ;;
        pacman:cxx) echo gcc ;;
        pacman:sdl2) echo sdl2 pkgconf ;;
        pacman:md4c) echo md4c pkgconf ;;
        pacman:checks)
            echo clang openmp compiler-rt shellcheck curl wget xorg-server-xvfb xdotool xorg-xrandr
            ;;

        brew:compiler)
            stop "a compiler comes with Apple's command line tools: xcode-select --install"
            ;;
        brew:stb)
            stop "Homebrew has no stb: put stb_image_write.h, stb_truetype.h and stb_easy_font.h" \
                "of github.com/nothings/stb into $(brew --prefix)/include/stb/"
            ;;
        brew:zlib) ;; # part of the system
        brew:font) ;; # Helvetica is part of the system
        brew:argp) echo argp-standalone ;;
        brew:jansson | brew:utf8proc | brew:xxhash) echo "$1" ;;
        brew:cblas) ;; # Accelerate is part of the system
        brew:openmp) echo libomp ;;
        brew:check) echo check pkgconf ;;
        brew:cxx) echo gcc ;;
        brew:sdl2) echo sdl2 pkgconf ;;
        brew:md4c) echo md4c pkgconf ;;
        brew:checks) echo llvm clang-format shellcheck curl wget ;;
        *:argp) ;; # part of glibc
        *) stop "no package is known for $1; install it by hand" ;;
    esac
}

# make looks for what it builds with; what only the checks use is looked for here.
checks_work() {
    for program in clang-format shellcheck curl; do
        command -v "$program" >/dev/null || return 1
    done
    # for the window's tests; not on macOS
    for program in Xvfb xdotool xrandr; do
        [ "$manager" = brew ] || command -v "$program" >/dev/null || return 1
    done
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fopenmp -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        say "$*"
        "$@"
    elif command -v sudo >/dev/null; then
        say "sudo $*"
        sudo "$@"
    else
        stop "this needs root, and there is no sudo. As root, run: $*"
    fi
}

apt_install() {
    # shellcheck disable=SC2086 # packages, one word each
    set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
    # The lists of packages may be missing or old: fetched only then, and again should the network
    # fail.
    "$@" --simulate >/dev/null 2>&1 && as_root "$@" && return
    for pause in 2 10 30; do
        as_root apt-get -o Acquire::Retries=3 update && as_root "$@" && return
        sleep "$pause"
    done
    stop "apt-get could not install: $missing (on Ubuntu, some are in the section universe)"
}

if [ "$*" = checks ] && checks_work; then set --; fi
if [ $# = 0 ]; then
    say "nothing to install"
    exit 0
fi
[ "$manager" ] || stop "none of apt-get, dnf, pacman and brew is here. Install by hand: $*"
missing=
for need in "$@"; do
    found=$(packages "$need")
    for package in $found; do
        case " $missing " in *" $package "*) ;; *) missing="$missing${missing:+ }$package" ;; esac
    done
done
say "not found: $*"
[ "$missing" ] || stop "no package of $manager is known to bring it"
[ "$manager" = apt-get ] || say "$manager was never tried; should a name be wrong, please tell us"
# shellcheck disable=SC2086
case $manager in
    apt-get) apt_install ;;
    dnf) as_root dnf install -y $missing ;;
    pacman) as_root pacman -S --needed --noconfirm $missing ;;
    brew) brew install $missing ;;
esac
say "installed: $missing"
