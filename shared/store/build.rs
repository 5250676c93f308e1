//! Writes the list of migrations that `migrate.rs` embeds: version, description and text of each file, oldest first.
//! The macro of sqlx would do the same, but builds a second MySQL driver for the compiler.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = fs::canonicalize("../../migrations")?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    let steps: String = files.iter().map(|file| step(file)).collect();
    let target = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("migrations.rs");
    fs::write(target, format!("&[\n{steps}]\n"))
}

/// Writes one file as `(version, description, text)`.
fn step(file: &Path) -> String {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let (version, description) = name.split_once('_').unwrap_or((&*name, ""));
    let path = file.to_string_lossy();
    let description = description.replace('_', " ");
    format!("    ({version}, {description:?}, include_str!({path:?})),\n")
}
