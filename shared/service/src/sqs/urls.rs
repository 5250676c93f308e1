//! `GM_TASK_QUEUE`: which queue takes the messages of which job.

use std::collections::HashMap;

/// Where each job's messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    by_job: HashMap<String, String>,
    default: Option<String>,
}

impl QueueUrls {
    /// Reads `GM_TASK_QUEUE`: one queue URL for every job, or `job=url,job=url`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut urls = Self {
            by_job: HashMap::new(),
            default: None,
        };
        for entry in text.split(',').map(str::trim) {
            let (job, url) = match entry.split_once('=') {
                Some((job, url)) if !job.contains("://") => (Some(job.trim()), url.trim()),
                _ => (None, entry),
            };
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return Err("is neither a queue URL nor a list job=url,job=url".to_owned());
            }
            match job {
                Some(job) => drop(urls.by_job.insert(job.to_owned(), url.to_owned())),
                None => urls.default = Some(url.to_owned()),
            }
        }
        Ok(urls)
    }

    /// Returns the queue of a job.
    #[must_use]
    pub fn of(&self, job: &str) -> Option<&str> {
        self.by_job
            .get(job)
            .or(self.default.as_ref())
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_url_serves_every_job_and_a_named_one_its_own() {
        let one = QueueUrls::parse("http://127.0.0.1:4566/000000000000/orders").unwrap();
        assert_eq!(
            one.of("any"),
            Some("http://127.0.0.1:4566/000000000000/orders")
        );
        let two = QueueUrls::parse("order_import=https://q/1, price=https://q/2?a=b").unwrap();
        assert_eq!(two.of("order_import"), Some("https://q/1"));
        assert_eq!(two.of("price"), Some("https://q/2?a=b"));
        assert_eq!(two.of("other"), None);
    }

    #[test]
    fn a_queue_that_is_no_url_is_refused() {
        for text in ["", "orders", "order_import=orders", "order_import="] {
            assert!(QueueUrls::parse(text).is_err(), "{text:?}");
        }
    }
}
