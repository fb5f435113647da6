# judge(EXPECTED RESULT OUTPUT WHAT): whether a check that was shown WHAT has passed it, where EXPECTED is "", or has refused
# it for the reason that EXPECTED matches.
function(judge expected result output what)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")  # message() breaks lines
  if(output MATCHES "skipped: ")
    message("${output}")
  elseif(expected STREQUAL "" AND NOT result EQUAL 0)
    message(SEND_ERROR "refused, but right: ${what}: ${output}")
  elseif(result EQUAL 0 AND NOT expected STREQUAL "" OR NOT output MATCHES "${expected}")
    message(SEND_ERROR "expected '${expected}' of ${what}, found: ${output}")
  endif()
endfunction()
