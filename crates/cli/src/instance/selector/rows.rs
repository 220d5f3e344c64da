//! What can be chosen: a row each, made once. What is shown is printable, and each different text is kept once: thousands of
//! roles share a few names, and a text need not be looked through twice.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use credentials::{AccountId, InstanceName, Principal, ProfileName, RoleName, Source};
use nucleo_matcher::Utf32String;
use unicode_width::UnicodeWidthStr;

use crate::ground::ui::printable;
use crate::instance::history::{History, Key, Use};
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::Settings;

/// A place in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Profile,
    Account,
    AccountId,
    Role,
    Tags,
    Instance,
    /// The account's name at AWS, where config.yaml gives it another: looked through, and not shown.
    Alias,
}

impl Column {
    pub(super) const ALL: [Self; 7] = [
        Self::Profile,
        Self::Account,
        Self::AccountId,
        Self::Role,
        Self::Tags,
        Self::Instance,
        Self::Alias,
    ];
}

/// A text's number. That of the empty one is 0.
pub(super) type TextId = u32;

/// A text that some rows have.
pub(super) struct Text<'a> {
    pub(super) shown: Cow<'a, str>,
    /// The same, as it is looked through.
    pub(super) searched: Utf32String,
}

/// One line of the list.
pub(super) struct Row<'a> {
    pub(super) texts: [TextId; Column::ALL.len()],
    /// Printable.
    pub(super) tags: Vec<(String, String)>,
    pub(super) of: Of<'a>,
    pub(super) used: Option<Use>,
    /// How likely it is wanted: see [`Use::frecency`].
    pub(super) frecency: f64,
}

/// What a row stands for.
pub(super) enum Of<'a> {
    Role {
        roles: &'a Roles<'a>,
        role: &'a Role<'a>,
    },
    /// A profile of the AWS config that is none of the roles.
    AwsConfig {
        name: ProfileName,
        principal: Principal,
        key: Key,
        source: Option<Source>,
    },
}

/// All rows: first what is used the most, then by instance and name.
pub(super) struct Rows<'a> {
    pub(super) texts: Vec<Text<'a>>,
    pub(super) rows: Vec<Row<'a>>,
    /// How wide the widest text of each column is.
    pub(super) widths: [usize; Column::ALL.len()],
    /// In seconds since 1970.
    pub(super) now: i64,
}

impl Of<'_> {
    /// The role that it gives, as far as that is known.
    pub(super) fn role(&self) -> Option<(&AccountId, &RoleName)> {
        match self {
            Self::Role { role, .. } => Some((role.account_id, role.role_name)),
            Self::AwsConfig { principal, .. } => principal.role(),
        }
    }
}

impl Row<'_> {
    pub(super) fn text(&self, column: Column) -> TextId {
        self.texts.get(column as usize).copied().unwrap_or_default()
    }

    /// Whether it can have been used, where something was in these accounts.
    fn is_of(&self, accounts: &HashSet<&str>) -> bool {
        match &self.of {
            Of::Role { role, .. } => accounts.contains(role.account_id.as_str()),
            Of::AwsConfig { .. } => true,
        }
    }

    /// What it is, whatever it is called.
    pub(super) fn key(&self) -> Key {
        match &self.of {
            Of::Role { roles, role } => {
                Key::role(roles.instance_name(), role.account_id, role.role_name)
            }
            Of::AwsConfig { key, .. } => key.clone(),
        }
    }

    /// How its credentials are obtained: what identifies it.
    pub(super) fn source(&self) -> Option<Source> {
        match &self.of {
            Of::Role { roles, role } => roles.source(role).ok(),
            Of::AwsConfig { source, .. } => source.clone(),
        }
    }

    pub(super) fn profile(&self) -> &ProfileName {
        match &self.of {
            Of::Role { role, .. } => &role.profile,
            Of::AwsConfig { name, .. } => name,
        }
    }

    pub(super) fn instance(&self) -> Option<&InstanceName> {
        match &self.of {
            Of::Role { roles, .. } => Some(roles.instance_name()),
            Of::AwsConfig { .. } => None,
        }
    }
}

impl<'a> Rows<'a> {
    pub(super) fn of(
        settings: &Settings,
        roles: &'a [Roles<'a>],
        history: &History,
        now: i64,
    ) -> Self {
        let mut texts = Texts::default();
        let mut rows = Vec::with_capacity(roles.iter().map(|roles| roles.roles.len()).sum());
        for of_instance in roles {
            let instance = match roles.len() {
                1 => 0,
                _ => texts.id(of_instance.instance_name().as_str().into()),
            };
            let of_role = |role| row(&mut texts, of_instance, role, instance);
            rows.extend(of_instance.roles.iter().map(of_role));
        }
        if !settings.is_one_chosen() {
            add_aws_config(settings, &mut texts, &mut rows);
        }
        let accounts = history.accounts();
        for row in &mut rows {
            if row.is_of(&accounts) {
                row.used = history.of(&row.key());
                row.frecency = row.used.map_or(0.0, |used| used.frecency(now));
            }
        }
        Self::arranged(texts, rows, now)
    }

    /// In their order.
    pub(super) fn arranged(texts: Texts<'a>, mut rows: Vec<Row<'a>>, now: i64) -> Self {
        let texts = texts.all;
        let name =
            |row: &Row<'_>| texts.get(row.text(Column::Profile) as usize).map(|text| &text.shown);
        // What is not negative is ordered as its bits are.
        let by_use = |row: &Row<'_>| Reverse(row.frecency.to_bits());
        rows.sort_by_cached_key(|row| (by_use(row), row.text(Column::Instance), name(row)));
        let widths = widths(&texts, &rows);
        Self { texts, rows, widths, now }
    }

    /// A row's text in a column.
    pub(super) fn shown(&self, row: &Row<'_>, column: Column) -> &str {
        self.texts.get(row.text(column) as usize).map_or("", |text| &text.shown)
    }

    /// Where a row is, if it is there still.
    pub(super) fn place(&self, key: &Key) -> Option<u32> {
        let place = self.rows.iter().position(|row| row.key() == *key)?;
        u32::try_from(place).ok()
    }
}

