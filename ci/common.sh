# What the scripts in this folder share. Sourced, with the repository's root as the current folder.

root=$(pwd -P)
work=$(TMPDIR=${work_in:-${TMPDIR:-/tmp}} mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n==> %s\n' "$*"; }

# configure DIR [OPTION...]: sets DIR up unless that was done before, in full, with these options and this meson, for this
# checkout. Anything else in its place (a build that was cut short, a copy of another checkout's) is made anew.
configure() {
    dir=$1
    shift
    as="$root $(meson --version) ${CC:-cc} ${CFLAGS:-} $*"
    if [ -e "$dir/build.ninja" ] && [ "$(cat "$dir/.configured-as" 2>/dev/null)" = "$as" ]; then
        return 0
    fi
    rm -rf "$dir"
    meson setup "$dir" "$@" >"$work/setup.log" 2>&1 </dev/null || { cat "$work/setup.log"; return 1; }
    printf '%s\n' "$as" >"$dir/.configured-as"
}

# only_icd FOLDER NAME...: makes FOLDER, in which the ICD loader finds these drivers and no others.
only_icd() {
    folder=$1
    shift
    mkdir -p "$folder"
    for driver; do
        printf '%s\n' "$driver" >"$folder/$(basename "$driver").icd"
    done
}
