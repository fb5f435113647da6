# Rows of the table of benchmarks/run.sh from what one program printed. Variables: part, n (threads).

# The value of a key in a line of JSON, without quotes; "" if it is not there.
function field(key,    at) {
  at = index($0, "\"" key "\": ")
  if (!at) return ""
  at = substr($0, at + length(key) + 4)
  if (at ~ /^"/) return substr(at, 2, index(substr(at, 2), "\"") - 1)
  sub(/[,}].*/, "", at)
  return at
}
function row(what, ours, peer, ratio) {
  printf "| %s | %s | %s | %s | %s |\n", what, n, ours, peer == "" ? "–" : peer, ratio == "" ? "–" : ratio
}
function note(ratio, group) { logs[group] += log(ratio); count[group]++ }
# Three figures. The sum makes a number of text, which would be compared letter by letter.
function number(x) { x += 0; return sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x) }
# The median of the values list[1..k] under a key.
function median(list, key, k,    i, j, v, t) {
  for (i = 1; i <= k; i++) v[i] = list[key, i]
  for (i = 2; i <= k; i++)
    for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
  return k % 2 ? v[(k + 1) / 2] : (v[k / 2] + v[k / 2 + 1]) / 2
}

part == "gemm" && /^m x n x k/ { peers = split($0, names) - 2; next }
part == "gemm" && /^[0-9]+x[0-9]+x[0-9]+ / {
  gsub(/\( */, "(")
  most = 0
  for (i = 4; i < NF; i += 2)
    if ($i > most) { most = $i; leader = names[5 + i / 2] }
  if (most) { row("product " $1, $2 " GFLOP/s " $3, leader " " most, $NF); note($NF, "products, the best peer") }
  else row("product " $1, $2 " GFLOP/s " $3)
}

part == "conv" {
  peer = field("onednn_median_ms")
  what = "convolution " field("case") ", " field("pass")
  if (peer == "") { row(what, number(field("median_ms")) " ms"); next }
  row(what, number(field("median_ms")) " ms", "oneDNN " number(peer) " ms", number(field("ratio")))
  note(field("ratio"), "convolutions, oneDNN")
}

part == "elementwise" {
  what = field("case") ", " field("elements") " elements"
  ours = number(field(field("isa") "_gb_s")) " GB/s"
  if (field("peer") == "") { row(what, ours); next }
  row(what, ours, field("peer") " " number(field("peer_gb_s")) " GB/s", number(field("ratio")))
  note(field("ratio"), "elementwise, " field("peer"))
}

part == "steps" || part == "shape_ops" {
  name = field("case") (field("pass") == "" ? "" : ", " field("pass"))
  if (!(name in seen)) { seen[name] = 1; order[++cases] = name }
  torch = field("torch")
  if (torch != "") torch = "PyTorch " torch (field("mode") == "compiled" ? " compiled" : "")
  key = name SUBSEP torch
  if (!(key in rounds)) who[name] = who[name] torch "\n"
  rounds[key]++
  times[key, rounds[key]] = field("median_ms") + 0
  if (field("peak_mb") + 0 > peak[key]) peak[key] = field("peak_mb") + 0
}

END {
  for (c = 1; c <= cases; c++) {
    name = order[c]
    key = name SUBSEP ""
    ours = median(times, key, rounds[key])
    split(who[name], list, "\n")
    split("", best)
    for (i = 1; list[i] != "" || i == 1; i++) {
      if (list[i] == "") continue
      kind = list[i] ~ / compiled$/ ? "compiled" : "eager"
      t = median(times, name SUBSEP list[i], rounds[name, list[i]])
      if (!(kind in best) || t < best[kind]) { best[kind] = t; fastest[kind] = list[i] }
    }
    if (!("eager" in best)) row((part == "steps" ? "step " : "") name, number(ours) " ms")
    for (k = 1; k <= 2; k++) {
      kind = k == 1 ? "eager" : "compiled"
      if (!(kind in best)) continue
      row((part == "steps" ? "step " : "") name, number(ours) " ms", fastest[kind] " " number(best[kind]) " ms", number(best[kind] / ours))
      note(best[kind] / ours, (part == "steps" ? "steps" : "shapes and reductions") ", PyTorch " kind)
    }
    if (name == "dcgan-tf") {
      peer = name SUBSEP fastest["eager"]
      if ("eager" in best)
        row("peak memory of " name, number(peak[key]) " MB", fastest["eager"] " " number(peak[peer]) " MB",
            number(peak[peer] / peak[key]))
      else row("peak memory of " name, number(peak[key]) " MB")
    }
  }
  for (group in count) row("**" group "**: geometric mean", "", "", number(exp(logs[group] / count[group])))
}
