//! Notices about a slot, in addition to its state. They are made only here, from the data that the server sends.

use credentials::{Expiration, InstanceName, Timestamp, shell_word, whole};
use server::SESSION_ENDS_SOON;
use server::wire::ProfileObject;

/// One line that says why a slot is not ready and what to do, or that its SSO session ends soon.
pub(crate) fn notice(profile: &ProfileObject, now: Timestamp) -> Option<String> {
    let ProfileObject { reason, hint, expiration_assumed, session_ends, .. } = profile;
    if let Some(reason) = reason {
        return Some(whole(reason, hint.as_deref()));
    }
    if *expiration_assumed {
        return Some("the expiration is not known, so it is served for 15 minutes".to_owned());
    }
    let ends = Timestamp::from_second((*session_ends)?).ok()?;
    let is_soon = now < ends && ends.duration_since(now) <= SESSION_ENDS_SOON;
    let source = profile.source().filter(|_| is_soon)?;
    session_ending(&source.instance()?.name, ends, now)
}

/// One line that says when an SSO session ends, and what to do.
pub(crate) fn session_ending(
    instance: &InstanceName,
    ends: Timestamp,
    now: Timestamp,
) -> Option<String> {
    let left = Expiration::new(ends).ok()?.remaining(now);
    let name = shell_word(instance.as_str());
    Some(format!(
        "the SSO session of `{instance}` ends in {left}. Sign in again: aws-sso login --force --sso {name}"
    ))
}

#[cfg(test)]
mod tests {
    use credentials::{
        AccountId, Chain, InstanceId, Principal, RoleName, SignedDuration, Source, StartUrl,
    };
    use server::wire::SourceObject;

    use super::*;

    #[test]
    fn a_failure_comes_before_the_end_of_the_session_which_shows_only_when_soon() {
        let now = Timestamp::from_second(1_795_382_191).unwrap();
        let name = credentials::ProfileName::parse("dev").unwrap();
        let source = Source::Role {
            instance: InstanceId {
                name: InstanceName::parse("my corp").unwrap(),
                start_url: StartUrl::parse("https://corp.awsapps.com/start").unwrap(),
            },
            chain: Chain {
                account_id: AccountId::parse("1").unwrap(),
                role_name: RoleName::parse("Admin").unwrap(),
                links: Vec::new(),
            },
        };
        let ends_in = |minutes| {
            let ends = now + SignedDuration::from_mins(minutes);
            ProfileObject {
                source: Some(SourceObject::of(&source)),
                session_ends: Some(ends.as_second()),
                ..ProfileObject::new(&name, &Principal::default(), None, now)
            }
        };
        assert_eq!(notice(&ends_in(16), now), None);
        assert_eq!(notice(&ends_in(0), now), None);
        assert_eq!(
            notice(&ends_in(14), now).unwrap(),
            "the SSO session of `my corp` ends in 14m. Sign in again: aws-sso login --force --sso 'my corp'"
        );
        let reason = Some("AWS is away".to_owned());
        let failing = ProfileObject { reason, hint: Some("Wait".to_owned()), ..ends_in(14) };
        assert_eq!(notice(&failing, now).unwrap(), "AWS is away. Wait");
    }
}
