//! What other programs need of us: variables, certificates, profiles in the AWS config, completions.

pub(crate) mod aws_profile;
pub(crate) mod credentials_format;
pub(crate) mod exports;
pub(crate) mod format;
pub(crate) mod profile_blocks;
pub(crate) mod server_exports;
pub(crate) mod shell_completion;
pub(crate) mod trust;
