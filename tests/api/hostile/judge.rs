//! The rules of an answer to a hostile call.

use serde_json::Value;

use crate::support::Answer;

/// Words that nobody outside may read: libraries, tables, files and code.
const INSIDE: [&str; 13] = [
    "sqlx",
    "mysql",
    "mariadb",
    "tbl_",
    "innodb",
    "select ",
    "insert into",
    ".rs",
    "src/",
    "/home",
    "panick",
    "serde",
    "utf8mb4",
];

/// The most characters of a value that a sentence shows.
const SHOWN: usize = 64;

/// The longest refusal: a sentence, at most two values shown in it, each character escaped.
const LONGEST: usize = 1600;

/// The faults of answers; told at the end, all at once.
#[derive(Default)]
pub(super) struct Verdicts {
    judged: usize,
    wrong: Vec<String>,
}

impl Verdicts {
    /// Judges an answer to `sent`: a refusal with this word whose sentence names `parameter`.
    pub(super) fn refused(&mut self, answer: &Answer, word: &str, parameter: &str, sent: &str) {
        self.judged += 1;
        let envelope = &answer.body;
        let told = (
            answer.status,
            &envelope["code"],
            envelope["error"].as_str(),
            &envelope["data"],
        );
        let named = envelope["msg"]
            .as_str()
            .is_some_and(|msg| msg.contains(parameter));
        if told != (200, &1.into(), Some(word), &Value::Null) || !named {
            self.complain(&format!("expected {word} naming {parameter}"), answer, sent);
        }
        self.silent(answer, sent);
    }

    /// Judges that an answer tells nothing of the inside, nor more of `sent` than it may.
    pub(super) fn silent(&mut self, answer: &Answer, sent: &str) {
        let text = answer.text.to_lowercase();
        // What the caller sent is no secret to it.
        let sent = sent.to_lowercase();
        let leak = INSIDE
            .iter()
            .find(|word| text.contains(**word) && !sent.contains(**word));
        if let Some(leak) = leak {
            self.complain(&format!("tells {leak:?}"), answer, &sent);
        }
        let more: String = sent.chars().take(SHOWN + 1).collect();
        let echoes = more.chars().count() > SHOWN && text.contains(&more);
        if echoes || answer.text.len() > LONGEST {
            self.complain("echoes too much", answer, &sent);
        }
    }

    fn complain(&mut self, wrong: &str, answer: &Answer, sent: &str) {
        let sent: String = sent.chars().take(80).collect();
        let text: String = answer.text.chars().take(300).collect();
        self.wrong.push(format!(
            "{wrong}; sent {sent:?}, answered {} {text}",
            answer.status
        ));
    }

    /// All answers were right, and there were at least `at_least`.
    #[track_caller]
    pub(super) fn end(self, at_least: usize) {
        let wrong = self.wrong.len();
        let shown: Vec<_> = self.wrong.iter().take(40).map(String::as_str).collect();
        assert!(
            self.wrong.is_empty(),
            "{wrong} of {} are wrong:\n{}",
            self.judged,
            shown.join("\n")
        );
        assert!(self.judged >= at_least, "only {} were judged", self.judged);
    }
}
