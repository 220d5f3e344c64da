# aws-sso in fish. For good: aws-sso completions fish > ~/.config/fish/completions/aws-sso.fish
complete --command aws-sso --no-files --keep-order --arguments '(_AWS_SSO_COMPLETE=fish command aws-sso -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor) 2>/dev/null)'
complete --command aws-sso --condition 'contains -- -- (commandline --current-process --tokenize --cut-at-cursor)' --force-files
