# What is run, the most telling first: a run may be cut off at any time. Sourced by run. To add a step: a line in each_step, its
# function here, which leaves one JSON object on standard output, and what of it the table shows, in summary.sh.

# each_step COMMAND: COMMAND STEP SECONDS, for each; a step takes no longer than that, where a run has 360 seconds or fewer.
each_step() {
    "$1" devices 20 || return 0
    # Nothing is timed in these, and most of their time goes into compiling.
    together "$1" selftest 90 same_bits 90
    together "$1" device_tests 240 selftest_full 240
    "$1" bench_products 20
    "$1" bench_mnist_fc 20
    "$1" bench_mnist_conv 40
    "$1" tune_mnist_fc 20
    "$1" tune_mnist_conv 20
    "$1" tuned_mnist_fc 20
    "$1" tuned_mnist_conv 40
    "$1" training 30
    "$1" beside_pytorch 90
    "$1" device_tests_full 240
}

together() { # together COMMAND STEP SECONDS STEP SECONDS...: all at once
    command=$1
    shift
    if [ "$command" = take ]; then
        printf '%s %s\n' "$@" | xargs -P $# -I STEP sh "$parts/step" STEP || true
        return
    fi
    while [ $# -gt 0 ]; do
        "$command" "$1" "$2"
        shift 2
    done
}

names=
plan() {
    names="$names $1"
    record "$1" 'not run' 0 ''
}

take() { # take STEP SECONDS
    since=$(now) status=0 step=$1
    STEP_ENDS=$((since + $2 * (seconds > 360 ? seconds : 360) / 360))
    [ "$STEP_ENDS" -le "$deadline" ] || STEP_ENDS=$deadline
    if [ $((STEP_ENDS - since)) -lt 3 ]; then
        record "$step" 'not run' 0 'no time was left'
        return
    fi
    export STEP_ENDS device
    record "$step" running 0 ''
    "step_$step" >"$out/steps/$step.out" 2>"$out/steps/$step.log" <"$work/nothing" || status=$?
    case $status in
        0) result=passed ;;
        77) result='not there' ;;
        *) [ "$(now)" -lt "$STEP_ENDS" ] && result=failed || result='timed out' ;;
    esac
    numbers=$("summary_$step" "$out/steps/$step.out")
    [ "$result" = passed ] || numbers="$numbers${numbers:+; }$(cause "$out/steps/$step.log")"
    record "$step" "$result" $(($(now) - since)) "$numbers"
    printf '%4d s  %-18s %-10s %s\n' $(($(now) - begun)) "$step" "$result" "$numbers"
    # Without a device there is nothing to run.
    [ "$step" != devices ] || [ "$result" = passed ]
}

# The line that says why: the first of vae-cl's own, else the last.
cause() { grep -m 1 '^vae-cl: ' "$1" || tail -n 1 "$1"; }

vae_cl() { sh "$parts/bounded" "$here/bin/vae-cl" "$@"; }
on_device() { vae_cl "$@" --device "$device" --json -q; }
not_there() { echo "$*" >&2 && return 77; }
mnist() { [ -d mnist ] && echo mnist || echo digits; }

step_devices() {
    vae_cl devices --json || return
    found=$(of_device id "$out/steps/devices.out")
    [ -n "$found" ] || { echo "there is no device '$device'" >&2 && return 1; }
    device=$found
}
step_selftest() { on_device selftest; }
step_selftest_full() { on_device selftest --full; }
step_same_bits() { sh "$parts/same_bits" compare "$work/same_bits" expected; }
step_device_tests() { VAE_CL_TEST_SMALL=1 sh "$parts/device_tests" "$out/tests"; }
step_device_tests_full() {
    [ "$(of_device type "$out/steps/devices.out")" != CPU ] || not_there 'no GPU: ci/runtimes runs them all on CPUs' || return
    sh "$parts/device_tests" "$out/tests_full"
}
step_bench_products() { on_device bench --only gemm --seconds 0.2; }
step_bench_mnist_fc() { on_device bench --only training --model mnist-fc --seconds 0.5; }
step_bench_mnist_conv() { on_device bench --only training --model mnist-conv --seconds 0.5; }
step_tune_mnist_fc() { on_device tune --model mnist-fc --seconds 8; }
step_tune_mnist_conv() { on_device tune --model mnist-conv --seconds 8; }
step_tuned_mnist_fc() { step_bench_mnist_fc; }
step_tuned_mnist_conv() { step_bench_mnist_conv; }
step_training() { on_device train --data "$(mnist)" --model mnist-fc --epochs 5 --out "$work/run"; }

step_beside_pytorch() {
    [ "$(of_device type "$out/steps/devices.out")" != CPU ] || not_there 'no GPU' || return
    python=$(command -v python3) || not_there 'no python3' || return
    has='import sys, numpy, torch; sys.exit(None if torch.cuda.is_available() else "PyTorch finds no GPU")'
    timeout -k 3 60 "$python" -c "$has" || return 77
    timeout -k 3 "$((STEP_ENDS - $(now)))" "$python" bench/compare --vae-cl "$here/vae-cl" --python "$python" --only gpu \
        --device "$device" --rounds 3 --seconds 1 --out "$out/compare" >&2
    status=$?
    [ ! -e "$out/compare/benchmarks.json" ] || cat "$out/compare/benchmarks.json"
    return $status
}
