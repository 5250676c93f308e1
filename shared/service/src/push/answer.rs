//! What the answer of a target means for the run that it was called for.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::targets::{Answer, Outcome};

/// The most characters of an answer that become the message of a failed run.
const MOST_CHARACTERS: usize = 1_000;

/// What becomes of a run after its call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The target has done the work: the task is finished with this result, a JSON text.
    Finished(Option<String>),
    /// The target works on: it ends the run by itself, and sends heartbeats until then.
    Accepted,
    /// The run failed.
    Failed {
        /// Why.
        message: String,
        /// The task may run again.
        retry: bool,
        /// In how many seconds, as the target says.
        retry_after: Option<u32>,
        /// Somebody must mend something.
        is_alarming: bool,
    },
    /// The target wants no more runs: its queue is paused, and the run goes back.
    Gone,
    /// The target was not called, for a reason that may pass: the run goes back, and comes again.
    Uncalled(String),
    /// Nobody knows what the target did: its lease is kept.
    Unknown,
}

/// Judges the outcome of a call.
pub(super) fn judge(outcome: Outcome) -> Verdict {
    let failed = |message, retry_after, is_alarming| Verdict::Failed {
        message,
        retry: true,
        retry_after,
        is_alarming,
    };
    match outcome {
        Outcome::Silent => Verdict::Unknown,
        Outcome::NotReached(reason) => failed(reason.to_owned(), None, false),
        Outcome::Refused(refusal) if refusal.passes => Verdict::Uncalled(refusal.reason.to_owned()),
        Outcome::Refused(refusal) => failed(refusal.reason.to_owned(), None, true),
        Outcome::Answered(answer) => match answer.status {
            200..=299 => accepted(&answer),
            400 | 422 => Verdict::Failed {
                message: message(&answer),
                retry: false,
                retry_after: None,
                is_alarming: false,
            },
            410 => Verdict::Gone,
            408 | 425 | 429 | 500..=599 => failed(status(&answer), answer.retry_after, false),
            _ => failed(status(&answer), answer.retry_after, true),
        },
    }
}

/// Reads `{"finished": true, "result": …}`. Any other answer accepts the run, also one that is cut off or no JSON.
fn accepted(answer: &Answer) -> Verdict {
    #[derive(Deserialize)]
    struct Said {
        finished: bool,
        result: Option<Box<RawValue>>,
    }
    let said = serde_json::from_str::<Said>(&answer.body);
    match said.ok().filter(|said| answer.is_whole && said.finished) {
        Some(said) => Verdict::Finished(said.result.map(|result| result.get().to_owned())),
        None => Verdict::Accepted,
    }
}

/// Judges a result that cannot be kept: the run failed, and its target must be mended.
pub(super) fn unusable(wrong: &str) -> Verdict {
    let message = format!("its target answered a result that cannot be kept: {wrong}");
    Verdict::Failed {
        message: message.chars().take(MOST_CHARACTERS).collect(),
        retry: true,
        retry_after: None,
        is_alarming: true,
    }
}

fn status(answer: &Answer) -> String {
    format!("its target answered {}", answer.status)
}

/// Returns the beginning of a target's message.
fn message(answer: &Answer) -> String {
    let said = answer.body.trim();
    match said.is_empty() {
        true => status(answer),
        false => said.chars().take(MOST_CHARACTERS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Refusal;

    fn answered(status: u16, body: &str) -> Verdict {
        judge(Outcome::Answered(Answer {
            status,
            retry_after: Some(7),
            body: body.to_owned(),
            is_whole: true,
        }))
    }

    fn failed(message: &str, retry_after: Option<u32>, is_alarming: bool) -> Verdict {
        Verdict::Failed {
            message: message.to_owned(),
            retry: true,
            retry_after,
            is_alarming,
        }
    }

    #[test]
    fn an_answer_that_says_so_finishes_the_run_with_its_result() {
        let result = |text: &str| Verdict::Finished(Some(text.to_owned()));
        let body = r#"{"finished": true, "result": {"msg": "ok", "n": 1.50}}"#;
        assert_eq!(answered(200, body), result(r#"{"msg": "ok", "n": 1.50}"#));
        assert_eq!(
            answered(201, r#"{"finished": true}"#),
            Verdict::Finished(None)
        );
    }

    #[test]
    fn any_other_2xx_accepts_the_run() {
        for body in [
            "",
            "ok",
            "{}",
            "[true]",
            r#"{"finished": false}"#,
            r#"{"finished": "true"}"#,
            r#"{"finished": true"#,
        ] {
            assert_eq!(answered(202, body), Verdict::Accepted, "{body}");
        }
        let cut = Outcome::Answered(Answer {
            status: 200,
            retry_after: None,
            body: r#"{"finished": true}"#.to_owned(),
            is_whole: false,
        });
        assert_eq!(judge(cut), Verdict::Accepted, "it may have been cut off");
    }

    #[test]
    fn a_bad_request_ends_the_task_with_the_beginning_of_the_answer() {
        for status in [400, 422] {
            let Verdict::Failed { message, retry, .. } = answered(status, &"错".repeat(1_001))
            else {
                panic!("{status}")
            };
            assert_eq!((message.chars().count(), retry), (1_000, false));
            let Verdict::Failed { message, .. } = answered(status, " ") else {
                panic!("{status}")
            };
            assert_eq!(message, format!("its target answered {status}"));
        }
    }

    #[test]
    fn a_target_that_is_gone_is_not_called_again() {
        assert_eq!(answered(410, ""), Verdict::Gone);
    }

    #[test]
    fn a_fault_that_passes_fails_the_run_and_the_target_says_when_to_come_again() {
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            let expected = failed(&format!("its target answered {status}"), Some(7), false);
            assert_eq!(answered(status, "no"), expected);
        }
        let reason = "no connection could be made";
        assert_eq!(
            judge(Outcome::NotReached(reason)),
            failed(reason, None, false)
        );
    }

    #[test]
    fn a_wrong_secret_or_route_fails_the_run_and_rings_but_ends_no_task() {
        for status in [301, 302, 307, 308, 401, 403, 404, 405, 409, 413, 418] {
            let expected = failed(&format!("its target answered {status}"), Some(7), true);
            assert_eq!(answered(status, ""), expected);
        }
    }

    #[test]
    fn staff_are_not_told_which_address_or_secret_a_target_has() {
        let reason = "its target's secret cannot be used";
        let refused = |passes| {
            Outcome::Refused(Refusal {
                reason,
                cause: "its secret erp cannot be read: AccessDenied".to_owned(),
                passes,
            })
        };
        assert_eq!(judge(refused(false)), failed(reason, None, true));
        let back = Verdict::Uncalled(reason.to_owned());
        assert_eq!(judge(refused(true)), back, "no attempt of the task's");
    }

    #[test]
    fn an_answer_that_does_not_come_says_nothing_about_the_run() {
        assert_eq!(judge(Outcome::Silent), Verdict::Unknown);
    }
}