/// Texts as they come.
pub(super) struct Texts<'a> {
    all: Vec<Text<'a>>,
    /// Those that are likely to come again.
    known: HashMap<Cow<'a, str>, TextId>,
}

impl Default for Texts<'_> {
    fn default() -> Self {
        let empty = Text { shown: "".into(), searched: "".into() };
        Self { all: vec![empty], known: HashMap::new() }
    }
}

impl<'a> Texts<'a> {
    pub(super) fn id(&mut self, text: Cow<'a, str>) -> TextId {
        if text.is_empty() {
            return 0;
        }
        match self.known.get(&text) {
            Some(id) => *id,
            None => {
                let id = self.add(text.clone());
                self.known.insert(text, id);
                id
            }
        }
    }

    /// One that nothing else is called.
    pub(super) fn add(&mut self, text: Cow<'a, str>) -> TextId {
        let shown = match text {
            Cow::Borrowed(text) => printable(text),
            Cow::Owned(text) => printable(&text).into_owned().into(),
        };
        let searched = Utf32String::from(&*shown);
        self.all.push(Text { shown, searched });
        TextId::try_from(self.all.len() - 1).unwrap_or_default()
    }
}

fn row<'a>(
    texts: &mut Texts<'a>,
    roles: &'a Roles<'a>,
    role: &'a Role<'a>,
    instance: TextId,
) -> Row<'a> {
    let at_aws = role.account_alias().unwrap_or_default();
    let name = role.account_name().unwrap_or(at_aws);
    let tags: Vec<(String, String)> = role.tags().into_iter().map(printable_tag).collect();
    Row {
        texts: [
            texts.add(role.profile.as_str().into()),
            texts.id(name.into()),
            texts.id(role.account_id.as_str().into()),
            texts.id(role.role_name.as_str().into()),
            texts.id(shown_tags(&tags).into()),
            instance,
            if name == at_aws { 0 } else { texts.id(at_aws.into()) },
        ],
        tags,
        of: Of::Role { roles, role },
        used: None,
        frecency: 0.0,
    }
}

fn printable_tag((key, value): (String, String)) -> (String, String) {
    (printable(&key).into_owned(), printable(&value).into_owned())
}

pub(super) fn shown_tags(tags: &[(String, String)]) -> String {
    let tags = tags.iter().map(|(key, value)| format!("{key}={value}"));
    tags.collect::<Vec<_>>().join(" ")
}

/// The profiles of the AWS config that are none of the roles, neither by name nor by what they give.
fn add_aws_config<'a>(settings: &Settings, texts: &mut Texts<'a>, rows: &mut Vec<Row<'a>>) {
    let profiles = settings.aws_config.profiles();
    if profiles.is_empty() {
        return;
    }
    let names: HashSet<&ProfileName> = rows.iter().map(Row::profile).collect();
    let given: HashSet<_> = rows.iter().filter_map(|row| row.of.role()).collect();
    let is_new = |(name, principal): &(ProfileName, Principal)| {
        !names.contains(name) && principal.role().is_none_or(|role| !given.contains(&role))
    };
    let new: Vec<_> = profiles.into_iter().filter(is_new).collect();
    for (name, principal) in new {
        let source = match settings.aws_config.chain(&name) {
            Some((instance, chain)) => Some(Source::Role { instance, chain }),
            None => settings.aws_config.source(&name).map(Source::Profile),
        };
        let account = principal.account_id.as_ref().map_or("", |account| account.as_str());
        let role = principal.role_name.as_ref().map_or("", |role| role.as_str());
        let (profile, account) =
            (texts.add(name.to_string().into()), texts.id(account.to_owned().into()));
        let (role, instance) = (texts.id(role.to_owned().into()), texts.id("AWS config".into()));
        let key = source.as_ref().map_or_else(|| Key::profile(&name), Key::of);
        rows.push(Row {
            texts: [profile, 0, account, role, 0, instance, 0],
            tags: Vec::new(),
            of: Of::AwsConfig { name, principal, key, source },
            used: None,
            frecency: 0.0,
        });
    }
}

fn widths(texts: &[Text<'_>], rows: &[Row<'_>]) -> [usize; Column::ALL.len()] {
    let of_texts: Vec<usize> = texts.iter().map(|text| text.shown.width()).collect();
    let mut widths = [0; Column::ALL.len()];
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row.texts) {
            *width = of_texts.get(text as usize).copied().unwrap_or_default().max(*width);
        }
    }
    widths
}
