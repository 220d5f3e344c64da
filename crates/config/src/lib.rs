//! The person's configuration: `config.yaml`, and the profile names that it defines for roles.
//!
//! This crate reads no environment variable, no clock and no network. The paths of the file and of the home folder are passed in.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

pub mod aws_config;
mod config_yaml;
#[doc(hidden)]
pub mod fuzzing;
pub mod profile_name;

pub use config_yaml::{
    Account, AuthWorkflow, BrokenInstance, ConfigFile, FieldError, InstanceSection, Role,
    SecureStore, UrlAction,
};
