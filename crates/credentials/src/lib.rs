//! What things are: the words that both arms use, and the pure rules about them.
//!
//! No I/O, no runtime, no wire format: a clock is passed in, and JSON lives in `server::wire`.

mod credentials;
mod failure;
mod fetch;
mod instance;
mod invalid;
mod printable;
mod profile_name;
pub mod refresh;
mod role;
mod secret;
mod shell_word;
mod slot;
mod source;
mod time;

pub use crate::credentials::{AccessKeyId, Credentials};
pub use failure::{Failure, Problem, whole};
pub use fetch::Fetched;
pub use instance::{Instance, InstanceId, InstanceName, RegionName, StartUrl};
pub use invalid::Invalid;
pub use printable::{is_control, printable};
pub use profile_name::ProfileName;
pub use role::{AccountId, Partition, Principal, RoleArn, RoleName};
pub use secret::Secret;
pub use shell_word::shell_word;
pub use slot::{Generation, Profile, SlotName};
pub use source::{AwsConfigFiles, Chain, Link, ProfileSource, SettingsDigest, Source, Upstream};
pub use time::{Clock, Expiration, Remaining};

pub use jiff::{SignedDuration, Timestamp};
