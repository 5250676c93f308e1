# Commands in process groups of their own, so that each can be ended with all that it has started. Sourced, not run.
#
# grouped COMMAND...   starts it in the background; $! names its process and its group
# end_groups PID...    ends these groups, and waits until nothing of them is left

grouped() {
  set -m
  "$@" < /dev/null &
  set +m
}

end_groups() {
  local group turn
  for group in "$@"; do kill -TERM -- "-$group" 2>/dev/null || true; done
  for group in "$@"; do
    # What cleans up after itself, such as a server, may take some seconds.
    for turn in $(seq 300); do
      kill -0 -- "-$group" 2>/dev/null || continue 2
      sleep 0.1
    done
    kill -KILL -- "-$group" 2>/dev/null || true
  done
}
