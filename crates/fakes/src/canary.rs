//! Credentials whose secrets are marked: a test fails when the mark turns up where no secret may be.

use credentials::{
    AccessKeyId, Credentials, Expiration, Principal, Profile, ProfileName, RoleArn, Secret,
};

/// Stands in every secret that this crate makes.
pub const CANARY: &str = "CANARY";

/// The ARN of the role that [`profile`] is for.
pub fn arn() -> RoleArn {
    RoleArn::parse("arn:aws:iam::000001111111:role/Admin").unwrap()
}

/// A profile of that name; `expiration` in RFC 3339.
pub fn profile(name: &str, expiration: &str) -> Profile {
    Profile {
        name: ProfileName::parse(name).unwrap(),
        principal: Principal::from(arn()),
        credentials: Credentials {
            access_key_id: AccessKeyId::parse("ASIAFAKE").unwrap(),
            secret_access_key: Secret::parse(format!("{CANARY}-secret-of-{}", name.len())).unwrap(),
            session_token: Secret::parse(format!("{CANARY}-token-of-{}", name.len())).unwrap(),
            expiration: Expiration::new(expiration.parse().unwrap()).unwrap(),
        },
        source: None,
    }
}
