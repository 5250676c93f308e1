//! Writes the list of migrations that `migrate.rs` embeds: version, description and text of each file, oldest first.
//! The macro of sqlx would do the same, but builds a second MySQL driver for the compiler.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // From here, and texts instead of paths: a copied checkout embeds its own migrations.
    let folder = "../../migrations";
    println!("cargo:rerun-if-changed={folder}");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "sql"));
    files.sort();
    if let Some(pair) = files
        .windows(2)
        .find(|pair| version(&pair[0]) == version(&pair[1]))
    {
        let twice = format!("two migrations have one version: {pair:?}");
        return Err(io::Error::other(twice));
    }
    let steps = files.iter().map(|file| step(file));
    let steps = steps.collect::<io::Result<String>>()?;
    let target = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("migrations.rs");
    fs::write(target, format!("&[\n{steps}]\n"))
}

/// Returns the digits before the first `_` of a file's name.
fn version(file: &Path) -> Option<String> {
    let name = file.file_stem()?.to_str()?;
    Some(
        name.split_once('_')
            .map_or(name, |(version, _)| version)
            .to_owned(),
    )
}

/// Writes one file as `(version, description, text)`.
fn step(file: &Path) -> io::Result<String> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let (version, description) = name.split_once('_').unwrap_or((&*name, ""));
    let text = fs::read_to_string(file)?;
    let description = description.replace('_', " ");
    Ok(format!("    ({version}, {description:?}, {text:?}),\n"))
}
