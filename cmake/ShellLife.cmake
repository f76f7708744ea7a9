# Writes the manual page and the shells' completions, which the program itself knows, below OUT.
function(write_output file)
  get_filename_component(folder ${OUT}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_FILE ${OUT}/${file} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${ARGN} failed: ${result}")
  endif()
endfunction()

write_output(man/man1/qwenfit.1 man)
write_output(bash-completion/completions/qwenfit completion bash)
write_output(zsh/vendor-completions/_qwenfit completion zsh)
write_output(fish/vendor_completions.d/qwenfit.fish completion fish)
