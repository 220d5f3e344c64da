//! Lets a person choose one of their roles with the full-screen selector.
//!
//! It reads the catalogues, and waits for nothing else. It obtains no credentials, and prints nothing.

mod background;
mod loaded;
mod preview;
mod rows;

use std::io;
use std::pin::pin;

use credentials::{Clock, Failure, InstanceName, Problem, ProfileName};
use providers::identity_center::{Catalogue, FolderSnapshot};
use ratatui::crossterm::event::Event;
use selector::{Kept, Look, Notes, State, Step, draw};

use crate::client::Client;
use crate::ground::clock::SystemClock;
use crate::ground::ui::{On, Screen};
use crate::ground::{env, paths, process};
use crate::instance::access;
use crate::instance::history::{History, Key};
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};
use background::{Background, News};
use loaded::Loaded;
use preview::preview;
use rows::{Target, aws_config_profiles, rows};

/// The role that a person chose.
pub(crate) struct Choice {
    pub(crate) profile: ProfileName,
    /// None for a profile of the AWS config.
    pub(crate) instance: Option<InstanceName>,
}

/// The end of a turn.
enum Turn {
    Chosen(Choice),
    Cancelled,
    /// The catalogues may have changed.
    Changed(Place),
}

/// The position of a person in the list.
#[derive(Default)]
struct Place {
    kept: Kept,
    selected: Option<Key>,
}

/// The state that all turns share.
struct Chooser<'a> {
    settings: &'a Settings,
    candidates: Vec<&'a ConfiguredInstance>,
    screen: Screen,
    background: Background<'a>,
    /// The slots of the server. None until it has answered.
    loaded: Option<Vec<Loaded>>,
    news: Option<String>,
    look: Look,
    history: History,
}

/// Lets a person choose a role. In the background, `client` asks the server for its slots.
pub(crate) async fn choose(
    settings: &Settings,
    client: Option<&Client>,
) -> Result<Choice, Failure> {
    // From here on, a signal ends the selector and the terminal is restored. The handlers start after
    // the next yield.
    process::hold_signals();
    tokio::task::yield_now().await;
    let mut chooser = Chooser {
        settings,
        candidates: settings.candidates()?,
        screen: Screen::open(On::Stderr).and_then(Screen::with_clicks).map_err(terminal_failed)?,
        background: Background::new(settings, client),
        loaded: None,
        news: None,
        look: Look::new(env::wants_colour()),
        history: History::read(&paths::history()),
    };
    let mut place = None;
    let chosen = loop {
        match chooser.turn(place).await? {
            Turn::Chosen(choice) => break Ok(choice),
            Turn::Cancelled => break Err(Failure::new(Problem::Interrupted, "no role was chosen")),
            Turn::Changed(changed) => place = Some(changed),
        }
    };
    chooser.background.end().await;
    chosen
}

