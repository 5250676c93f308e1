//! Compresses the built files of the page and writes the list that `lib.rs` embeds: name, entity tag and gzip of each.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::{Compression, Crc, write::GzEncoder};

fn main() -> io::Result<()> {
    // From here: a copied checkout embeds its own page.
    let folder = Path::new("../../console/dist");
    println!("cargo:rerun-if-changed={}", folder.display());
    let target = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut list = Vec::new();
    for (number, path) in files(folder)?.iter().enumerate() {
        let content = fs::read(path)?;
        fs::write(target.join(format!("{number}.gz")), gzip(&content)?)?;
        let name = path.strip_prefix(folder).unwrap_or(path);
        let name = name.to_string_lossy().replace('\\', "/");
        let tag = tag(&content);
        list.push(format!(
            "    File {{ name: {name:?}, entity_tag: {tag:?}, gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.gz\")) }},"
        ));
    }
    let list = list.join("\n");
    fs::write(target.join("files.rs"), format!("&[\n{list}\n]\n"))
}

/// Lists the files below a folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// Returns a tag that changes with the content.
fn tag(content: &[u8]) -> String {
    let mut sum = Crc::new();
    sum.update(content);
    format!("\"{:08x}-{:x}\"", sum.sum(), content.len())
}
