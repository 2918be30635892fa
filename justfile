# Short names for what docs/CONTRIBUTING.md describes; `just` is not needed, each line can be typed.

# What all these are.
default:
    @just --list

# Compiles, and asks clippy: the quickest look while working.
check:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings

# The tests beside the code whose names contain NAME, or all of them.
test NAME="":
    cargo test --locked --lib -- {{NAME}}

# The tests of the whole program whose names contain NAME, or all of them: `just it undo::`.
it NAME="":
    cargo test --locked --test it -- {{NAME}}

# Strangers' bytes, damaged by chance: so many of each kind.
fuzz AMOUNT="200000":
    SIS_TEST_FUZZ={{AMOUNT}} SIS_TEST_MUTATED={{AMOUNT}} SIS_TEST_SEED="${SIS_TEST_SEED:-$(date +%s)}" \
        cargo test --locked --test it -- --nocapture fuzz:: mutated::

# How long each stage takes.
bench:
    cargo bench --locked --bench stages

# Everything that must hold before a change is kept.
all:
    .ci/run
