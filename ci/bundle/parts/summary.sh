# What the table shows of each step's JSON. Sourced by run. Each prints nothing where there is nothing.

has() { [ -s "$1" ] && whole_json "$1"; }

# of_device KEY FILE: what `vae-cl devices --json` says of the device in use, or, before one is chosen, of the default one.
of_device() {
    awk -F'": ' -v key="$1" -v id="$device" '
        { gsub(/^ *"|"?,?$/, "", $1); gsub(/^"|"?,?$/, "", $2); field[$1] = $2 }
        /^ *}/ { if (id == "" ? field["default"] == "true" : field["id"] == id) { print field[key]; exit } split("", field) }' "$2"
}

summary_devices() {
    [ -z "$(of_device id "$1")" ] || echo "$device: $(of_device name "$1"), $(of_device platform "$1"), driver $(of_device driver "$1")"
}

summary_selftest() {
    ! has "$1" || awk -F': ' -v cases="$(value cases "$1")" '/"failed"/ { failed += $2 }
        END { printf "%d cases, %d failed\n", cases, failed }' "$1"
}
summary_selftest_full() { summary_selftest "$1"; }

summary_same_bits() {
    ! has "$1" || awk '/"same": true/ { same++ } /"same": false/ { other++ }
        END { printf "%d files identical, %d not\n", same, other }' "$1"
}

summary_device_tests() {
    ! has "$1" || awk -F'[:,}] *' '/"program"/ { for (i = 1; i < NF; i++) { if ($i ~ /"passed"/) passed += $(i + 1)
        if ($i ~ /"failed"/) failed += $(i + 1) } programs++; whole += /"result": "passed"/ }
        END { printf "%d of %d programs, %d tests passed, %d failed\n", whole, programs, passed, failed }' "$1"
}
summary_device_tests_full() { summary_device_tests "$1"; }

summary_bench_products() {
    ! has "$1" || awk -F': ' '/"peak_gflops"/ { peak = $2 + 0 } /"name"/ { name = $2 } /"gflops"/ && name ~ /square-1024/ { square = $2 + 0 }
        END { printf "1024 x 1024 x 1024: %.0f GFLOP/s of a measured peak of %.0f\n", square, peak }' "$1"
}

summary_bench_mnist_fc() {
    ! has "$1" || printf '%.0f images/s, %.0f launches a step\n' "$(value images_per_second "$1")" "$(value launches_per_step "$1")"
}
summary_bench_mnist_conv() { summary_bench_mnist_fc "$1"; }
summary_tuned_mnist_fc() { summary_bench_mnist_fc "$1"; }
summary_tuned_mnist_conv() { summary_bench_mnist_fc "$1"; }

summary_tune_mnist_fc() {
    ! has "$1" || echo "$(value tuned "$1") products tuned, $(value left "$1") left"
}
summary_tune_mnist_conv() { summary_tune_mnist_fc "$1"; }

summary_training() {
    ! has "$1" || printf '5 epochs of %s: test loss %.3f, %.0f images/s, first step after %.2f s\n' "$(mnist)" \
        "$(value test_loss "$1")" "$(value images_per_second "$1")" "$(value startup_seconds "$1")"
}

summary_beside_pytorch() {
    ! has "$1" || awk -F'": ' '/"what"/ { what = $2 } /"ratio": [0-9]/ { gsub(/^"|",$/, "", what); printf "%s: %.2f x; ", what, $2 }' "$1"
}
