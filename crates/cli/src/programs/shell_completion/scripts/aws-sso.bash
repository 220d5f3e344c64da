# aws-sso in bash. For good: echo 'eval "$(aws-sso completions bash)"' >> ~/.bashrc
_aws_sso() {
    local answer line
    COMPREPLY=()
    answer=$(_AWS_SSO_COMPLETE=bash _AWS_SSO_BREAKS=$COMP_WORDBREAKS \
        command aws-sso -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [[ -z $answer ]]; then
        # A command to run, or a file.
        [[ $COMP_LINE == *' -- '* || $2 == [~./]* ]] && compopt -o default 2>/dev/null
        return
    fi
    if ((BASH_VERSINFO[0] >= 4)); then
        mapfile -t COMPREPLY <<<"$answer"
    else
        while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"$answer"
    fi
    # In a folder, one goes on.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F _aws_sso aws-sso 2>/dev/null || complete -F _aws_sso aws-sso
