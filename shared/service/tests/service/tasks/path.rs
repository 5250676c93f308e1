//! Paths of any shape.

use proptest::prelude::*;
use task_store::tasks::{ResultPath, Step};

fn step() -> impl Strategy<Value = (Step, String)> {
    let quoted = |key: String| {
        let text = format!(".{}", serde_json::Value::from(key.as_str()));
        (Step::Key(key), text)
    };
    prop_oneof![
        "[a-zA-Z_$][a-zA-Z0-9_$]{0,8}".prop_map(|key| (Step::Key(key.clone()), format!(".{key}"))),
        "[^\u{0}]{0,8}".prop_map(quoted),
        (0..=ResultPath::MAX_INDEX).prop_map(|n| (Step::Index(n), format!("[{n}]"))),
        Just((Step::Last, "[last]".to_owned())),
    ]
}

proptest! {
    #[test]
    fn a_path_is_read_as_its_steps_and_what_is_emitted_reads_the_same(
        steps in prop::collection::vec(step(), 0..=16)
    ) {
        let text: String = steps.iter().map(|(_, text)| text.as_str()).collect();
        let path = ResultPath::parse(&format!("${text}")).unwrap();
        let expected: Vec<_> = steps.into_iter().map(|(step, _)| step).collect();
        prop_assert_eq!(path.steps(), expected.as_slice());
        prop_assert_eq!(ResultPath::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn any_text_is_a_path_that_reads_the_same_again_or_is_refused(text in r#"\$?[\.\["\\\]a-c0-2last \*\$é]{0,24}"#) {
        if let Ok(path) = ResultPath::parse(&text) {
            prop_assert_eq!(ResultPath::parse(&path.to_string()), Ok(path));
        }
    }
}
