//! The scripts of the local stack: where they build, whose packages they take, and that they leave nothing running.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use task_local::project_root;

/// A folder of a test's own; it goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bash(script: &str, folder: &Path) -> Output {
    let mut bash = Command::new("bash");
    bash.current_dir(project_root()).env_remove("DEBIAN_MIRROR");
    bash.args(["-euo", "pipefail", "-c", script, "bash"]);
    bash.arg(folder).output().unwrap()
}

/// The mirror that is taken from a folder of apt's settings.
fn mirror(folder: &Folder) -> String {
    let found = bash(r#". shared/local/debian.sh; debian_mirror "$1""#, &folder.0);
    assert!(found.status.success(), "{found:?}");
    String::from_utf8(found.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn only_debians_own_sources_name_a_mirror() {
    let apt = Folder::new("apt");
    assert_eq!(mirror(&apt), "");
    apt.write(
        "sources.list.d/a.list",
        "deb [arch=amd64 signed-by=/etc/apt/keyrings/other.asc] https://other.example/linux/debian bookworm main\n\
         deb https://tool.example/apt stable main\n\
         deb http://own.example/debian bookworm local\n\
         # deb http://comment.example/debian bookworm main\n\
         deb-src http://source.example/debian bookworm main\n",
    );
    apt.write(
        "sources.list.d/b.sources",
        "Types: deb\nURIs: https://key.example/debian\nSuites: stable\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n\n\
         Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n",
    );
    for name in ["c.list.save", "c.sources.disabled", "c.list.dpkg-old"] {
        let line = "deb http://backup.example/debian bookworm main\n";
        apt.write(&format!("sources.list.d/{name}"), line);
    }
    assert_eq!(mirror(&apt), "");
    apt.write(
        "sources.list.d/d.sources",
        "Types: deb deb-src\nURIs: http://mirror.example/debian-security\n http://mirror.example/debian/\nSuites: bookworm\n\
         Components: main contrib\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
    );
    assert_eq!(mirror(&apt), "http://mirror.example/debian/");
    apt.write(
        "sources.list",
        "deb [arch=amd64] https://first.example/debian bookworm main\n",
    );
    assert_eq!(mirror(&apt), "https://first.example/debian");
}

/// The shell scripts below a folder.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let found = paths.flat_map(|path| match path.extension() {
        Some(extension) if extension == "sh" => vec![path],
        None if path.is_dir() => scripts(&path),
        _ => vec![],
    });
    found.collect()
}

#[test]
fn every_script_that_builds_says_where() {
    let root = project_root();
    let mut scripts = ["shared/local", "tests"]
        .map(|folder| scripts(&root.join(folder)))
        .concat();
    scripts.push(root.join("Makefile"));
    let mut builders = 0;
    for script in scripts {
        let text = fs::read_to_string(&script).unwrap();
        let builds =
            ["build", "test", "clippy", "lambda build"].map(|verb| format!("cargo {verb} --"));
        if builds.iter().any(|command| text.contains(command)) {
            let says = text.contains("export CARGO_TARGET_DIR") || text.contains("--target-dir");
            assert!(says, "{}", script.display());
            builders += 1;
        }
    }
    assert!(builders > 8, "{builders}");
}

#[test]
fn a_group_ends_with_all_that_it_started() {
    let folder = Folder::new("group");
    let script = r#". shared/local/group.sh
        begin() { bash -c 'sleep 600 & echo $! > "$0"/one; sleep 600' "$1" | cat; }
        grouped begin "$1"
        group=$!
        for turn in $(seq 100); do [ ! -s "$1/one" ] || break; sleep 0.1; done
        end_groups "$group""#;
    let ended = bash(script, &folder.0);
    assert!(ended.status.success(), "{ended:?}");
    let one = fs::read_to_string(folder.0.join("one")).unwrap();
    // Gone, or dead and not taken note of yet.
    let status = fs::read_to_string(format!("/proc/{}/status", one.trim()));
    assert!(
        status
            .unwrap_or_default()
            .lines()
            .all(|line| !line.starts_with("State:") || line.contains('Z'))
    );
}
