//! Static roles, with a real database behind them.

use std::sync::{Mutex, PoisonError};

use homelab_backends::fleet::answer;
use homelab_backends::vault::{StaticRole, Vault, VaultCause};
use homelab_core::secret::preflight::{Answer, Document, KvVersion};
use homelab_plane::postgres::Postgres;
use homelab_plane::skip;
use serde_json::json;

use super::{root, settings, vault};

/// The password of a static role of the connection `pg`; `None` where there is no database.
fn with_database(test: &str, role: &str) -> Option<String> {
    with_role(test, "pg", role)
}

/// One database for these tests, which Vault knows by that connection too; `None` where there is none.
fn with_role(test: &str, connection: &str, role: &str) -> Option<String> {
    static STARTED: Mutex<Option<Postgres>> = Mutex::new(None);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if started.is_none() {
        match Postgres::start() {
            Err(error) if error.is_missing() => {
                skip(test, &error.to_string());
                return None;
            }
            postgres => *started = Some(postgres.expect("PostgreSQL")),
        }
    }
    let postgres = started.as_ref()?;
    postgres.attach(&root(), connection).expect("attached");
    postgres
        .query("postgres", postgres.password(), &format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'before'"))
        .expect("a role");
    let wish = json!({"db_name": connection, "username": role, "rotation_period": 86400});
    let path = format!("database/static-roles/{role}");
    root().write(&path, &wish).expect("role").expect(&path, &[200, 204]).expect("role");
    // Vault has changed the password by now.
    assert!(postgres.query(role, "before", "SELECT 1").is_err());
    let credentials = root().read(&format!("database/static-creds/{role}")).expect("credentials").body;
    let password = credentials["data"]["password"].as_str().expect("a password").to_owned();
    assert_eq!(postgres.query(role, &password, "SELECT current_user").expect("the new password"), role);
    Some(password)
}

#[tokio::test]
async fn a_static_role_is_there_with_the_names_of_its_credentials() {
    let Some(password) = with_database("a static role", "backends_app") else { return };
    let role = vault().static_role("database", "backends_app").await.expect("a role");
    assert!(!format!("{role:?}").contains(&password));
    let StaticRole::Found(names) = role else { panic!("{role:?}") };
    assert!(["username", "password", "ttl"].iter().all(|name| names.contains(*name)), "{names:?}");
    assert_eq!(vault().static_role("database", "backends_other").await, Ok(StaticRole::Absent));
}

#[tokio::test]
async fn a_role_may_be_there_and_give_nothing() {
    if with_database("a static role that gives nothing", "backends_closed").is_none() {
        return;
    }
    let as_holder = async |name: &str, rules: &str| {
        let vault = Vault::new(settings(&root().token(name, rules).expect("token")));
        vault.static_role("database", "backends_closed").await
    };
    let role_alone = r#"path "database/static-roles/*" { capabilities = ["read"] }"#;
    assert_eq!(as_holder("backends-role", role_alone).await, Ok(StaticRole::Known));
    let credentials_alone = r#"path "database/static-creds/*" { capabilities = ["read"] }"#;
    assert!(matches!(as_holder("backends-creds", credentials_alone).await, Ok(StaticRole::Found(_))));
    let error = as_holder("backends-neither", r#"path "secret/data/x" { capabilities = ["read"] }"#).await;
    let error = error.expect_err("neither");
    assert_eq!(error.cause, VaultCause::Forbidden { path: "database/static-creds/backends_closed".to_owned() });
    assert!(error.is_blind());
}

#[tokio::test]
async fn a_role_that_its_connection_does_not_allow_is_told_from_one_that_is_not_there() {
    let (test, connection, role) = ("a static role that is not allowed", "pg_closed", "backends_barred");
    let Some(password) = with_role(test, connection, role) else { return };
    assert!(matches!(vault().static_role("database", role).await, Ok(StaticRole::Found(_))));
    let path = format!("database/config/{connection}");
    let others = json!({"allowed_roles": "another"});
    root().write(&path, &others).expect("config").expect(&path, &[200, 204]).expect("config");
    let barred = vault().static_role("database", role).await.expect("an answer");
    let StaticRole::NotAllowed(words) = &barred else { panic!("{barred:?}") };
    assert!(words.contains("is not an allowed role") && words.contains(role), "{words}");
    assert!(!words.contains(&password));
    // What the plan of a secret says of it: an error, since nobody gets it, whoever asks.
    let document = Document {
        mount: "database".to_owned(),
        key: format!("static-creds/{role}"),
        version: None,
        engine: KvVersion::V1,
    };
    assert_eq!(answer(&vault(), &document, false).await, Answer::Closed(words.clone()));
}

#[tokio::test]
async fn a_mount_that_has_no_roles_is_a_wrong_one() {
    for mount in ["secret", "nowhere"] {
        let error = vault().static_role(mount, "app").await.expect_err("no database engine");
        assert!(matches!(error.cause, VaultCause::NoMount { .. }) && !error.is_blind(), "{error}");
    }
}