impl Chooser<'_> {
    /// Reads the catalogues, and shows them until they change or the person ends it.
    async fn turn(&mut self, place: Option<Place>) -> Result<Turn, Failure> {
        // Before anything is read, so that a change in between is seen.
        let folder = FolderSnapshot::take(paths::catalogues()).await;
        let candidates = self.candidates.iter();
        let catalogues: Vec<Catalogue> =
            candidates.map(|instance| access::catalogue_file(instance).read()).collect();
        let roles = self.candidates.iter().zip(&catalogues);
        let roles =
            roles.map(|(instance, catalogue)| Roles::of(self.settings, instance, catalogue));
        let roles = roles.collect::<Result<Vec<_>, _>>()?;
        let profiles = aws_config_profiles(self.settings, &roles);
        let now = SystemClock.now().as_second();
        let rows = rows(&roles, &profiles, &self.history, now);
        let mut without_rows = self.sign_ins_needed(&catalogues);
        if place.is_none() && !rows.is_empty() {
            self.news = without_rows.first().cloned();
        }
        if without_rows.is_empty() {
            without_rows.push(NO_ROLES.to_owned());
        }
        let Place { kept, selected } = place.unwrap_or_default();
        let is_selected =
            |target: &Target<'_>| selected.as_ref().is_some_and(|key| *key == target.key());
        let mut state = State::new(&rows, kept, is_selected);
        let ended = self.show(&mut state, &without_rows, folder.changes()).await?;
        Ok(ended.unwrap_or_else(|| {
            let selected = state.selected().map(|row| row.key.key());
            Turn::Changed(Place { kept: state.into_kept(), selected })
        }))
    }

    /// Shows the state and handles the keys. None if the catalogues may have changed.
    async fn show(
        &mut self,
        state: &mut State<'_, Target<'_>>,
        without_rows: &[String],
        changes: impl Future<Output = ()>,
    ) -> Result<Option<Turn>, Failure> {
        let mut changes = pin!(changes);
        loop {
            let preview = state.selected().map(|row| preview(row, self.loaded.as_deref()));
            let preview = preview.unwrap_or_default();
            let notes = Notes { preview: &preview, news: self.news.as_deref(), without_rows };
            let drawn = self.screen.draw(|frame| draw(state, notes, self.look, frame));
            drawn.map_err(terminal_failed)?;
            tokio::select! {
                events = self.screen.events() => {
                    for event in events.map_err(terminal_failed)? {
                        if let Some(end) = self.handle(state, event)? {
                            return Ok(Some(end));
                        }
                    }
                }
                news = self.background.news() => match news {
                    News::Loaded(loaded) => self.loaded = Some(loaded),
                    News::Progress(text) => self.news = Some(text),
                    News::Updated(text) => {
                        self.news = Some(text);
                        return Ok(None);
                    }
                },
                () = &mut changes => return Ok(None),
            }
        }
    }

    fn handle(
        &mut self,
        state: &mut State<'_, Target<'_>>,
        event: Event,
    ) -> Result<Option<Turn>, Failure> {
        let Some(step) = state.handle(event) else { return Ok(None) };
        if !self.background.is_updating() {
            self.news = None;
        }
        match step {
            Step::Stay => {}
            Step::Redraw => self.screen.clear().map_err(terminal_failed)?,
            Step::Refresh => self.update(state),
            Step::Cancelled => return Ok(Some(Turn::Cancelled)),
            Step::Chosen(target) => {
                let (profile, instance) = (target.profile().clone(), target.instance().cloned());
                return Ok(Some(Turn::Chosen(Choice { profile, instance })));
            }
        }
        Ok(None)
    }

    /// Updates the instance of the selected row from AWS. If the row has no instance, updates the default one.
    fn update(&mut self, state: &State<'_, Target<'_>>) {
        let of_row = state.selected().and_then(|row| row.key.instance());
        let is_of_row = |instance: &&&ConfiguredInstance| Some(&instance.instance.name) == of_row;
        self.news =
            Some(match self.candidates.iter().find(is_of_row).or(self.candidates.first()) {
                Some(instance) => {
                    self.background.update(instance);
                    format!("Updating `{}`…", instance.instance.name)
                }
                None => "Nothing to update: no instance is configured".to_owned(),
            });
    }

    /// A line for each instance whose roles were never fetched.
    fn sign_ins_needed(&self, catalogues: &[Catalogue]) -> Vec<String> {
        let empty = self.candidates.iter().zip(catalogues).filter(|(_, catalogue)| {
            catalogue.updated_at.is_none() && catalogue.accounts.is_empty()
        });
        let line = |(instance, _): (&&ConfiguredInstance, _)| {
            let flag = self.settings.flag_for(&instance.instance);
            let name = &instance.instance.name;
            format!(
                "The roles of `{name}` are not known yet. Sign in to fetch them: aws-sso login{flag}"
            )
        };
        empty.map(line).collect()
    }
}

fn terminal_failed(error: io::Error) -> Failure {
    Failure::failed(format!("the terminal cannot be used: {error}"))
}

const NO_ROLES: &str = "You have no roles. Ctrl-R updates the list from AWS.";
