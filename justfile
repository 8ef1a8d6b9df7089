# What a developer runs, and what CI runs. `just` lists it.

_list:
    @just --list --unsorted

# Everything that CI checks without peers
check: commits fmt-check clippy doc test tool sandbox

# All that CI runs: check, micro, package, static and peers
ci:
    .ci/run

# Formats the code
fmt:
    cargo fmt --all

# Fails if the code is not formatted
fmt-check:
    cargo fmt --all --check

# Lints all targets with all features; a warning is an error
clippy:
    cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

# Builds the API documentation; a warning is an error
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features --locked

# Writes what is generated in docs/ from the code
docs:
    HARDTACK_WRITE_DOCS=1 cargo test --locked --test docs

# Packs the library crates as for a registry, and builds them from that. The directory is a new one each time:
# Cargo unpacks and compiles a version of a packed crate once a directory, and would build against an older commit's
package:
    #!/usr/bin/env bash
    set -euo pipefail
    mkdir -p target
    directory=$(mktemp -d -p "$PWD/target" package.XXXXXX)
    trap 'rm -rf "$directory"' EXIT
    cargo package --locked --target-dir "$directory" -p hardtack-bundle -p hardtack-macros -p hardtack-build -p hardtack

# What of the libraries' surface is not compatible with a revision; installs cargo-semver-checks
semver revision:
    command -v cargo-semver-checks >/dev/null || cargo install cargo-semver-checks --locked
    cargo semver-checks --baseline-rev {{ revision }} -p hardtack-bundle -p hardtack-build -p hardtack

# The tests that need nothing but the Rust toolchain
test *arguments:
    cargo test --workspace --locked {{ arguments }}

# The tests of the executable without a site
tool:
    cargo test --locked --no-default-features --test tool

# What a worker cannot do that somebody has taken over: it tries
sandbox *arguments:
    cargo test --locked --features break-out --test sandbox {{ arguments }}

# Installs the peers, and runs the tests that need them
peers *arguments:
    scripts/peers {{ arguments }}

# Builds the executable without shared libraries, looks at it with ldd, and fetches from it in an empty root directory; needs root or sudo
static profile="dev":
    scripts/images {{ profile }} static

# Builds the static executable, the Debian package, the container image and a machine, and tries each; needs root
images *arguments:
    scripts/images {{ arguments }}

# Builds sites with the tools of the world, opens them plain and baked, and writes docs/sites.md; names try some; needs chromium
sites *names:
    scripts/sites {{ names }}

# Tries other servers on the cases of tests/conformance, and writes docs/http-conformance.md
conformance:
    scripts/conformance

# Tries nginx on the cases of tests/conformance_h2, and writes docs/http2-conformance.md
conformance-h2:
    scripts/conformance-h2

# Every fuzz target for so many seconds; needs a nightly toolchain, and installs cargo-fuzz
fuzz seconds="60":
    command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
    for target in $(cargo +nightly fuzz list); do cargo +nightly fuzz run "$target" -- -max_total_time={{ seconds }} -max_len=4096 -print_final_stats=1 || exit 1; done

# Fails if a commit's subject is longer than 72 characters
commits:
    scripts/check-commits

# Instructions and allocations of the steps of an answer, beside the committed ones, which --write renews; installs valgrind
micro *arguments:
    scripts/install-missing valgrind:valgrind
    cargo run --quiet --profile micro --locked -p hardtack-micro -- {{ arguments }}

# Licences, bans and sources of all dependencies; needs cargo-deny, and no network
deny:
    cargo deny --locked check licenses bans sources

# Known vulnerabilities; cargo-deny fetches their database
advisories:
    cargo deny --locked check advisories

# CPU time a request, beside bare hyper; needs wrk
bench-trunk *arguments:
    benches/trunk {{ arguments }}

# What the layer costs an app's own requests
bench-layer *arguments:
    cargo bench --profile dist --locked -p hardtack --bench layer -- {{ arguments }}

# The cost of uses of asset! for rustc, with 100 and with 10,000 assets
bench-asset *arguments:
    cargo bench --profile dev --locked -p hardtack-macros --bench uses -- {{ arguments }}

# The steps of an answer, in nanoseconds
bench-micro:
    cargo run --quiet --profile micro --locked -p hardtack-micro -- --time

# 10,000 assets beside 100: what they cost rustc, and the server's start
bench-many-assets *arguments:
    benches/many-assets {{ arguments }}

# A bake beside collectstatic, compressors and memory-serve: time, memory, sizes; `--docs` writes docs/performance.md
bench-bake *arguments:
    scripts/install-missing brotli:brotli zstd:zstd zopfli:zopfli
    scripts/fetch-corpora --django
    benches/bake/bake {{ arguments }}

# A bake that carries three earlier releases, beside one without: time, memory, size; needs npm
bench-releases *arguments:
    cargo build --profile dist --locked
    benches/releases {{ arguments }}

# One dictionary for all pages: the bytes of a visitor of five pages; needs npm
bench-page-dictionary *arguments:
    scripts/fetch-sites mdbook
    cargo build --profile dist --locked
    benches/page-dictionary {{ arguments }}

# Finding and rewriting references: MB/s of each format
bench-references *arguments:
    scripts/fetch-corpora
    cargo bench --locked -p hardtack-build --bench references -- {{ arguments }}

# 10,000 idle connections: memory of each, beside nginx's; needs nginx
bench-idle-connections *arguments:
    benches/idle-connections {{ arguments }}

# What a good client notices of 2,000 slow ones; needs slowhttptest
bench-slow-clients *arguments:
    benches/slow-clients {{ arguments }}

# Five minutes of good and bad traffic: memory flat, no descriptor lost; needs h2load
soak *arguments:
    benches/soak {{ arguments }}

# 20 upgrades and 20 rolling restarts under load: no request may be lost
bench-upgrades *arguments:
    cargo bench --profile dist --locked --bench upgrades -- {{ arguments }}

# Hardtack beside other servers and libraries, on all cases, in one run; installs them; `--docs` writes docs/performance.md
bench-compare *arguments:
    benches/compare/compare {{ arguments }}

# Handshakes and requests over TLS, beside nginx and h2o; needs those and h2load
bench-tls *arguments:
    benches/tls {{ arguments }}

# Grades the TLS of a server that runs at HOST:PORT; needs testssl.sh
tls-grade address:
    scripts/tls-grade {{ address }}

# The encoders and their settings: bytes and CPU time of the candidates
bench-choices *arguments:
    scripts/fetch-corpora
    cargo run --release --locked --manifest-path benches/choices/Cargo.toml -- {{ arguments }}
