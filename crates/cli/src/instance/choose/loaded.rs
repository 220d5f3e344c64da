//! The slots of the server, and which of them has the role of a row.

use credentials::Source;
use server::wire::{ProfileObject, State};

use super::rows::Target;

/// A slot of the server.
pub(super) struct Loaded {
    pub(super) is_default: bool,
    pub(super) profile: ProfileObject,
    /// The source of its credentials, if it is known.
    pub(super) source: Option<Source>,
}

/// Text about the slot that has credentials of the target. Empty until the server has answered.
pub(super) fn where_loaded(loaded: Option<&[Loaded]>, target: Target<'_>) -> String {
    let Some(loaded) = loaded else { return String::new() };
    let source = target.source();
    let is_of_target = |slot: &&Loaded| {
        source.is_some() && slot.source == source && slot.profile.state != State::Expired
    };
    match loaded.iter().find(is_of_target) {
        None => "not loaded: will be requested from AWS".to_owned(),
        Some(Loaded { is_default: true, profile, .. }) => {
            format!("loaded in the default slot, for {}", profile.expires)
        }
        Some(Loaded { is_default: false, profile, .. }) => {
            format!("loaded in the slot `{}`, for {}", profile.profile_name, profile.expires)
        }
    }
}

#[cfg(test)]
mod tests {
    use credentials::{Principal, ProfileName, ProfileSource, SettingsDigest, Timestamp};

    use super::super::rows::AwsConfigProfile;
    use super::*;

    #[test]
    fn only_credentials_of_an_equal_source_that_have_not_expired_are_loaded() {
        let source = || Some(Source::Profile(fakes::profile_source("mine")));
        let of_other_settings =
            ProfileSource { digest: SettingsDigest([8; 32]), ..fakes::profile_source("mine") };
        let name = ProfileName::parse("mine").unwrap();
        let new = |source| AwsConfigProfile::new(name.clone(), Principal::default(), source);
        let (mine, unknown) = (new(source()), new(None));
        let slot = |source: Option<Source>, state: State| Loaded {
            is_default: false,
            profile: ProfileObject {
                profile_name: "other name".to_owned(),
                expires: "59m".to_owned(),
                state,
                ..ProfileObject::new(&name, &Principal::default(), None, Timestamp::UNIX_EPOCH)
            },
            source,
        };
        let text = |slot: Loaded, profile| where_loaded(Some(&[slot]), Target::Profile(profile));
        assert_eq!(where_loaded(None, Target::Profile(&mine)), "", "the server has not answered");
        let fresh = slot(source(), State::Ready);
        assert_eq!(text(fresh, &mine), "loaded in the slot `other name`, for 59m");
        let default = Loaded { is_default: true, ..slot(source(), State::Ready) };
        assert_eq!(text(default, &mine), "loaded in the default slot, for 59m");
        for (slot, profile) in [
            (slot(source(), State::Expired), &mine),
            (slot(Some(Source::Profile(of_other_settings)), State::Ready), &mine),
            (slot(None, State::Ready), &mine),
            (slot(None, State::Ready), &unknown),
        ] {
            assert_eq!(text(slot, profile), "not loaded: will be requested from AWS");
        }
    }
}
