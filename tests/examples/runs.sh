#!/usr/bin/env bash
# Runs in hard times. Exits with 77 where the system does not let them be made.
#   tests/examples/runs.sh DIRECTORY_OF_PROGRAMS --two-runs|--failed-start|--full-disk|--no-threads|--output
set -euo pipefail
if [[ ${2-} == --full-disk && -z ${in_own_mounts-} ]]; then
  # A disk that is small, seen by this script alone.
  export in_own_mounts=1
  for how in --mount '--user --map-root-user --mount'; do
    # shellcheck disable=SC2086
    if unshare $how mount -t tmpfs none /mnt 2>/dev/null; then exec unshare $how bash "${BASH_SOURCE[0]}" "$@"; fi
  done
  echo 'skipped: no file system can be mounted here'
  exit 77
fi
programs=$1
data=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../examples/data/mnist10k" && pwd)
scratch=$(mktemp -d)
pid=
trap 'cd /; if [[ -n $pid ]]; then kill -KILL "$pid" && wait "$pid"; fi 2>/dev/null || true; umount "$scratch/disk" 2>/dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"
unset FIGMENT_DATA
export XDG_CACHE_HOME=$scratch/cache # the bundled digits
small=(--hidden 16 --batch 100 --samples 20 --quiet)

failed() {
  echo "failed: $*"
  for log in "$scratch"/*.log; do
    [[ ! -e $log ]] || tail -n 20 "$log" | sed "s|^|$(basename "$log"): |"
  done
  exit 1
}
# Waits until a command says yes, or the run in the background has ended.
until_true() {
  for ((tries = 0; tries < 3000; ++tries)); do
    if "$@"; then return 0; fi
    kill -0 "$pid" 2>/dev/null || failed "the run ended before: $*"
    sleep 0.02
  done
  failed "a minute has not been enough for: $*"
}
newest() { printf '%s\n' "$1"/checkpoints/checkpoint-*.safetensors | tail -n 1; }
has_checkpoint() { compgen -G "$1/checkpoints/checkpoint-*.safetensors" >/dev/null; }
start() { # FOLDER [flags…]: a run that would not end
  "$programs/mnist_vae" "${small[@]}" --epochs 100000 --out "$@" >out.log 2>err.log &
  pid=$!
  until_true has_checkpoint "$1"
}
# Sends a signal to it; its exit code is in `code`.
stop() {
  kill "-$1" "$pid"
  code=0
  wait "$pid" 2>/dev/null || code=$?
  pid=
}
# A command that must end with this code and one line on stderr, which has this text.
refused() {
  local expected=$1 text=$2 code=0
  shift 2
  "$@" >refused_out.log 2>refused.log || code=$?
  [[ $code == "$expected" ]] || failed "exit code $code of $*"
  [[ $(grep -vc '^the run that was in ' refused.log) == 1 ]] || failed "lines of $*"
  grep -qF -- "$text" refused.log || failed "no '$text' from $*"
}
contents() { (cd "$1" && find . -type f -exec cksum {} + | sort); }

case $2 in
--two-runs)
  start live
  busy="cannot use the folder live: a run of process $pid is going on in it"
  refused 1 "$busy" "$programs/mnist_vae" --smoke --quiet --out live
  refused 1 "$busy" "$programs/mnist_vae" --resume live
  refused 1 "a run of process $pid is going on in it" "$programs/mnist_gan" --smoke --quiet --out ./live/
  [[ ! -e live.1 ]] || failed 'a live run was moved away'
  was=$(newest live)
  another() { [[ $(newest live) != "$was" ]]; }
  until_true another
  # It ends by SIGTERM as by Ctrl-C, and then the folder is free.
  stop TERM
  [[ $code == 143 && -s live/report.html ]] || failed "exit code $code after SIGTERM"
  grep -q 'go on with mnist_vae --resume live' err.log || failed 'no word of how to go on'
  [[ ! -e live/.lock ]] || failed 'the lock stays'
  "$programs/mnist_vae" --smoke --quiet --out live >smoke.log 2>&1 || failed 'the folder is not free'
  [[ -s live.1/report.html && -s live/report.html ]] || failed 'the first run was not moved away'
  # By a terminal that is closed, which sends more than one signal.
  start hung_up
  kill -HUP "$pid"
  kill -HUP "$pid"
  stop HUP
  [[ $code == 129 && -s hung_up/report.html ]] || failed "exit code $code after SIGHUP"
  # The system lets the folder of a killed run go; what its writers left is removed when it goes on.
  start killed
  stop KILL
  for left in report.html checkpoints/checkpoint-000001-00000000.safetensors; do echo half >"killed/$left.tmp0"; done
  epochs=$(newest killed | sed 's/.*checkpoint-0*\([0-9]*\)-.*/\1/')
  "$programs/mnist_vae" --resume killed --epochs $((epochs + 1)) >resumed.log 2>&1 || failed 'not resumed'
  if compgen -G 'killed/*.tmp*' || compgen -G 'killed/*/*.tmp*'; then failed 'temporary files stay'; fi
  # A run that goes on elsewhere does not mix with another.
  "$programs/mnist_vae" --resume killed --epochs $((epochs + 2)) --out live >elsewhere.log 2>&1 || failed 'not elsewhere'
  [[ -s live.2/config.json ]] || failed 'it went on in the folder of another run'
  ;;

--failed-start)
  "$programs/mnist_vae" "${small[@]}" --smoke --binarize fixed --out run >smoke.log 2>&1 || failed 'the first run'
  before=$(contents run)
  mkdir empty
  while IFS='|' read -r code text program flags; do
    # shellcheck disable=SC2086
    refused "$code" "$text" "$programs/mnist_$program" --quiet --out run $flags
    [[ ! -e run.1 && $(contents run) == "$before" ]] || failed "the earlier run is not as it was after $flags"
  done <<'END'
