#compdef aws-sso
# aws-sso in zsh. For good: echo 'source <(aws-sso completions zsh)' >> ~/.zshrc, below compinit
_aws-sso() {
    local -a candidates folders others
    candidates=("${(@f)$(_AWS_SSO_COMPLETE=zsh \
        command aws-sso -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    candidates=("${(@)candidates:#}")
    if (( ! ${#candidates} )); then
        # A command to run, or a file.
        [[ -n ${words[(r)--]} || $PREFIX == [~./]* ]] && _files
        return
    fi
    # In a folder, one goes on.
    folders=("${(@M)candidates:#*/(|:*)}")
    others=("${(@)candidates:#*/(|:*)}")
    (( ${#folders} )) && _describe -V values folders -S ''
    (( ${#others} )) && _describe -V values others
}
if [[ $funcstack[1] == _aws-sso ]]; then
    _aws-sso "$@"
else
    compdef _aws-sso aws-sso
fi
