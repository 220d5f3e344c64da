//! The interactive selector: a person chooses one of all roles that they may use.
//!
//! It starts from the catalogues and waits for nothing else. It obtains no credentials, and prints nothing.

mod background;
mod columns;
mod draw;
mod keys;
mod layout;
mod matching;
mod narrowing;
mod preview;
mod query;
mod rows;
mod state;
#[cfg(test)]
mod tests;
mod told;

use std::io;
use std::pin::pin;

use credentials::{Clock, Failure, InstanceName, Problem, ProfileName};
use providers::identity_center::{Catalogue, FolderLook};

use crate::client::Client;
use crate::ground::clock::SystemClock;
use crate::ground::ui::{On, Screen};
use crate::ground::{env, paths, process};
use crate::instance::access;
use crate::instance::history::History;
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};
use background::{Background, News};
use draw::Look;
use keys::Action;
use rows::Rows;
use state::{Kept, State, Step};
use told::Told;

/// What was chosen.
pub(crate) struct Choice {
    pub(crate) profile: ProfileName,
    /// None for a profile of the AWS config.
    pub(crate) instance: Option<InstanceName>,
}

/// How a turn has ended.
enum Turn {
    Chosen(Choice),
    Left,
    /// The catalogues may be others.
    Changed(Kept),
}

/// What stays from turn to turn.
struct Selector<'a> {
    screen: Screen,
    background: Background<'a>,
    told: Told,
    look: Look,
    history: History,
}

/// Lets a person choose. `client` is asked in the background what its server holds.
pub(crate) async fn choose(
    settings: &Settings,
    client: Option<&Client>,
) -> Result<Choice, Failure> {
    // From here on a signal ends us in good order, so that the terminal is given back: once that is heard.
    process::hold_signals();
    tokio::task::yield_now().await;
    let candidates = settings.candidates()?;
    let mut selector = Selector {
        screen: Screen::open(On::Stderr).and_then(Screen::with_clicks).map_err(terminal_failed)?,
        background: Background::new(settings, client),
        told: Told::default(),
        look: Look::new(env::wants_colour()),
        history: History::read(&paths::history()),
    };
    let mut kept = None;
    let chosen = loop {
        match selector.turn(settings, &candidates, kept).await? {
            Turn::Chosen(choice) => break Ok(choice),
            Turn::Left => break Err(Failure::new(Problem::Interrupted, "no role was chosen")),
            Turn::Changed(again) => kept = Some(again),
        }
    };
    selector.background.end().await;
    chosen
}

impl<'a> Selector<'a> {
    /// From reading the catalogues until they change, or until the end.
    async fn turn(
        &mut self,
        settings: &'a Settings,
        candidates: &[&'a ConfiguredInstance],
        kept: Option<Kept>,
    ) -> Result<Turn, Failure> {
        // Looked at before anything is read: what comes in between is a change.
        let folder = FolderLook::at(paths::catalogues()).await;
        let catalogues = candidates.iter().map(|instance| access::catalogue_file(instance).read());
        let catalogues: Vec<Catalogue> = catalogues.collect();
        let roles = candidates.iter().zip(&catalogues);
        let roles = roles.map(|(instance, catalogue)| Roles::of(settings, instance, catalogue));
        let roles = roles.collect::<Result<Vec<_>, _>>()?;
        let now = SystemClock.now().as_second();
        let rows = Rows::of(settings, &roles, &self.history, now);
        self.told.unknown = unknown(settings, candidates, &catalogues);
        if kept.is_none() && !rows.rows.is_empty() {
            self.told.news = self.told.unknown.first().cloned();
        }
        let mut state = State::new(&rows, kept.unwrap_or_default());
        let ended = self.show(candidates, &mut state, folder.changes()).await?;
        Ok(ended.unwrap_or_else(|| Turn::Changed(state.into_kept())))
    }

    /// Shows the state, and what a person makes of it. None once the catalogues may be others.
    async fn show(
        &mut self,
        candidates: &[&'a ConfiguredInstance],
        state: &mut State<'_>,
        changes: impl Future<Output = ()>,
    ) -> Result<Option<Turn>, Failure> {
        let mut changes = pin!(changes);
        loop {
            let Self { screen, told, look, .. } = self;
            let drawn = screen.draw(|frame| {
                state.fit(frame.area());
                draw::draw(state, told, *look, frame);
            });
            drawn.map_err(terminal_failed)?;
            tokio::select! {
                events = self.screen.events() => {
                    let actions = events.map_err(terminal_failed)?.into_iter().filter_map(keys::action);
                    for action in actions {
                        if let Some(end) = self.act(candidates, state, action)? {
                            return Ok(Some(end));
                        }
                    }
                }
                news = self.background.news() => {
                    let is_over = matches!(news, News::Refreshed(_));
                    news.tell(&mut self.told);
                    if is_over {
                        return Ok(None);
                    }
                }
                () = &mut changes => return Ok(None),
            }
        }
    }

    fn act(
        &mut self,
        candidates: &[&'a ConfiguredInstance],
        state: &mut State<'_>,
        action: Action,
    ) -> Result<Option<Turn>, Failure> {
        if !self.background.is_refreshing() {
            self.told.news = None;
        }
        match state.act(action) {
            Step::Stay => {}
            Step::Redraw => self.screen.clear().map_err(terminal_failed)?,
            Step::Refresh => self.refresh(candidates, state),
            Step::Left => return Ok(Some(Turn::Left)),
            Step::Chosen(row) => {
                let (profile, instance) = (row.profile().clone(), row.instance().cloned());
                return Ok(Some(Turn::Chosen(Choice { profile, instance })));
            }
        }
        Ok(None)
    }

    /// Asks AWS for the roles of the chosen row's instance; where no row is chosen, of the likeliest.
    fn refresh(&mut self, candidates: &[&'a ConfiguredInstance], state: &State<'_>) {
        let of_row = state.chosen().and_then(|row| row.instance());
        let is_of_row = |instance: &&&ConfiguredInstance| Some(&instance.instance.name) == of_row;
        match candidates.iter().find(is_of_row).or(candidates.first()) {
            Some(instance) => {
                self.told.news = Some(format!("Refreshing `{}`…", instance.instance.name));
                self.background.refresh(instance);
            }
            None => {
                self.told.news =
                    Some("Nothing can be refreshed: no instance is configured".to_owned());
            }
        }
    }
}

/// What to do about instances whose roles were never fetched.
fn unknown(
    settings: &Settings,
    candidates: &[&ConfiguredInstance],
    catalogues: &[Catalogue],
) -> Vec<String> {
    let empty = candidates
        .iter()
        .zip(catalogues)
        .filter(|(_, catalogue)| catalogue.refreshed_at.is_none() && catalogue.accounts.is_empty());
    let what_to_do = |(instance, _): (&&ConfiguredInstance, _)| {
        let (name, flag) = (&instance.instance.name, settings.flag_for(&instance.instance));
        format!(
            "The roles of `{name}` are not known yet. Sign in, and they are fetched: aws-sso login{flag}"
        )
    };
    empty.map(what_to_do).collect()
}

fn terminal_failed(error: io::Error) -> Failure {
    Failure::failed(format!("the terminal cannot be used: {error}"))
}
