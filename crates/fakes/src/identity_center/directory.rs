//! The accounts and their roles.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use data_encoding::BASE64URL_NOPAD;

/// Names of accounts as people choose them: with spaces, with letters outside of ASCII, with characters that are special in
/// shells and file systems.
const ACCOUNT_NAMES: &[&str] = &[
    "Team 1 Dev",
    "Zürich Büro",
    "payments-prod",
    "Log Archive",
    "Audit",
    "R&D (Sandbox)",
    "data_platform.staging",
    "東京 Prod",
];
const ROLE_NAMES: &[&str] =
    &["AdministratorAccess", "ReadOnlyAccess", "PowerUser", "Billing", "Developer"];

pub(super) struct Account {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) roles: BTreeSet<String>,
}

/// The accounts, sorted by their id.
#[derive(Default)]
pub(super) struct Directory(BTreeMap<String, Account>);

/// A page of a list, and the token for the next page.
pub(super) type Page<T> = (Vec<T>, Option<String>);

impl Directory {
    pub(super) fn new(accounts: usize, roles: usize) -> Self {
        let mut directory = Self::default();
        let roles: Vec<String> = (0..roles).map(role_name).collect();
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        for number in 0..accounts {
            directory.add_account(&account_id(number), &account_name(number), &roles);
        }
        directory
    }

    pub(super) fn add_account(&mut self, id: &str, name: &str, roles: &[&str]) {
        let email = format!("aws+{id}@example.com");
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.0.insert(id.to_owned(), Account { name: name.to_owned(), email, roles });
    }

    pub(super) fn remove_account(&mut self, id: &str) {
        assert!(self.0.remove(id).is_some(), "there is no account {id}");
    }

    pub(super) fn account(&self, id: &str) -> Option<&Account> {
        self.0.get(id)
    }

    /// The roles of an account, which must exist.
    pub(super) fn roles_mut(&mut self, id: &str) -> &mut BTreeSet<String> {
        match self.0.get_mut(id) {
            Some(account) => &mut account.roles,
            None => panic!("there is no account {id}"),
        }
    }

    /// The page of accounts for a token. `None` if the token is not valid.
    pub(super) fn page(&self, token: Option<&str>, limit: usize) -> Option<Page<(&str, &Account)>> {
        let after = after(token)?;
        let bounds = (after.as_deref().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let accounts = self.0.range::<str, _>(bounds).map(|(id, account)| (id.as_str(), account));
        Some(cut(accounts, limit, |(id, _)| id))
    }
}

impl Account {
    /// The page of roles for a token. `None` if the token is not valid.
    pub(super) fn page(&self, token: Option<&str>, limit: usize) -> Option<Page<&str>> {
        let after = after(token)?;
        let bounds = (after.as_deref().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let roles = self.roles.range::<str, _>(bounds).map(String::as_str);
        Some(cut(roles, limit, |role| role))
    }
}

/// The name before a page. A token contains the last name of the previous page, so that it stays valid when the list changes.
fn after(token: Option<&str>) -> Option<Option<String>> {
    let Some(token) = token else { return Some(None) };
    let name = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    String::from_utf8(name).ok().map(Some)
}

fn cut<'a, T>(
    mut rest: impl Iterator<Item = T>,
    limit: usize,
    name: impl Fn(&T) -> &'a str,
) -> Page<T> {
    let page: Vec<T> = rest.by_ref().take(limit).collect();
    let last = page.last().filter(|_| rest.next().is_some());
    let token = last.map(|last| BASE64URL_NOPAD.encode(name(last).as_bytes()));
    (page, token)
}

/// The id of an account. The first id has leading zeros, which a number would lose.
fn account_id(number: usize) -> String {
    match number {
        0 => "000001111111".to_owned(),
        _ => format!("{}", 100_000_000_001 + number as u64),
    }
}

fn account_name(number: usize) -> String {
    let name = ACCOUNT_NAMES.get(number % ACCOUNT_NAMES.len()).unwrap();
    match number / ACCOUNT_NAMES.len() {
        0 => (*name).to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

fn role_name(number: usize) -> String {
    ROLE_NAMES.get(number).map_or_else(|| format!("Role{}", number + 1), |&name| name.to_owned())
}
