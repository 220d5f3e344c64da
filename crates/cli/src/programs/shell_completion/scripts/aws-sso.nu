# aws-sso in nushell. For good: aws-sso completions nushell | save ($nu.default-config-dir | path join autoload aws-sso.nu)
let before_aws_sso = $env.config?.completions?.external?.completer?
$env.config.completions.external.enable = true
$env.config.completions.external.completer = {|spans|
    if ($spans | first) == "aws-sso" {
        with-env { _AWS_SSO_COMPLETE: "nushell" } { ^aws-sso -- ...$spans } | from json
    } else if $before_aws_sso != null {
        do $before_aws_sso $spans
    }
}
