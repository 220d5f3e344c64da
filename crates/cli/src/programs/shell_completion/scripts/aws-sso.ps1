# aws-sso in PowerShell. For good, in $PROFILE: aws-sso completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName aws-sso -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.Extent.Text }
        })
    if ($wordToComplete -eq '') { $words += '' }
    try {
        $env:_AWS_SSO_COMPLETE = 'powershell'
        $env:_AWS_SSO_WORDS = $words -join "`n"
        & aws-sso 2>$null | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            $typed = $value
            if ($value -match '[^\w:./%+=-]') { $typed = "'" + $value.Replace("'", "''") + "'" }
            [System.Management.Automation.CompletionResult]::new($typed, $value, 'ParameterValue', $help)
        }
    }
    finally {
        Remove-Item Env:_AWS_SSO_COMPLETE, Env:_AWS_SSO_WORDS -ErrorAction SilentlyContinue
    }
}
