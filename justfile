# What contributors and CI run. `just` alone lists the recipes.

default:
    @just --list

# Everything that must be green before a change lands
check: fmt lint docs test deny

# Formatting
fmt:
    cargo fmt --check

# Lints, warnings denied
lint:
    cargo clippy --locked --all-targets -- -D warnings

# Documentation builds without warnings
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# All tests
test:
    cargo test --locked

# Licences, duplicates, sources, and known vulnerabilities where the advisory database can be had
deny:
    .ci/deny

# The service with its defaults
run:
    cargo run --release -- serve
