//! The secrets of targets in the local stack: a file of the user's, with one for the examples to begin with.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{LocalError, Result};

/// The name of the secret that is there from the beginning.
pub(crate) const NAME: &str = "demo";

/// Returns the file below the project's folder; makes it where there is none, for its owner alone.
pub(crate) fn file(root: &Path) -> Result<PathBuf> {
    let folder = root.join(".local");
    let path = folder.join("target-secrets.json");
    let fault = |error| LocalError::part("secrets of targets", error);
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&folder).map_err(fault)?;
    // Written aside and then renamed: two stacks that start at once do not read half of it.
    let aside = folder.join(format!("target-secrets.{:x}", fastrand::u64(..)));
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .map_err(fault)?;
    let text = serde_json::json!({ NAME: secret().map_err(fault)? }).to_string();
    file.write_all(text.as_bytes()).map_err(fault)?;
    // The first of several is the one that counts.
    let _ = fs::hard_link(&aside, &path);
    fs::remove_file(&aside).map_err(fault)?;
    Ok(path)
}

/// Reads the secret of the examples.
pub(crate) fn demo(root: &Path) -> Result<String> {
    let fault = |reason: &str| LocalError::part("secrets of targets", reason);
    let text = fs::read_to_string(file(root)?).map_err(|error| fault(&error.to_string()))?;
    let secrets: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let secret = secrets[NAME].as_str().or_else(|| secrets[NAME][0].as_str());
    secret
        .map(str::to_owned)
        .ok_or_else(|| fault("has no text for demo"))
}

/// Makes a new secret from the system's source of randomness.
fn secret() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_made_once_for_its_owner_and_then_left_alone() {
        let root = std::env::temp_dir().join(format!("targets-{:x}", fastrand::u64(..)));
        let path = file(&root).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(r#"{"demo":"whsec_"#), "{text}");
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(file(&root).unwrap(), path);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(root.join(".local")).unwrap().count(), 1);
        fs::remove_dir_all(root).unwrap();
    }
}
