//! Credentials with marked secrets. A test fails when the mark appears where no secret may be.

use credentials::{
    AccessKeyId, AwsConfigFiles, Credentials, Expiration, InstanceId, InstanceName, Principal,
    Profile, ProfileName, ProfileSource, RoleArn, Secret, SettingsDigest, StartUrl,
};

/// The mark that every secret of this crate contains.
pub const CANARY: &str = "CANARY";

/// The ARN of the role that [`profile`] is for.
pub fn arn() -> RoleArn {
    RoleArn::parse("arn:aws:iam::000001111111:role/Admin").unwrap()
}

/// The id of an instance with this name.
pub fn instance(name: &str) -> InstanceId {
    let start_url = StartUrl::parse("https://example.awsapps.com/start").unwrap();
    InstanceId { name: InstanceName::parse(name).unwrap(), start_url }
}

/// The source of a profile with this name.
pub fn profile_source(name: &str) -> ProfileSource {
    ProfileSource {
        files: AwsConfigFiles::new("/home/me/config".as_ref(), "/home/me/credentials".as_ref())
            .unwrap(),
        name: ProfileName::parse(name).unwrap(),
        digest: SettingsDigest([7; 32]),
    }
}

/// A profile with this name and this expiration, in RFC 3339.
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
