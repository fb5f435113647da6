# Makes one program of a page's C++ snippets. What begins like a declaration at file scope, and every #include, goes
# before main; the rest are statements, which run in the page's order. In these
#   expression;  // = text           holds what the page shows against what the expression gives
#   expression;  // throws: text     an error that begins so
# are checked, and so is a block of text behind a line that ends in: `expression` gives:
# A snippet with a main of its own is another program, README's kind, and has no place here.
function flush_snippet(    declared) {
  declared = first ~ /^(template|struct|class|enum|namespace|using|inline)( |<)/ ||
             (first ~ /\) (const )?\{$/ && first !~ /^(for|if|while|switch|auto|const|fit)[ (]/ && first !~ / = /)
  if (declared) before = before snippet
  else statements = statements snippet
  snippet = first = ""
}
# A check of `expression`, which begins at line `at`.
function check(how, expression, text, at) {
  ++checks
  return "#line " at " \"" FILENAME "\"\npage::" how "(\"" FILENAME ":" at "\", R\"~(" text ")~\", [&] { return " \
         expression "; });\n"
}
function place(line) { return "#line " NR " \"" FILENAME "\"\n" line "\n" }

/^```cpp$/ { inside = 1; ++count; next }
/^```/ && inside { inside = 0; flush_snippet(); next }
/`[^`]+` gives:$/ && !inside {
  given = $0
  sub(/` gives:$/, "", given)
  sub(/.*`/, "", given)
}
/^```/ && given != "" {
  if (!began) { began = NR; next }
  statements = statements check("shows", given, block, began)
  given = block = ""
  began = 0
  next
}
began { block = block $0 "\n"; next }
!inside { next }
/^#include/ { includes = includes place($0); next }
/^int main/ { print "page.awk: " FILENAME ": a program" > "/dev/stderr"; failed = 1; exit 1 }
first == "" && !/^ *(\/\/.*)?$/ { first = $0 }
match($0, /; *\/\/ (= |throws: )/) {
  expression = substr($0, 1, RSTART - 1)
  text = substr($0, RSTART + RLENGTH)
  how = substr($0, RSTART, RLENGTH) ~ /throws/ ? "throws" : "shows"
  snippet = snippet check(how, expression, text, NR)
  next
}
{ snippet = snippet place($0) }

END {
  if (failed) exit 1
  if (inside || !count) { print "page.awk: " FILENAME ": no snippets, or one without an end" > "/dev/stderr"; exit 1 }
  print includes "#include \"page.hpp\"\nusing namespace figment;\n" before "int main() {\n" statements
  print "return page::failures;\n}"
  print count " snippets, " checks + 0 " checks" > "/dev/stderr"
}
