# What Doxygen reads instead of a header: the header as a group of its folder's group, described by its first lines; a
# description, written once, of the names that every layer or model has for the same reason; and one comment for all
# variables of a declaration, which Doxygen would give to the first or the last alone. No line is added, so that
# warnings name the right ones.
BEGIN {
  standard["using value_type = "] = "The number type of its tensors."
  standard["using T = "] = "The number type of its tensors."
  standard["void visit(auto&& v) {"] = "Shows its tensors and parts to v, by name: see Visitor."
  standard["std::string describe() const {"] = "Its type and what is not usual of its options, for summary()."
  standard["Tensor<T> forward(const Tensor<T>& x"] = "The layer's value, in the shapes above."
  standard["Tensor<value_type> forward(const Tensor<value_type>& x"] = "The layer's value, in the shapes above."
}

FNR == 1 {
  parts = split(FILENAME, path, "/")
  folder = path[parts - 1]
  header = folder "/" path[parts]
  group = folder "_" path[parts]
  sub(/\.hpp$/, "", group)
  leading = 1
  documented = inside = 0
  while ((getline line < FILENAME) > 0) {
    if (line ~ /^namespace .*detail \{/) inside = 1
    if (line ~ /^\}  \/\/ namespace .*detail/) inside = 0
    if (!inside && line ~ /^ *\/\/\/ /) documented = !ungrouped
  }
  close(FILENAME)
}
# (max)(x) is for the sake of other people's macros.
{ gsub(/ ?\(max\)\(/, " max("); gsub(/ ?\(min\)\(/, " min(") }
/^#pragma once/ { leading = 0 }
leading { headline = headline " " substr($0, 4) }
documented && /^namespace figment[a-z:]* \{/ { $0 = $0 " /** @header{" group "," header "," folder "} " headline " @{ */" }
documented && /^\}  \/\/ namespace figment/ { $0 = "/** @} */ " $0 }

/^ *\/\/\/[^<]/ || /^ *\/\/\/$/ {
  text = $0
  sub(/^ *\/\/\/ ?/, "", text)
  doc = doc == "" ? text : doc " " text
  sub(/\/\/\/   /, "&   ")  # code to Markdown
  print
  next
}
/^ *(template <|requires)/ { print; next }  # between a comment and what it describes

doc == "" {
  for (start in standard)
    if (index($0, "  " start) == 1) sub(/^  /, "  /** " standard[start] " */ ")
}
/^  +[A-Za-z_][A-Za-z0-9_:<>]* [a-z_0-9]+( = [^,;()]+)?(, [a-z_0-9]+( = [^,;()]+)?)+;( *\/\/\/< .*)?$/ {
  line = $0
  each = doc
  if (match(line, / *\/\/\/< .*$/)) {
    each = substr(line, RSTART)
    sub(/^ *\/\/\/< /, "", each)
    line = substr(line, 1, RSTART - 1)
  }
  if (each != "") {
    sub(/;$/, "", line)
    match(line, /^ +[^ ]+ /)
    type = substr(line, 1, RLENGTH)
    count = split(substr(line, RLENGTH + 1), names, ", ")
    $0 = ""
    for (i = 1; i <= count; ++i) $0 = $0 (doc != "" && i == 1 ? "" : " /** " each " */") type names[i] ";"
  }
}
{ doc = ""; print }
