//! Parsers for single values of config.yaml.

use std::path::{Path, PathBuf};

use credentials::{AccountId, Invalid, Partition, RoleArn, RoleName};

/// Parses an account id. It may lack its leading zeros or have too many, or be a floating-point number that some program made
/// of it (`1.23456789012e+11`).
pub(super) fn account_id(text: &str) -> Result<AccountId, Invalid> {
    let text = text.trim();
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true if text.len() > 12 => AccountId::parse(text.trim_start_matches('0')),
        true => AccountId::parse(text),
        false => AccountId::parse(&digits(text).ok_or(AccountId::MUST_BE)?),
    }
}

/// The digits of a whole number with a fraction or an exponent.
fn digits(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let zeros = exponent.checked_sub(fraction.len()).filter(|zeros| *zeros <= 12)?;
    let digits = format!("{whole}{fraction}{:0<zeros$}", "");
    let digits = digits.trim_start_matches('0');
    // The caller refuses a sign: it is not a digit.
    Some(digits.to_owned())
}

/// Parses a role's ARN, or `ACCOUNT:ROLE` for a role in the instance's partition.
pub(super) fn role_arn(text: &str, partition: &Partition) -> Result<RoleArn, Invalid> {
    if let Some((account, role)) = text.split_once(':')
        && let (Ok(account_id), Ok(role_name)) = (account_id(account), RoleName::parse(role))
    {
        return Ok(RoleArn { partition: partition.clone(), account_id, path: None, role_name });
    }
    RoleArn::parse(text)
}

/// Parses a path. `~` at its start is the home folder.
pub(super) fn path(text: &str, home: &Path) -> PathBuf {
    match text.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    }
}

/// Like `path`, for a word of a command, which may not be a path.
pub(super) fn word(text: &str, home: &Path) -> String {
    // A home folder that is not UTF-8 cannot be in a text.
    path(text, home).into_os_string().into_string().unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_may_be_numbers_of_yaml() {
        for (text, id) in [
            ("012345670123", "012345670123"),
            ("12345", "000000012345"),
            ("1.2345e+11", "123450000000"),
            ("1.23456789012e+11", "123456789012"),
            ("1.23456789012E11", "123456789012"),
            ("123456789012.0", "123456789012"),
            ("0.5e1", "000000000005"),
            ("000123456789012", "123456789012"),
            (" 123456789012 ", "123456789012"),
        ] {
            assert_eq!(account_id(text).unwrap().as_str(), id, "{text}");
        }
        for text in [
            "",
            "1.5",
            "1e12",
            "1e-3",
            "-1e3",
            "1e99999999999999999999",
            "0x10",
            "1_0",
            ".",
            "e5",
            "1e+-5",
            "1234567890123",
            "0000000000000",
        ] {
            assert!(account_id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_role_is_an_arn_or_an_account_and_a_role_name() {
        let partition = Partition::of_region("cn-north-1");
        let arn = role_arn("123:Ops", &partition).unwrap();
        assert_eq!(arn.to_string(), "arn:aws-cn:iam::000000000123:role/Ops");
        assert!(role_arn("arn:aws:iam::123456789012:role/Ops", &partition).is_ok());
        assert!(role_arn("Ops", &partition).is_err());
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = Path::new("/home/me");
        for (text, expected) in [
            ("~", "/home/me"),
            ("~/x/y", "/home/me/x/y"),
            ("~me/x", "~me/x"),
            ("/x/~", "/x/~"),
            ("x", "x"),
        ] {
            assert_eq!(path(text, home), Path::new(expected));
            assert_eq!(word(text, home), expected);
        }
    }
}
