#!/bin/sh
# Makes .venv from the lock file, or brings it up to date. Needs Python 3.11 or later, and the
# package index that pip or uv is configured for. Run it from the root of the clone.
set -eu

PYTHON=.venv/bin/python
STAMP=.venv/footfall-environment

say() { echo "  $*"; }
fail() { echo "footfall: $*" >&2; exit 1; }

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# What the environment was made from: the lock, what the project itself installs, and where it is.
wanted_stamp() {
    cat requirements.txt pyproject.toml | cksum
    pwd -P
}

find_python() {
    # 3.11 first: it is what the lock file was resolved for
    for candidate in python3.11 python3 python3.12 python3.13 python; do
        if command -v "$candidate" >/dev/null 2>&1 && is_recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or later was found. On Debian or Ubuntu: apt-get install python3 python3-venv"
}

make_venv() {
    python=$1
    if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
        return
    fi
    # Debian delivers the venv module without ensurepip
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing $package, which this Python lacks"
        log=$(mktemp)
        if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
            --no-install-recommends "$package"; } >"$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            fail "$package could not be installed; see above"
        fi
        rm -f "$log"
        "$python" -m venv --clear .venv
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear --without-pip .venv
        "$python" -m pip --quiet --python "$PYTHON" install pip
    else
        fail "$python cannot make virtual environments. As root: apt-get install $package"
    fi
}

install_packages() {
    # trust what the operating system trusts, as pip does
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
    uv_version=$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.txt)
    "$PYTHON" -m pip -qq --disable-pip-version-check install "$uv_version"
    if ! "$PYTHON" -m uv --quiet pip install --python "$PYTHON" -r requirements.txt; then
        # uv and pip are configured apart; what pip may reach, uv perhaps may not
        say "uv could not install them; trying pip, which takes longer"
        # the lock is complete, and pip's own resolution trips over extras in one with hashes
        "$PYTHON" -m pip -qq --disable-pip-version-check install --no-deps -r requirements.txt
    fi
    if ! "$PYTHON" -m uv --quiet pip install --python "$PYTHON" --no-deps -e .; then
        "$PYTHON" -m pip -qq --disable-pip-version-check install --no-deps -e .
    fi
}

wanted=$(wanted_stamp)
if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$wanted" ] && [ -x "$PYTHON" ]; then
    exit 0
fi
echo "Making the environment"
if [ ! -x "$PYTHON" ] || ! is_recent "$PYTHON" || ! "$PYTHON" -m pip --version >/dev/null 2>&1; then
    base=$(find_python)
    say "virtual environment with $base"
    make_venv "$base"
fi
say "packages of requirements.txt (some hundred MB the first time)"
install_packages
echo "$wanted" >"$STAMP"
