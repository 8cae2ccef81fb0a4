#!/usr/bin/env bash
# A voter on a small filesystem that fills up: it turns read-only at its reserve, the others go on, and it
# writes again by itself when there is room. The mount needs root, be it of a namespace; skipped otherwise.
if (( EUID != 0 )); then
  as_root=(unshare --user --map-root-user --mount)
  "${as_root[@]}" true 2>/dev/null || { echo 'SKIPPED: mounting a small filesystem needs root'; exit 77; }
  exec "${as_root[@]}" bash "$0"
fi
source "$(dirname "$0")/harness.sh"
node=
cleanup_more() {
  [[ -z "$node" ]] || kill "$node" 2>/dev/null
  wait 2>/dev/null
  umount "$work/small" 2>/dev/null
}

up_output="$("$circula" up --dir "$cluster" --voters 4 --learners 0)"
second="$(node_url 2)"
read -r old _ <"$cluster/2/node.pid"
kill "$old"
mkdir small
mount -t tmpfs -o size=64m tmpfs small 2>/dev/null || { echo 'SKIPPED: this system does not let us mount'; exit 77; }
while [[ -e "/proc/$old" ]]; do sleep 0.1; done
# The node moves with all that it has: one that came back without its disk would have to be replaced.
mkdir small/data
cp -a "$cluster/2/chain" "$cluster/2/meta" "$cluster/2/state" "$cluster/2/index" small/data/
{
  while IFS= read -r line; do
    if [[ "$line" == data_dir* ]]; then printf 'data_dir = "%s/small/data"\n' "$work"; else printf '%s\n' "$line"; fi
  done <"$cluster/2/node.toml"
  printf '\n[storage]\nreserve_bytes = 16777216\nresume_bytes = 25165824\n'
} >"$cluster/2/small.toml"
"$circula" node run --config "$cluster/2/small.toml" >small.out 2>small.log &
node=$!
eventually 20 false status_field "$second" read_only
eventually 20 true status_field "$second" ready

head -c 58000000 /dev/zero >small/filler 2>/dev/null || true
eventually 10 true status_field "$second" read_only
check 'a node whose disk is at its reserve' true "$(status_field "$second" read_only)"
refused="$("$circula" submit org update --name 'while full' --url "$second" --no-dry-run --timeout 3 --json 2>&1 || true)"
check 'a record to the full node' E_DISK_FULL "$(value "$refused" code)"
answer="$("$circula" submit org update --name 'elsewhere' --url "$(node_url 1)" --json)"
check 'a record to another node' final "$(value "$answer" status)"

rm small/filler
eventually 10 false status_field "$second" read_only
eventually 20 true status_field "$second" ready
answer="$("$circula" submit org update --name 'after' --url "$second" --json)"
check 'a record to the node after there is room' final "$(value "$answer" status)"
root="$(status_field "$(node_url 1)" root)"
eventually 20 "$root" status_field "$second" root
check 'its checkpoint' "$root" "$(status_field "$second" root)"
finish