1|--data nowhere: no such file or directory|vae|--data nowhere
1|--data empty: no train-images|vae|--data empty
1|--best vall: expected one of the columns train, reconstruction|vae|--best vall
1|--best val: expected one of the columns|vae|--best val --binarize fixed
1|--best d_los: expected one of the columns d_loss, g_loss|gan|--best d_los
1|--ema: expected less than 1|gan|--ema 1
1|batch_norm|gan|--recipe gan-linder-noren --batch 1
2|--recipe: expected|vae|--recipe nothing
2|--epochs|vae|--epochs 0
1|there is no checkpoint|vae|--resume empty
END
  refused 1 'no such file or directory' "$programs/mnist_vae" --data nowhere --out fresh/folder
  [[ ! -e fresh ]] || failed 'a start that failed leaves an empty folder'
  echo 'a file' >file
  refused 1 'cannot write in file/run' "$programs/mnist_vae" --smoke --out file/run
  # --best knows each column that there is.
  for run in 'mnist_vae --binarize fixed' 'mnist_vae --all-data' 'mnist_autoencoder --recipe ae-sparse' \
    'mnist_classifier' 'mnist_gan --r1 1 --steps 5'; do
    read -r -a words <<<"$run"
    rm -rf run
    "$programs/${words[0]}" "${words[@]:1}" --smoke --quiet --out run >smoke.log 2>&1 || failed "$run"
    refused 1 '--best nothing: expected one of the columns ' \
      "$programs/${words[0]}" "${words[@]:1}" --smoke --quiet --out run --best nothing
    diff <(head -n 1 run/history.csv | tr , '\n' | sort) <(sed 's/.* the columns //; s/, /\n/g' refused.log | sort) ||
      failed "the columns of $run"
  done
  ;;

