//! Which role is meant: the one that flags name.

use crate::args::RoleArguments;
use crate::error::{CommandError, Kind};
use crate::obtain::Wanted;

/// What is wanted of `command`, such as `aws-sso ecs load`.
pub(crate) fn which_role(arguments: RoleArguments, command: &str) -> Result<Wanted, CommandError> {
    arguments.wanted().ok_or_else(|| {
        let hint =
            format!("Name it: {command} --profile NAME, or --account ID --role NAME, or --arn ARN");
        CommandError::new(Kind::Usage, "no role is named").with_hint(hint)
    })
}
