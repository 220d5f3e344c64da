use std::path::Path;
use std::sync::Arc;

use credentials::{Instance, InstanceName, RegionName, StartUrl};
use fakes::FakeClock;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::*;
use crate::Aws;
use crate::identity_center::{AwsCliCache, Retries};
use crate::secure_store::{Protection, SecureStore};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn identity_center(home: &Path) -> IdentityCenter {
    let instance = Instance {
        name: InstanceName::parse("corp").unwrap(),
        start_url: StartUrl::parse("https://corp.awsapps.com/start").unwrap(),
        region: RegionName::parse("eu-central-1").unwrap(),
    };
    let aws = Aws::new(Arc::new(FakeClock::at("2026-11-22T20:00:00Z")), None);
    let store = SecureStore::open(home, &instance.name, Some(Protection::Plain), None);
    let cache = AwsCliCache::new(home.join("aws-cli"), "corp");
    IdentityCenter::new(aws, instance, store.unwrap(), Some(cache), Retries::default())
}

/// Saves a sign-in, or that there is none.
async fn save(identity_center: &IdentityCenter, access_token: Option<&str>) {
    let session = access_token.map(|token| crate::identity_center::item::Session {
        access_token: credentials::Secret::parse(token.to_owned()).unwrap(),
        expires_at: "2026-11-22T21:00:00Z".parse().unwrap(),
        refresh: None,
        is_last: false,
        user_name: None,
        credentials: Vec::new(),
    });
    identity_center.update_item(|item| item.session = session).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_change_no_sign_in_is_reported() {
    let home = tempfile::tempdir().unwrap();
    let identity_center = identity_center(home.path());
    assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "without a store");
    save(&identity_center, Some("CANARY")).await;
    assert!(identity_center.keep_session().await.is_ok());
    assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "as it was read");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_since_the_last_call_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
    assert!(identity_center.keep_session().await.is_err());
    save(&other, Some("CANARY")).await;
    assert_eq!(timeout(HOUR, identity_center.sign_in_changes()).await.unwrap(), SignInPlace::Here);
    assert!(identity_center.keep_session().await.is_ok());
    assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "it is known now");
    let waiting = identity_center.sign_in_changes();
    save(&other, Some("CANARY-other")).await;
    timeout(HOUR, waiting).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_and_our_own_writes_are_not_reported() {
    let home = tempfile::tempdir().unwrap();
    let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
    save(&other, Some("CANARY")).await;
    assert!(identity_center.keep_session().await.is_ok());
    save(&identity_center, Some("CANARY-refreshed")).await;
    assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "written here");
    save(&other, None).await;
    let mut waiting = std::pin::pin!(identity_center.sign_in_changes());
    assert!(timeout(HOUR, &mut waiting).await.is_err(), "signed out");
    save(&other, Some("CANARY")).await;
    timeout(HOUR, waiting).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_under_another_protection_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let identity_center = identity_center(home.path());
    assert!(identity_center.keep_session().await.is_err());
    std::fs::write(home.path().join("corp.file"), "sealed").unwrap();
    assert_eq!(
        timeout(HOUR, identity_center.sign_in_changes()).await.unwrap(),
        SignInPlace::Elsewhere
    );
}

#[tokio::test(start_paused = true)]
async fn a_complete_sign_in_of_the_aws_cli_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let identity_center = identity_center(home.path());
    assert!(identity_center.keep_session().await.is_err());
    let cache = AwsCliCache::new(home.path().join("aws-cli"), "corp");
    std::fs::create_dir(home.path().join("aws-cli")).unwrap();
    std::fs::write(cache.path(), "{").unwrap();
    let mut waiting = std::pin::pin!(identity_center.sign_in_changes());
    assert!(timeout(HOUR, &mut waiting).await.is_err());
    let cached = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-central-1",
        "accessToken": "CANARY", "expiresAt": "2026-11-22T21:00:00Z"}"#;
    std::fs::write(cache.path(), cached).unwrap();
    timeout(HOUR, waiting).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_waiting_tasks_share_an_observation() {
    let home = tempfile::tempdir().unwrap();
    let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
    assert!(identity_center.keep_session().await.is_err());
    let waiting: Vec<_> = (0..100).map(|_| identity_center.sign_in_changes()).collect();
    let observation = identity_center.observe_together().await;
    save(&other, Some("CANARY")).await;
    assert!(identity_center.observe_together().await == observation, "another one was just made");
    timeout(MINUTE, join_all(waiting)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn new_changed_and_removed_files_in_a_folder_are_noticed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("cache");
    let file = folder.join("a.json");
    let steps: [&dyn Fn(); 4] = [
        &|| std::fs::create_dir(&folder).unwrap(),
        &|| std::fs::write(&file, "1").unwrap(),
        &|| std::fs::write(&file, "12").unwrap(),
        &|| std::fs::remove_file(&file).unwrap(),
    ];
    for (number, step) in steps.iter().enumerate() {
        let snapshot = FolderSnapshot::take(folder.clone()).await;
        assert!(timeout(HOUR, snapshot.changes()).await.is_err());
        step();
        // An empty folder is as good as none.
        assert_eq!(timeout(HOUR, snapshot.changes()).await.is_ok(), number > 0, "step {number}");
    }
}

#[test]
fn the_futures_can_be_sent_to_another_thread() {
    fn assert_send<T: Send + 'static>(_: &T) {}
    let home = tempfile::tempdir().unwrap();
    let identity_center = identity_center(home.path());
    assert_send(&identity_center.sign_in_changes());
    let again = identity_center.clone();
    assert_send(&async move { again.keep_session().await });
    let chain = credentials::Chain {
        account_id: credentials::AccountId::parse("1").unwrap(),
        role_name: credentials::RoleName::parse("Admin").unwrap(),
        links: Vec::new(),
    };
    assert_send(&async move { identity_center.new_credentials(&chain).await });
}
