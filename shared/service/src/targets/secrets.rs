//! The secrets of targets: read where they stand when a request is signed, kept for a while in memory, and nowhere else.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::signature::SigningKey;
use crate::secrets::{Role, SecretError, SecretRequest, Version, read_version};

/// How long a secret is kept before it is read again.
const KEPT: Duration = Duration::from_mins(1);
/// How long a secret that cannot be read again is used as it was, while Secrets Manager throttles or does not answer.
const STALE: Duration = Duration::from_hours(1);
/// After how long it is read again then.
const RETRIED: Duration = Duration::from_secs(10);
/// How long a secret may take to be read.
pub(super) const SECRET_TIME: Duration = Duration::from_secs(5);
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

    /// Returns the name itself.
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
        /// Another place to ask than AWS's.
        endpoint: Option<String>,
        /// Who asks, and in which region.
        role: Role,
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
    /// How long a call may wait for a secret.
    patience: Duration,
    kept: Mutex<HashMap<String, Arc<Mutex<Option<Kept>>>>>,
}

/// The keys of a secret, as they were read last.
#[derive(Debug)]
struct Kept {
    keys: Keys,
    read_at: Instant,
    /// When they are read again.
    again_at: Instant,
}

impl Secrets {
    /// Secrets that stand in a place; nothing is read yet.
    #[must_use]
    pub fn new(source: SecretSource) -> Self {
        Self {
            source,
            patience: SECRET_TIME,
            kept: Mutex::default(),
        }
    }

    /// Returns the keys of a secret. While Secrets Manager throttles or does not answer, the keys of the last hour are used.
    ///
    /// # Errors
    /// Why there are none, with the name of the secret and without a character of it.
    pub async fn keys(&self, name: &str) -> Result<Keys, ReadFault> {
        let named = |fault: ReadFault| ReadFault {
            reason: format!("its secret {name} {}", fault.reason),
            ..fault
        };
        if let SecretSource::File(path) = &self.source {
            let text = std::fs::read_to_string(path);
            let missing = "cannot be read: the file of secrets is not there";
            let text = text.map_err(|_| named(ReadFault::lasting(missing)))?;
            return of_file(&text, name).map_err(|wrong| named(ReadFault::lasting(&wrong)));
        }
        let kept = Arc::clone(self.kept.lock().await.entry(name.to_owned()).or_default());
        let now = Instant::now();
        // Calls of one target wait for one read, each no longer than it would read itself.
        let end = now + self.patience;
        let Ok(mut kept) = timeout_at(end.into(), kept.lock()).await else {
            return Err(named(ReadFault::late()));
        };
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.again_at) {
            return Ok(Arc::clone(&kept.keys));
        }
        let read = timeout_at(end.into(), self.read(name)).await;
        let read = read.unwrap_or_else(|_| Err(ReadFault::late()));
        match (read, kept.as_mut()) {
            (Err(fault), Some(kept)) if fault.passes && kept.read_at.elapsed() < STALE => {
                let error = named(fault).reason;
                tracing::warn!(error, "a secret is used as it was");
                kept.again_at = now + RETRIED;
                Ok(Arc::clone(&kept.keys))
            }
            (Err(fault), _) => Err(named(fault)),
            (Ok(keys), _) => {
                *kept = Some(Kept {
                    keys: Arc::clone(&keys),
                    read_at: now,
                    again_at: now + KEPT,
                });
                Ok(keys)
            }
        }
    }

    /// Reads the current version and, within a day of its making, the one before it.
    async fn read(&self, name: &str) -> Result<Keys, ReadFault> {
        let SecretSource::Manager {
            prefix,
            endpoint,
            role,
        } = &self.source
        else {
            let nowhere = "is not known: this deployment names no place of secrets";
            return Err(ReadFault::lasting(nowhere));
        };
        let id = format!("{prefix}{name}");
        let request = |stage| SecretRequest {
            id: &id,
            version: Version::Stage(stage),
            region: Some(&role.region),
            endpoint: endpoint.as_deref(),
            credentials: role.credentials(),
        };
        let read = async |stage| {
            let version = read_version(&request(stage)).await?;
            let key = SigningKey::parse(&version.text).map_err(ReadFault::lasting)?;
            Ok::<_, ReadFault>((key, version.created_at))
        };
        let (current, created_at) = read("AWSCURRENT").await?;
        let is_new =
            created_at.is_some_and(|at| jiff::Timestamp::now().as_second() - at < ROTATION);
        let mut keys = vec![current];
        if is_new {
            match read("AWSPREVIOUS").await {
                Ok((previous, _)) => keys.push(previous),
                // There may be none, or one that was no secret. Receivers that still have it count on it otherwise.
                Err(fault) if !fault.passes => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(keys.into())
    }
}

/// Why a secret was not read.
#[derive(Debug)]
pub struct ReadFault {
    /// The reason.
    pub reason: String,
    /// The next try may go better.
    pub passes: bool,
}

impl ReadFault {
    fn late() -> Self {
        Self {
            reason: "cannot be read: Secrets Manager did not answer in time".to_owned(),
            passes: true,
        }
    }

    fn lasting(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            passes: false,
        }
    }
}

impl From<SecretError> for ReadFault {
    fn from(error: SecretError) -> Self {
        Self {
            reason: error.to_string(),
            passes: error.passes(),
        }
    }
}

/// Returns the keys of a name in a file of secrets.
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
