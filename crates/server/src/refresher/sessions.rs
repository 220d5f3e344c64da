//! The SSO sessions that slots depend on: keeps them alive, checks them in time, and warns before their end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Failure, InstanceId, SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::aborted;
use crate::event::SESSION_ENDS_SOON;
use crate::provider::{Provider, Session};

/// With less time left than this, a session causes a second warning.
const SECOND_WARNING: SignedDuration = SignedDuration::from_mins(5);
/// Maximum difference between two values for the same end.
const SAME_END: SignedDuration = SignedDuration::from_secs(30);
/// Whoever looks at the state of slots gets one that is at most this old, or causes a new check.
const OLD_CHECK: SignedDuration = SignedDuration::from_secs(2);
/// Time between a failed check and the next one.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

pub(super) struct Sessions {
    provider: Arc<dyn Provider>,
    watched: HashMap<InstanceId, Watched>,
    checks: JoinSet<(InstanceId, Result<Session, Failure>)>,
}

#[derive(Default)]
struct Watched {
    /// The next check. `None`: after a sign-in.
    check_at: Option<Timestamp>,
    /// The beginning of the last check.
    checked_at: Option<Timestamp>,
    /// Whether a check runs. There are never two.
    is_checking: bool,
    ends: Option<Timestamp>,
    /// The number of warnings for this end.
    warnings: u8,
}

impl Sessions {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, watched: HashMap::new(), checks: JoinSet::new() }
    }

    /// Replaces the watched instances.
    pub(super) fn watch(&mut self, instances: Vec<InstanceId>, now: Timestamp) {
        self.watched.retain(|name, known| instances.contains(name) || known.is_checking);
        for name in instances {
            let new = || Watched { check_at: Some(now), ..Watched::default() };
            self.watched.entry(name).or_insert_with(new);
        }
    }

    /// Begins the checks that are due.
    pub(super) fn begin_due_checks(&mut self, now: Timestamp) {
        for (name, watched) in &mut self.watched {
            if !watched.is_checking && watched.check_at.is_some_and(|at| at <= now) {
                watched.is_checking = true;
                watched.checked_at = Some(now);
                let (name, session) = (name.clone(), self.provider.session(name));
                self.checks.spawn(async move {
                    // A separate task, so that it ends even if it panics.
                    let session = tokio::spawn(session).await;
                    (name, session.unwrap_or_else(|_| Err(aborted())))
                });
            }
        }
    }

    /// Waits for the end of a check. `None`: no check runs.
    pub(super) async fn checked(&mut self) -> Option<(InstanceId, Result<Session, Failure>)> {
        let (name, outcome) = self.checks.join_next().await?.ok()?;
        if let Some(watched) = self.watched.get_mut(&name) {
            watched.is_checking = false;
        }
        Some((name, outcome))
    }

    /// Sets the state of a session.
    pub(super) fn set_session(&mut self, instance: &InstanceId, session: Session) {
        let Some(watched) = self.watched.get_mut(instance) else { return };
        // The last tokens of a session differ by a second in its end. That is not a new end.
        let is_same = match (watched.ends, session.ends) {
            (Some(one), Some(other)) => one.duration_since(other).abs() <= SAME_END,
            (one, other) => one == other,
        };
        if !is_same {
            watched.warnings = 0;
        }
        watched.ends = session.ends;
        // The next check is at its end.
        let at = session.ends.map_or(session.look_again, |ends| ends.min(session.look_again));
        watched.check_at = Some(at);
    }

    /// Notes the end of a session: it is not checked again before a sign-in.
    pub(super) fn ended(&mut self, instance: &InstanceId) {
        if let Some(watched) = self.watched.get_mut(instance) {
            *watched = Watched { is_checking: watched.is_checking, ..Watched::default() };
        }
    }

    /// Checks a session now, because a person may have signed in.
    pub(super) fn check_now(&mut self, instance: &InstanceId, now: Timestamp) {
        if let Some(watched) = self.watched.get_mut(instance) {
            watched.check_at = Some(now);
        }
    }

    /// Checks the sessions now that were not checked for a while, because somebody looks at the state of slots.
    pub(super) fn check_old(&mut self, now: Timestamp) {
        for watched in self.watched.values_mut() {
            let is_old = watched.checked_at.is_some_and(|at| now.duration_since(at) > OLD_CHECK);
            watched.check_at = watched.check_at.map(|at| if is_old { at.min(now) } else { at });
        }
    }

    /// Schedules another check after one that failed.
    pub(super) fn check_later(&mut self, instance: &InstanceId, now: Timestamp) {
        if let Some(watched) = self.watched.get_mut(instance) {
            watched.check_at = Some(now + RETRY_INTERVAL);
        }
    }

    /// Checks all sessions now, because the clock has made a step.
    pub(super) fn check_all_now(&mut self, now: Timestamp) {
        for watched in self.watched.values_mut() {
            watched.check_at = watched.check_at.map(|_| now);
        }
    }

    /// The sessions whose end must be reported now.
    pub(super) fn warnings(&mut self, now: Timestamp) -> Vec<(InstanceId, Timestamp)> {
        let mut warnings = Vec::new();
        for (name, watched) in &mut self.watched {
            let Some(ends) = watched.ends.filter(|ends| *ends > now) else { continue };
            let left = ends.duration_since(now);
            let wanted = u8::from(left <= SESSION_ENDS_SOON) + u8::from(left <= SECOND_WARNING);
            if wanted > watched.warnings {
                warnings.push((name.clone(), ends));
            }
            watched.warnings = watched.warnings.max(wanted);
        }
        warnings
    }

    /// The time until the next check or warning.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let checks = self.watched.values().filter(|watched| !watched.is_checking);
        let at = checks.filter_map(|watched| watched.check_at).min()?;
        Some(at.duration_since(now).try_into().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use credentials::{Fetched, Source, Upstream};

    use super::*;
    use crate::provider::Later;

    struct IdleProvider;

    impl Provider for IdleProvider {
        fn fetch(&self, _: &Source) -> Later<Result<Fetched, Failure>> {
            Box::pin(std::future::pending())
        }

        fn session(&self, _: &InstanceId) -> Later<Result<Session, Failure>> {
            Box::pin(std::future::pending())
        }

        fn signed_in(&self, _: &Upstream) -> Later<()> {
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn an_end_is_reported_twice_and_a_later_end_again() {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let second = Duration::from_secs(1);
        let corp = fakes::instance("corp");
        let mut sessions = Sessions::new(Arc::new(IdleProvider));
        sessions.watch(vec![corp.clone()], start);
        let mut reports = |ends, now| {
            sessions.set_session(&corp, Session { ends: Some(ends), look_again: now });
            sessions.warnings(now).len()
        };
        assert_eq!(reports(at(20), start), 0);
        assert_eq!(reports(at(20) + second, at(6)), 1);
        assert_eq!(reports(at(20) - second, at(7)), 0);
        assert_eq!(reports(at(20), at(16)), 1);
        assert_eq!(reports(at(20) + second, at(20) - second), 0);
        assert_eq!(reports(at(500), at(21)), 0, "a person has signed in again");
        assert_eq!(reports(at(500), at(490)), 1);
    }
}
