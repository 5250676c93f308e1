//! The secrets of targets: read where they stand when a request is signed, kept for a while in memory, and nowhere else.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;

use super::signature::SigningKey;
use crate::secrets::{Credentials, SecretRequest, Version, read_version};

/// How long a secret is kept before it is read again.
const KEPT: Duration = Duration::from_mins(1);
/// How long the version before the current one is signed with as well, in seconds.
const ROTATION: i64 = 86_400;

/// The name of a secret: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName(String);

impl SecretName {
    /// The most characters of a name.
    pub const MAX: usize = 64;

    /// Reads a name; `None` when it is empty, too long, or holds another character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=Self::MAX).contains(&text.len());
        (fits && text.chars().all(is_plain)).then(|| Self(text.to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The keys that a request is signed with: one, or two while a secret is being changed.
pub type Keys = Arc<[SigningKey]>;

/// Where secrets stand.
#[derive(Clone)]
pub enum SecretSource {
    /// In a JSON file: an object of names, each with a secret or a list of two. It is read anew each time.
    File(PathBuf),
    /// In Secrets Manager.
    Manager {
        /// What their names begin with.
        prefix: String,
        /// In which region.
        region: String,
        /// Another place to ask than AWS's.
        endpoint: Option<String>,
        /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
        credentials: (String, String, Option<String>),
    },
    /// Nowhere: no target can be called.
    Nowhere,
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Manager { .. } => "Manager",
            Self::Nowhere => "Nowhere",
        })
    }
}

/// The secrets of targets.
#[derive(Debug)]
pub struct Secrets {
    source: SecretSource,
    kept: Mutex<HashMap<String, (Instant, Keys)>>,
}

impl Secrets {
    /// Secrets that stand in a place; nothing is read yet.
    #[must_use]
    pub fn new(source: SecretSource) -> Self {
        Self {
            source,
            kept: Mutex::default(),
        }
    }

    /// The keys of a secret.
    ///
    /// # Errors
    /// Why there are none, with the name of the secret and without a character of it.
    pub async fn keys(&self, name: &str) -> Result<Keys, String> {
        let named = |wrong: String| format!("its secret {name} {wrong}");
        if let SecretSource::File(path) = &self.source {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|_| {
                named("cannot be read: the file of secrets is not there".to_owned())
            })?;
            return of_file(&text, name).map_err(named);
        }
        if let Some((read_at, keys)) = self.kept.lock().await.get(name)
            && read_at.elapsed() < KEPT
        {
            return Ok(Arc::clone(keys));
        }
        let keys = self.read(name).await.map_err(named)?;
        let kept = (Instant::now(), Arc::clone(&keys));
        self.kept.lock().await.insert(name.to_owned(), kept);
        Ok(keys)
    }

    /// Reads the current version and, within a day of its making, the one before it.
    async fn read(&self, name: &str) -> Result<Keys, String> {
        let SecretSource::Manager {
            prefix,
            region,
            endpoint,
            credentials,
        } = &self.source
        else {
            return Err("is not known: this deployment names no place of secrets".to_owned());
        };
        let (key, secret, token) = credentials;
        let id = format!("{prefix}{name}");
        let request = |stage| SecretRequest {
            id: &id,
            version: Version::Stage(stage),
            region: Some(region),
            endpoint: endpoint.as_deref(),
            credentials: Credentials {
                key,
                secret,
                token: token.as_deref(),
            },
        };
        let read = async |stage| {
            let version = read_version(&request(stage))
                .await
                .map_err(|error| error.to_string())?;
            let key = SigningKey::parse(&version.text).map_err(str::to_owned)?;
            Ok::<_, String>((key, version.created_at))
        };
        let (current, created_at) = read("AWSCURRENT").await?;
        let is_new =
            created_at.is_some_and(|at| jiff::Timestamp::now().as_second() - at < ROTATION);
        let mut keys = vec![current];
        if is_new && let Ok((previous, _)) = read("AWSPREVIOUS").await {
            keys.push(previous);
        }
        Ok(keys.into())
    }
}

/// The keys of a name in a file of secrets.
fn of_file(text: &str, name: &str) -> Result<Keys, String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entry {
        One(String),
        Several(Vec<String>),
    }
    let entries: HashMap<String, Entry> = serde_json::from_str(text)
        .map_err(|_| "cannot be read: the file of secrets is no JSON object of texts".to_owned())?;
    let texts = match entries.get(name) {
        None => return Err("is not in the file of secrets".to_owned()),
        Some(Entry::One(text)) => std::slice::from_ref(text),
        Some(Entry::Several(texts)) => texts,
    };
    let keys = texts.iter().map(|text| SigningKey::parse(text));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    match keys.len() {
        1 | 2 => Ok(keys.into()),
        other => Err(format!(
            "has {other} versions in the file of secrets, 1 or 2 are allowed"
        )),
    }
}

#[cfg(test)]
mod tests;
