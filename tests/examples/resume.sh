#!/usr/bin/env bash
# A run that is stopped amid an epoch by a signal, and resumed, leaves what the uninterrupted one leaves, to the byte.
#   tests/examples/resume.sh DIRECTORY_OF_PROGRAMS KILL|INT PROGRAM [flags…]
set -euo pipefail
program=$1/$3
signal=$2
name=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
unset FIGMENT_DATA
export XDG_CACHE_HOME=$scratch/cache # the bundled digits
flags=(--quiet --checkpoint-steps 7 --samples 50 "$@")

"$program" "${flags[@]}" --out whole >/dev/null

"$program" "${flags[@]}" --out killed >/dev/null 2>stopped.log &
pid=$!
# The second epoch's first checkpoint that is amid it.
until compgen -G 'killed/checkpoints/checkpoint-000001-*[1-9].safetensors' >/dev/null; do
  if ! kill -0 "$pid" 2>/dev/null; then
    echo "$name ended before it could be killed"
    exit 1
  fi
  sleep 0.01
done
kill "-$signal" "$pid"
code=0
wait "$pid" 2>/dev/null || code=$?
if [[ $signal == INT ]]; then
  # The step was finished; everything is written, and how to go on is said.
  [[ $code == 130 && -s killed/report.html && -s killed/samples.png ]]
  grep -q "interrupted after 1 of .*; go on with $name --resume killed" stopped.log
  rm killed/samples.png
elif [[ $code != 137 || -e killed/report.html ]]; then
  echo "$name was done before it was killed"
  exit 1
fi
# A file that a killed writer might leave, newer than all others: the one before it serves.
newest=$(printf '%s\n' killed/checkpoints/*.safetensors | tail -n 1)
head -c 100 "$newest" >killed/checkpoints/checkpoint-999999-00000000.safetensors

# On the data it began with, whatever the environment names now. What is said again is no more than said.
FIGMENT_DATA=$scratch FIGMENT_FASHION_DATA=$scratch "$program" --resume killed "${flags[@]}" >/dev/null 2>resumed.log
grep -q 'trying the checkpoint before it' resumed.log

for file in samples.npy generator.safetensors; do
  if [[ -e whole/$file ]]; then cmp "whole/$file" "killed/$file"; fi
done
# All columns but the last, the seconds.
cmp <(sed 's/,[^,]*$//' whole/history.csv) <(sed 's/,[^,]*$//' killed/history.csv)
for picture in whole/epoch_*.png whole/samples.png; do cmp "$picture" "killed/${picture#whole/}"; done
if [[ -e whole/animation.gif ]]; then cmp whole/animation.gif killed/animation.gif; fi
echo "$name: resumed to the byte"
