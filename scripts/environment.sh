# Read by the other scripts (POSIX sh), which set `root`: find Python, make an environment.
# shellcheck shell=sh disable=SC2154

say() {
    printf 'ser-live: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Run a command without a word, unless it fails.
quietly() {
    quiet_output=$("$@" 2>&1 </dev/null) && return
    printf '%s\n' "$quiet_output" >&2
    return 1
}

# Install Debian packages as root, otherwise say how; sudo is the user's own decision.
install_debian() {
    command -v apt-get >/dev/null || fail "missing: $* (Debian's names); install and try again."
    if [ "$(id -u)" -ne 0 ]; then
        say "missing: $*. Run this as root, then try again:"
        printf '    apt-get update && apt-get install -y %s\n' "$*" >&2
        exit 1
    fi
    say "installing with apt-get: $*"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    quietly apt-get -q -o DPkg::Lock::Timeout=120 update || say "apt-get update failed; going on."
    quietly apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" ||
        fail "apt-get could not install $*; see above."
}

# Print the path of a Python that the locks are made for; $1 is what else it has to import.
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        "$candidate" -c "
import os, sys, $1
if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit(1)
print(os.path.realpath(sys.executable))" 2>/dev/null && return
    done
    return 1
}

fail_without_python() {
    fail "needs Python 3.11, 3.12 or 3.13, found $(python3 --version 2>&1): install one of these."
}

# Whether environment $1 is complete and made from lock $2.
is_ready() {
    [ -x "$1/bin/python" ] && cmp -s "$2" "$1/installed.txt"
}

# Environment $1 is new, half-made or its Python is gone.
is_unusable() {
    [ -e "$1/unfinished" ] || ! "$1/bin/python" -c '
import pip, sys
sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

# Bring environment $1 to lock $2; a second caller waits for the first.
make_environment() {
    if ! is_ready "$1" "$2"; then
        exec 9<"$2"
        if command -v flock >/dev/null; then flock 9; fi
        if ! is_ready "$1" "$2"; then fill_environment "$1" "$2"; fi
        exec 9<&-
    fi
    compile_kernel "$1"
}

# Compile models/kernel with the Python of environment $1, once after each change of it. Nothing
# needs it: where there is no compiler, or no room, numpy does the same.
compile_kernel() {
    kernel=$root/models/kernel
    if [ -e "$kernel/compiled/tried" ] &&
        [ -z "$(find "$kernel" -maxdepth 1 -type f -newer "$kernel/compiled/tried")" ]; then
        return
    fi
    if [ ! -w "$kernel" ] || ! command -v "${CC:-cc}" >/dev/null; then return; fi
    PYTHONPATH=$root quietly "$1/bin/python" -P -m models.kernel.build ||
        say "models/kernel could not be compiled, see above: numpy does it, slower."
    mkdir -p "$kernel/compiled" && touch "$kernel/compiled/tried"
}

fill_environment() {
    say "setting up $1 (once; downloads packages) ..."
    if is_unusable "$1"; then new_environment "$1"; fi
    rm -f "$1/installed.txt"
    : >"$1/unfinished"
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
        quietly "$1/bin/python" -m pip install --quiet --no-input --require-hashes -r "$2" ||
        fail "could not install the packages of $2; see above, and try again when online."
    cp "$2" "$1/installed.txt"
    rm "$1/unfinished"
}

new_environment() {
    if base=$(find_python ensurepip,venv); then
        quietly "$base" -m venv --clear "$1" || fail "could not make $1; see above."
    else
        base=$(find_python venv) || fail_without_python
        quietly "$base" -m venv --clear --without-pip "$1" || fail "could not make $1; see above."
        quietly "$1/bin/python" "$root/scripts/fetch_pip.py" "$root/locks/pip.txt" ||
            install_debian python3-venv
    fi
}

# Print the Debian packages without which no environment can be made.
missing_for_python() {
    find_python ensurepip,venv >/dev/null && return
    if find_python venv >/dev/null; then
        echo python3-venv
    elif ! command -v python3 >/dev/null; then
        echo python3 python3-venv
    else
        fail_without_python
    fi
}

# Run module $2 of the checkout in environment $1. -P: a folder named models where the user
# happens to be is not ours.
run_module() {
    interpreter=$1/bin/python
    shift
    PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
    export PYTHONPATH
    exec "$interpreter" -P -m "$@"
}
