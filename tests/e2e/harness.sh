# Sourced by the end-to-end tests: a consortium of real processes below a folder of its own, and checks that
# print both sides. Needs bash, coreutils and the executable; ends only what it started.
set -euo pipefail

circula="${CIRCULA_BINARY:?set by ctest}"
work="$(mktemp -d "${TMPDIR:-/tmp}/circula-e2e.XXXXXX")"
cluster="$work/net"
passed=0

cleanup() {
  "$circula" down --dir "$cluster" >/dev/null 2>&1 || true
  if declare -F cleanup_more >/dev/null; then cleanup_more || true; fi
  rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

fail() { printf 'FAILED: %s\n' "$*"; exit 1; }
check() {  # check WHAT EXPECTED FOUND
  if [[ "$2" == "$3" ]]; then
    passed=$((passed + 1)); printf 'ok    %s: %s\n' "$1" "$3"
  else
    fail "$1: expected $2, found $3"
  fi
}
# value JSON KEY: the first string, number or word after "KEY":
value() {
  [[ "$1" =~ \"$2\":\"?([^\",}]*) ]] || fail "no $2 in: ${1:0:300}"
  printf '%s' "${BASH_REMATCH[1]}"
}
# exit_of COMMAND...: its exit code, output thrown away
exit_of() { local code=0; "$@" >/dev/null 2>&1 || code=$?; printf '%s' "$code"; }
# eventually SECONDS EXPECTED COMMAND...: until the command prints it
eventually() {
  local until=$((SECONDS + $1)) expected="$2" found=
  shift 2
  while (( SECONDS < until )); do
    found="$("$@" 2>/dev/null)" || true
    [[ "$found" == "$expected" ]] && return 0
    sleep 0.2
  done
  fail "after $((SECONDS)) s: expected $expected, found $found ($*)"
}
node_url() {  # of node N, out of what `up` printed
  [[ "$up_output" =~ node\ $1\ [^h]*(http://[0-9.:]+) ]] || fail "no node $1 in: $up_output"
  printf '%s' "${BASH_REMATCH[1]}"
}
status_field() { value "$("$circula" status --url "$1" --json)" "$2"; }
finish() { printf '%d passed, 0 failed\n' "$passed"; }
