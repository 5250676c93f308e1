//! The labels of a batch's task.

use task_store::callbacks::CallbackName;
use task_store::tasks::Labels;

/// Labels of a batch's task: its tags and its author, by which lists find it, its callback, and the days for which it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchLabels {
    /// Its tags, a JSON array of texts.
    pub tags: Option<String>,
    /// Who submits it.
    pub created_by: Option<String>,
    /// The callback that gets its end.
    pub callback: Option<CallbackName>,
    /// For how many days it is kept once it has ended; 0: for ever. `None`: as before, at first as the deployment says.
    pub keep_days: Option<u32>,
}

impl BatchLabels {
    /// Returns them as they are stored.
    pub(crate) fn stored(&self) -> Labels<'_> {
        Labels {
            tags: self.tags.as_deref(),
            created_by: self.created_by.as_deref(),
            callback: self.callback.as_ref().map(CallbackName::as_str),
            keep_days: self.keep_days,
        }
    }
}
