//! Programs beside each other in one checkout: none ends, or writes into, another's processes and files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::json;
use task_local::database::{PrivateMysql, Profile};
use task_local::project_root;

/// A stack of a test's own name that seems to run, on a database that is not there.
struct Running {
    name: String,
    path: PathBuf,
    _lock: File,
}

impl Running {
    fn pretend(name: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let path = project_root().join(format!(".local/run/{name}.json"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut lock = File::create(&path).unwrap();
        lock.lock().unwrap();
        let running = json!({"pid": 1, "base_url": "http://127.0.0.1:1", "database_url": "mysql://nobody@127.0.0.1:1/gone"});
        write!(lock, "{running}").unwrap();
        Self {
            name,
            path,
            _lock: lock,
        }
    }

    /// Loads a reference file with `DATABASE_URL` set to this.
    fn load(&self, database_url: &str) -> Output {
        let file = self.path.with_extension("reference.json");
        std::fs::write(&file, r#"{"stations": []}"#).unwrap();
        let loading = Command::new(env!("CARGO_BIN_EXE_task-local"))
            .arg("load-reference")
            .env("STACK", &self.name)
            .env("FILE", &file)
            .env("DATABASE_URL", database_url)
            .output();
        std::fs::remove_file(&file).unwrap();
        loading.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// A server of a test's own, and `mysql.sh` for it.
fn script(profile: &str, command: &str) -> String {
    let script = project_root().join("shared/local/mysql.sh");
    let ran = Command::new(script)
        .arg(command)
        .env("MYSQL_PROFILE", profile)
        .output()
        .unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_runs_until_its_last_user_leaves_and_a_named_database_wins_over_a_running_stacks()
{
    let name = format!("beside-{}", std::process::id());
    let profile = format!("dev-{name}");
    let start = || PrivateMysql::start(Profile::Stack(name.clone()));
    let first = start().await.unwrap();
    let second = start().await.unwrap();
    assert_eq!(first.url(), second.url());
    first.stop().await.unwrap();
    assert!(script(&profile, "status").starts_with("up "));
    script(&profile, "leave");
    script(&profile, "purge");
    assert!(script(&profile, "status").starts_with("up "));

    let running = Running::pretend("named");
    let named = running.load(second.url());
    assert!(named.status.success(), "{named:?}");
    assert!(String::from_utf8_lossy(&named.stdout).starts_with("loaded 0 stations"));
    let unnamed = running.load("");
    assert!(!unnamed.status.success(), "{unnamed:?}");

    second.stop().await.unwrap();
    assert!(script(&profile, "status").starts_with("down"));
    script(&profile, "purge");
}

#[test]
fn a_stack_of_one_name_does_not_hinder_one_of_another() {
    let _running = Running::pretend("one");
    let stop = Command::new(env!("CARGO_BIN_EXE_task-local"))
        .arg("stop")
        .env("STACK", format!("other-{}", std::process::id()))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&stop.stdout), "nothing runs\n");
}

#[test]
fn a_script_that_used_two_servers_leaves_neither_running() {
    let profiles = ["a", "b"].map(|name| format!("dev-two-{name}-{}", std::process::id()));
    let [first, second] = &profiles;
    let uses = format!(
        ". shared/local/server.sh; trap leave_servers EXIT; use_server mysql {first}; use_server mysql {second}"
    );
    let mut bash = Command::new("bash");
    let bash = bash.current_dir(project_root()).args(["-euc", &uses]);
    let ran = bash.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    for profile in &profiles {
        assert!(script(profile, "status").starts_with("down"), "{profile}");
        script(profile, "purge");
    }
}
