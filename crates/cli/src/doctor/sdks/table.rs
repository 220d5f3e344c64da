//! The differences between the SDKs, one row each. [`super`] has what they share.
//!
//! The first five rows are compared with the SDKs themselves (conformance/tests/it/doctor.rs); C++, the Common Runtime
//! and Ruby were run once; .NET and PHP were only read.

/// An SDK, with its behaviour before it asks for container credentials.
pub(super) struct Sdk {
    pub(super) name: &'static str,
    /// The version that was observed.
    pub(super) version: &'static str,
    /// The variables that name its profile. The first that is set counts.
    pub(super) profile_variables: &'static [&'static str],
    /// Whether an empty variable counts as the name of a profile, which does not exist.
    pub(super) takes_empty_name: bool,
    /// Whether it fails when the named profile does not exist. The others continue.
    pub(super) needs_profile: bool,
    /// Whether a named profile makes it ignore keys in the environment.
    pub(super) skips_keys_for_profile: bool,
    /// Whether it fails with an access key id without a secret access key. The others ignore it.
    pub(super) fails_on_half_keys: bool,
    /// Whether it fails with a web identity token without a role. The others ignore it.
    pub(super) fails_on_half_web_identity: bool,
    /// The order of web identity and profile.
    pub(super) web_identity: Order,
    /// What it does when a web identity or a profile gives no credentials.
    pub(super) goes_on: GoesOn,
    /// The keys of a profile that it ignores.
    pub(super) overlooks: &'static [&'static str],
    pub(super) empty_relative_uri: EmptyRelativeUri,
    /// Whether it accepts a name that resolves to loopback, over plain HTTP.
    pub(super) resolves_names: bool,
    /// Whether it prefers the token in the variable to that in the file.
    pub(super) prefers_token_variable: bool,
    /// Whether a line break in the token's file makes it fail or lose the token.
    pub(super) refuses_file_break: bool,
    /// Whether a line break in the token's variable makes it fail.
    pub(super) refuses_variable_break: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    BeforeProfile,
    AfterProfile,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesOn {
    Never,
    /// When a profile's `credential_process` fails.
    AfterProcess,
    Always,
}

/// The effect of an empty `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyRelativeUri {
    IsAsked,
    Fails,
    IsNone,
}

const PROFILE: &str = "AWS_PROFILE";
const DEFAULT_PROFILE: &str = "AWS_DEFAULT_PROFILE";

/// The behaviour of most SDKs.
const USUAL: Sdk = Sdk {
    name: "",
    version: "",
    profile_variables: &[PROFILE],
    takes_empty_name: false,
    needs_profile: false,
    skips_keys_for_profile: false,
    fails_on_half_keys: false,
    fails_on_half_web_identity: false,
    web_identity: Order::BeforeProfile,
    goes_on: GoesOn::Never,
    overlooks: &[],
    empty_relative_uri: EmptyRelativeUri::IsNone,
    resolves_names: true,
    prefers_token_variable: false,
    refuses_file_break: true,
    refuses_variable_break: true,
};

pub(super) const SDKS: [Sdk; 10] = [
    Sdk {
        name: "boto3, AWS CLI",
        version: "boto3 1.44",
        profile_variables: &[DEFAULT_PROFILE, PROFILE],
        takes_empty_name: true,
        needs_profile: true,
        fails_on_half_keys: true,
        fails_on_half_web_identity: true,
        empty_relative_uri: EmptyRelativeUri::IsAsked,
        resolves_names: false,
        ..USUAL
    },
    Sdk {
        name: "SDK for Go v2, Terraform",
        version: "config 1.32",
        profile_variables: &[PROFILE, DEFAULT_PROFILE],
        needs_profile: true,
        fails_on_half_web_identity: true,
        ..USUAL
    },
    Sdk {
        name: "SDK for Java v2",
        version: "2.33",
        goes_on: GoesOn::Always,
        empty_relative_uri: EmptyRelativeUri::IsAsked,
        prefers_token_variable: true,
        refuses_variable_break: false,
        ..USUAL
    },
    Sdk {
        name: "SDK for JavaScript v3",
        version: "credential-provider-node 3.972",
        skips_keys_for_profile: true,
        web_identity: Order::AfterProfile,
        goes_on: GoesOn::AfterProcess,
        resolves_names: false,
        ..USUAL
    },
    Sdk {
        name: "SDK for Rust",
        version: "aws-config 1.13",
        web_identity: Order::AfterProfile,
        empty_relative_uri: EmptyRelativeUri::Fails,
        ..USUAL
    },
    Sdk {
        name: "SDK for C++",
        version: "1.11",
        profile_variables: &[DEFAULT_PROFILE, PROFILE],
        web_identity: Order::AfterProfile,
        goes_on: GoesOn::Always,
        overlooks: &["role_arn", "login_session", "web_identity_token_file"],
        refuses_file_break: false,
        refuses_variable_break: false,
        ..USUAL
    },
    Sdk {
        name: "Common Runtime",
        version: "awscrt 0.38",
        web_identity: Order::AfterProfile,
        goes_on: GoesOn::Always,
        ..USUAL
    },
    Sdk {
        name: "SDK for Ruby",
        version: "3.211",
        empty_relative_uri: EmptyRelativeUri::Fails,
        refuses_file_break: false,
        ..USUAL
    },
    Sdk {
        name: "SDK for .NET",
        version: "4",
        needs_profile: true,
        resolves_names: false,
        refuses_file_break: false,
        refuses_variable_break: false,
        ..USUAL
    },
    Sdk { name: "SDK for PHP", version: "3", goes_on: GoesOn::Always, ..USUAL },
];