--full-disk)
  mkdir disk
  mount -t tmpfs -o size=24m none disk
  said() { grep -q 'No space left on device' err.log; }
  filled() {
    cat /dev/zero >>disk/filler 2>/dev/null || true
    said
  }
  another() { [[ $(newest disk/run) != "$was" ]]; }
  three() { [[ $(compgen -G 'disk/run/checkpoints/checkpoint-*.safetensors' | wc -l) == 3 ]]; }
  full_run() { # for at least two epochs
    start disk/run
    until_true three
    until_true filled
    for _ in 1 2; do
      was=$(newest disk/run)
      until_true another
    done
  }
  # Room comes again before the end: all is there.
  full_run
  rm disk/filler
  stop TERM
  [[ $code == 143 ]] || failed "exit code $code"
  [[ $(grep -c 'the run goes on' err.log) == 1 ]] || failed 'not said once'
  ! grep -q 'missing in' err.log || failed 'something is missing'
  epochs=$(($(wc -l <disk/run/history.csv) - 1))
  [[ $(compgen -G 'disk/run/epoch_*.png' | wc -l) == "$epochs" ]] || failed 'not all pictures are there'
  for file in config.json model.svg history.png samples.npy samples.png report.html; do
    [[ -s disk/run/$file ]] || failed "no $file"
  done
  # It does not: the run tells what is missing, and can go on.
  rm -rf disk/run
  full_run
  stop TERM
  [[ $code == 1 ]] || failed "exit code $code"
  grep -q '^result train=' out.log || failed 'no result'
  tail -n 1 err.log | grep -q '^vae-256: missing in disk/run: .*history.csv.*No space left on device' || failed 'not said'
  # And none begins: what is in the folder stays.
  before=$(contents disk/run)
  refused 1 'No space left on device' "$programs/mnist_vae" "${small[@]}" --out disk/run
  [[ ! -e disk/run.1 && $(contents disk/run) == "$before" ]] || failed 'the earlier run is not as it was'
  rm disk/filler
  epochs=$(newest disk/run | sed 's/.*checkpoint-0*\([0-9]*\)-.*/\1/')
  "$programs/mnist_vae" --resume disk/run --epochs $((epochs + 1)) >resumed.log 2>&1 || failed 'not resumed'
  [[ $(wc -l <disk/run/history.csv) == $((epochs + 2)) ]] || failed 'epochs are lost'
  ;;

--no-threads)
  # Root has no limit; another user may not see what root has built.
  cp "$programs/mnist_vae" "$programs/mnist_gan" .
  cp -r "$data" data
  chmod -R a+rX .
  mkdir alone && chmod a+rwx alone
  as=()
  if [[ $(id -u) == 0 ]]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
  limited() { ${as[@]+"${as[@]}"} bash -c 'ulimit -u 1 && exec "$@"' _ "$@"; }
  if limited bash -c '(true)' 2>/dev/null || ! limited true 2>/dev/null || ! limited test -x ./mnist_vae; then
    echo 'skipped: there is no limit of threads here'
    exit 77
  fi
  for run in 'mnist_vae --threads 4' 'mnist_gan --recipe gan-in-action --steps 5 --threads 100000'; do
    read -r -a words <<<"$run"
    command=("./${words[@]}" --smoke --quiet --data data)
    "${command[@]}" --out "with/${words[0]}" >with.log 2>&1 || failed "$run"
    limited "${command[@]}" --out "alone/${words[0]}" >alone.log 2>&1 || failed "$run without threads"
    cmp "with/${words[0]}/samples.npy" "alone/${words[0]}/samples.npy"
    has_checkpoint "alone/${words[0]}" || failed "no checkpoint of $run"
  done
  ;;

--output)
  if [[ ! -w /dev/full ]]; then
    echo 'skipped: there is no /dev/full'
    exit 77
  fi
  full() { "$@" >/dev/full; }
  for flags in --help --list '--smoke --quiet --out run'; do
    # shellcheck disable=SC2086
    refused 1 'cannot write to the standard output: No space left on device' full "$programs/mnist_vae" $flags
  done
  [[ -s run/report.html ]] || failed 'no report'
  # Who reads our lines ends first, as tee does by the same Ctrl-C: the run is saved all the same.
  mkfifo lines
  "$programs/mnist_vae" --hidden 16 --samples 20 --epochs 100000 --out piped 2>lines >out.log &
  pid=$!
  exec 3<lines
  until_true has_checkpoint piped
  exec 3<&-
  stop INT
  [[ $code == 130 && -s piped/report.html ]] || failed "exit code $code"
  ;;

*)
  echo "unknown: ${2-}"
  exit 2
  ;;
esac
echo "${2#--}: as it should be"
