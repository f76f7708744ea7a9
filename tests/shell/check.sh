#!/bin/sh
# check.sh SHELL QWENFIT: what the completion script offers in the real shell. 77: there is no such shell.
set -eu
shell=$1
command -v "$shell" >/dev/null || exit 77
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
ln -s "$2" "$home/qwenfit"
: >"$home/model.gguf"
cd "$home"
export HOME="$home" XDG_CONFIG_HOME="$home" XDG_DATA_HOME="$home" PATH="$home:$PATH"

# The candidates for a line whose last word is being typed, one a line.
offered() {
  case $shell in
    bash)
      # readline takes "=" for a word of its own.
      bash --norc -c 'eval "$(qwenfit completion bash)"; line=${1//=/ = }; COMP_WORDS=($line)
        case $line in *[!\ ]) ;; *) [ "${COMP_WORDS[-1]}" = "=" ] || COMP_WORDS+=("") ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _qwenfit
        if [ ${#COMPREPLY[@]} -gt 0 ]; then printf "%s\n" "${COMPREPLY[@]}"; else compgen -f -- "${COMP_WORDS[-1]}"; fi' _ "$1" ;;
    zsh)
      zsh -f -c 'compdef() { }; compset() { }; compadd() { print -rl -- "${(@P)2}" }; _files() { print -rl -- m* }
        eval "$(qwenfit completion zsh)"; words=("${(@s: :)1}"); CURRENT=$#words; _qwenfit' _ "$1" ;;
    fish)
      fish --no-config -c 'qwenfit completion fish | source; complete -C $argv[1]' -- "$1" | cut -f1 ;;
  esac
}

failed=0
# expect LINE: exactly the words of standard input, in any order
expect() {
  wanted=$(sort)
  got=$(offered "$1" | sort)
  [ "$got" = "$wanted" ] && return
  printf '%s: "%s" offers\n%s\ninstead of\n%s\n' "$shell" "$1" "$got" "$wanted"
  failed=1
}
words() { printf '%s\n' "$@"; }

words shell compose kubernetes | expect "qwenfit command qwen3-8b --as "
words server | expect "qwenfit estimate qwen3-8b --program s"
words recommend | expect "qwenfit re"
words qwen3-0.6b | expect "qwenfit quants qwen3-0"
words --tensor-parallel --tensor-split | expect "qwenfit estimate --tensor-"
words 2xrtx-5080 2xrtx-5080-laptop | expect "qwenfit qwen3-8b -d 2xrtx-5080"
words model.gguf | expect "qwenfit inspect mod"
case $shell in
  bash) words kubernetes | expect "qwenfit command qwen3-8b --as=k" ;;
  *) words --as=kubernetes | expect "qwenfit command qwen3-8b --as=k" ;;
esac
exit $failed
