#!/usr/bin/env bash
# Takes the pictures: needs Chromium, and `npm install playwright-core` in the folder named by NODE_FOLDER.
#   NODE_FOLDER=/some/folder docs/pictures/take.sh
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
perfuse="${PERFUSE:-$here/../../target/release/perfuse}"
work="$(mktemp -d)"
trap 'kill "$serve" 2>/dev/null || true; rm -rf "$work"' EXIT

export PERFUSE__DATA_DIR="$work/data" PERFUSE__SERVER__LISTEN=127.0.0.1:8091 PERFUSE__LOG__LEVEL=error
export PERFUSE__SOCIETY__NAME="Example Perfusion Society"
"$perfuse" import "$here/example.xml"
"$perfuse" serve --web-only >"$work/out" &
serve=$!
until grep -q "Ctrl-C" "$work/out"; do sleep 0.2; done
link="$("$perfuse" user add editor@example.org --role admin | tail -n 1 | tr -d ' ')"
cp "$here/take.mjs" "$NODE_FOLDER/take.mjs"
node "$NODE_FOLDER/take.mjs" http://127.0.0.1:8091 "$link" "$here"
