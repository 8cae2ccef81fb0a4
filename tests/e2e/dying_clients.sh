#!/usr/bin/env bash
# The client is killed between sending and hearing, again and again: `submit --resume` finishes every record,
# never signs again, and each is there exactly once.
source "$(dirname "$0")/harness.sh"

up_output="$("$circula" up --dir "$cluster" --voters 4 --learners 0)"
home="$cluster/homes/provider"
kills=50
for (( number = 1; number <= kills; ++number )); do
  "$circula" submit org update --name "name $number" >/dev/null 2>&1 &
  client=$!
  sleep "0.0$(( (number * 7) % 4 ))$(( number % 10 ))"  # around the time that a submission takes
  kill -9 "$client" 2>/dev/null || true
  wait "$client" 2>/dev/null || true
done
"$circula" submit --resume >/dev/null
# A file that had not got its name yet was never sent.
left="$(find "$home/outbox" -type f -name '*.env' 2>/dev/null | wc -l)"
check "envelopes left in the outbox after $kills kills" 0 "$left"

# Every envelope that was signed is in the ledger once: the organisation's history has as many renames as
# receipts, each with its own name.
history="$("$circula" history @provider --json)"
renames=0
declare -A seen=()
rest="$history"
while [[ "$rest" =~ \"name\ ([0-9]+)\"(.*) ]]; do
  [[ -z "${seen[${BASH_REMATCH[1]}]:-}" ]] || fail "record ${BASH_REMATCH[1]} stands twice"
  seen[${BASH_REMATCH[1]}]=1
  renames=$((renames + 1))
  rest="${BASH_REMATCH[2]}"
done
receipts="$(find "$home/receipts" -name '*.receipt.json' | wc -l)"
(( renames > 0 )) || fail "no record survived: the kills came too early to test anything"
check 'renames on the ledger, one for each receipt' "$receipts" "$renames"
finish
