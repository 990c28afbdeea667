# What is known of each step, written down at once: whatever cuts a run off leaves valid JSON and a table. Sourced by run.

now() { date +%s; }
escaped() { tr -d '\000-\010\013-\037' | tr '\n\t' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g; s/ *$//'; }
value() { sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},*$/\1/p" "$2" | head -n 1; } # value KEY FILE, of our programs' JSON

# A program writes its JSON at its end: one that was stopped has written none, or not all.
whole_json() { [ "$(head -c 1 "$1")" = '{' ] && [ "$(tail -n 1 "$1")" = '}' ]; }

# record STEP RESULT SECONDS NUMBERS
record() {
    {
        printf '{"step": "%s", "result": "%s", "seconds": %d, "numbers": "%s"' "$1" "$2" "$3" "$(printf %s "$4" | escaped)"
        if [ -e "$out/steps/$1.out" ] && whole_json "$out/steps/$1.out"; then
            printf ', "output": ' && cat "$out/steps/$1.out"
        fi
        printf '}\n'
    } >"$out/steps/$1.json"
    printf '| %s | %s | %d | %s |\n' "$1" "$2" "$3" "$4" >"$out/steps/$1.row"
    write_results false
}

describe_machine() {
    cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>"$work/ignored" | head -n 1)
    gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>"$work/ignored" | head -n 1)
    printf '{"date": "%s", "kernel": "%s", "cpu": "%s", "cores": %d, "nvidia-smi": "%s", "libraries": "%s"}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(uname -sr)" "$(printf %s "$cpu" | escaped)" "$(nproc)" \
        "$(printf %s "$gpu" | escaped)" "$libraries"
}

# In the order of the plan. Under their own names only when whole; steps that run together write at once.
write_results() { # write_results true|false: have all steps had their turn?
    {
        printf '{"complete": %s, "seconds": %d,\n"bundle": ' "$1" $(($(now) - begun))
        cat "$here/about.json"
        printf ',"machine": '
        cat "$work/machine.json"
        printf ',"steps": [\n'
        between=
        for name in $names; do
            printf %s "$between"
            cat "$out/steps/$name.json"
            between=,
        done
        printf ']}\n'
    } >"$work/results.json.$$" && mv "$work/results.json.$$" "$out/results.json"
    {
        printf '| step | result | seconds | numbers |\n|---|---|---|---|\n'
        for name in $names; do cat "$out/steps/$name.row"; done
    } >"$work/results.md.$$" && mv "$work/results.md.$$" "$out/results.md"
}
