# cmake -DREPOSITORY=URL -DCOMMIT=HASH -DFOLDER=DIR -P FetchCommit.cmake
# Brings the files of one commit, without the history around it. Git checks what arrives against the hash.
function(give_up)
  message(NOTICE "qwenfit: ${ARGV0}")  # on a line of its own, for scripts/lib/build.sh
  message(FATAL_ERROR "")
endfunction()

find_program(GIT git)
if(NOT GIT)
  give_up("${REPOSITORY} has to be fetched, but git is not installed")
endif()
foreach(arguments "init;--quiet" "fetch;--quiet;--depth;1;${REPOSITORY};${COMMIT}" "checkout;--quiet;--detach;FETCH_HEAD")
  execute_process(COMMAND ${GIT} ${arguments} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failed)
  if(failed)
    give_up("could not fetch ${REPOSITORY}: is there a network connection?")
  endif()
endforeach()
