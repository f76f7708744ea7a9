# cmake -DREPOSITORY=URL -DCOMMIT=HASH -DFOLDER=DIR -P FetchCommit.cmake
# Brings the files of one commit, without the history around it. Git checks what arrives against the hash.
find_program(GIT git)
if(NOT GIT)
  message(FATAL_ERROR "${REPOSITORY} has to be fetched, but git is not installed")
endif()
foreach(arguments "init;--quiet" "fetch;--quiet;--depth;1;${REPOSITORY};${COMMIT}" "checkout;--quiet;--detach;FETCH_HEAD")
  execute_process(COMMAND ${GIT} -c init.defaultBranch=main ${arguments} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "could not fetch ${REPOSITORY} at ${COMMIT}: is there a network connection?")
  endif()
endforeach()
