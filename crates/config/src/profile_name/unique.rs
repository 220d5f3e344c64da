//! Makes profile names unique, so that each name means one role. The result does not depend on the order of the roles.

use std::collections::{BTreeMap, HashSet};

use credentials::{AccountId, ProfileName, RoleName};

/// A role with its name, which another role may have too.
#[derive(Clone, Debug)]
pub struct Named {
    /// The role's account.
    pub account_id: AccountId,
    /// The role's name in AWS.
    pub role_name: RoleName,
    /// The role's profile name.
    pub name: ProfileName,
    /// Whether the name is the role's `Profile` in config.yaml. Such a name stays if it is the only explicit one.
    pub is_explicit: bool,
}

/// A name that was changed, for a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name that several roles had.
    pub from: ProfileName,
    /// The unique name.
    pub to: ProfileName,
}

/// Appends the account's id to a name that several roles have: `NAME.123456789012`. Appends the role's name too where the
/// account's id is not enough. Returns the changes, sorted by the old name.
pub fn make_unique(roles: &mut [Named]) -> Vec<Renamed> {
    let mut taken: HashSet<String> = roles.iter().map(|role| role.name.to_string()).collect();
    let mut sharing: BTreeMap<String, Vec<&mut Named>> = BTreeMap::new();
    for role in roles {
        sharing.entry(role.name.to_string()).or_default().push(role);
    }
    let mut renamed = Vec::new();
    for mut group in sharing.into_values().filter(|group| group.len() > 1) {
        if group.iter().filter(|role| role.is_explicit).count() == 1 {
            group.retain(|role| !role.is_explicit);
        }
        group.sort_by(|a, b| {
            let key = |role: &Named| (role.account_id.clone(), role.role_name.as_str().to_owned());
            key(a).cmp(&key(b))
        });
        let short: Vec<_> = group.iter().map(|role| format!(".{}", role.account_id)).collect();
        let long = |role: &&mut Named| format!(".{}.{}", role.account_id, role.role_name.as_str());
        let is_enough = are_different(&short)
            && group
                .iter()
                .zip(&short)
                .all(|(role, end)| !taken.contains(&with_end(&role.name, end)));
        let ends = if is_enough { short } else { group.iter().map(long).collect() };
        for (role, end) in group.into_iter().zip(ends) {
            let Some(to) = free_name(&role.name, &end, &mut taken) else { continue };
            let from = std::mem::replace(&mut role.name, to.clone());
            renamed.push(Renamed { from, to });
        }
    }
    renamed
}

fn are_different(ends: &[String]) -> bool {
    let mut seen = HashSet::new();
    ends.iter().all(|end| seen.insert(end))
}

/// The first free name of `NAME.END`, `NAME.END.2`, and so on. Two instances may have the same role.
fn free_name(name: &ProfileName, end: &str, taken: &mut HashSet<String>) -> Option<ProfileName> {
    let numbered = (2..u32::MAX).map(|number| format!("{end}.{number}"));
    let candidates = std::iter::once(end.to_owned()).chain(numbered);
    let free =
        candidates.map(|end| with_end(name, &end)).find(|name| taken.insert(name.clone()))?;
    ProfileName::parse(&free).ok()
}

fn with_end(name: &ProfileName, end: &str) -> String {
    let room = ProfileName::MAX_BYTES.saturating_sub(end.len());
    let start = name.as_str().floor_char_boundary(room.min(name.as_str().len()));
    format!("{}{end}", name.as_str().get(..start).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(account: u64, role: &str, name: &str) -> Named {
        Named {
            account_id: AccountId::from_number(account).unwrap(),
            role_name: RoleName::parse(role).unwrap(),
            name: ProfileName::parse(name).unwrap(),
            is_explicit: false,
        }
    }

    fn explicit(account: u64, role_name: &str, name: &str) -> Named {
        Named { is_explicit: true, ..role(account, role_name, name) }
    }

    #[track_caller]
    fn assert_named(roles: &[Named], names: &[&str]) {
        let mut forward = roles.to_vec();
        make_unique(&mut forward);
        assert_eq!(forward.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), names);
        let mut backward: Vec<_> = roles.iter().rev().cloned().collect();
        make_unique(&mut backward);
        let backward: Vec<_> = backward.iter().rev().map(|role| role.name.as_str()).collect();
        assert_eq!(backward, names, "the result depends on the order");
    }

    #[test]
    fn unique_names_do_not_change() {
        let mut roles = [role(1, "A", "x"), role(2, "A", "y"), explicit(3, "A", "z")];
        assert_eq!(make_unique(&mut roles), []);
        assert_named(&roles, &["x", "y", "z"]);
    }

    #[test]
    fn roles_of_two_accounts_differ_by_the_account_id() {
        let roles = [role(2, "A", "x:A"), role(1, "A", "x:A"), role(3, "A", "y:A")];
        assert_named(&roles, &["x:A.000000000002", "x:A.000000000001", "y:A"]);
        let mut renamed = roles.to_vec();
        let name = |text| ProfileName::parse(text).unwrap();
        assert_eq!(
            make_unique(&mut renamed),
            [
                Renamed { from: name("x:A"), to: name("x:A.000000000001") },
                Renamed { from: name("x:A"), to: name("x:A.000000000002") },
            ]
        );
    }

    #[test]
    fn roles_of_one_account_differ_by_the_role_name_too() {
        let roles = [role(1, "A", "x"), role(1, "B", "x"), role(2, "A", "x")];
        assert_named(&roles, &["x.000000000001.A", "x.000000000001.B", "x.000000000002.A"]);
    }

    #[test]
    fn an_explicit_name_stays_unless_two_roles_have_it() {
        let roles = [role(1, "A", "x"), explicit(2, "A", "x")];
        assert_named(&roles, &["x.000000000001", "x"]);
        let roles = [explicit(1, "A", "x"), explicit(2, "A", "x"), role(3, "A", "x")];
        assert_named(&roles, &["x.000000000001", "x.000000000002", "x.000000000003"]);
    }

    #[test]
    fn a_new_name_belongs_to_no_other_role() {
        let roles = [role(1, "A", "x"), role(2, "A", "x"), explicit(3, "A", "x.000000000001")];
        assert_named(&roles, &["x.000000000001.A", "x.000000000002.A", "x.000000000001"]);
        let mut twice = [role(1, "A", "x"), role(1, "A", "x")];
        make_unique(&mut twice);
        assert_eq!(
            twice.map(|role| role.name.to_string()),
            ["x.000000000001.A", "x.000000000001.A.2"]
        );
    }

    #[test]
    fn a_long_name_is_cut_to_the_maximum_length() {
        let long = "ä".repeat(256);
        let mut roles = [role(1, "A", &long), role(2, "A", &long)];
        assert_eq!(make_unique(&mut roles).len(), 2);
        assert!(roles[0].name.as_str().ends_with("ä.000000000001"));
    }
}
