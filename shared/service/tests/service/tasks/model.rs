//! Random changes inside a result against a plain model of the document: after every step the same document and the
//! same outcome.

use proptest::prelude::Rng;
use proptest::test_runner::{Config, TestRng, TestRunner};
use task_store::tasks::{ResultPath, Step};
use task_store::testing::with_rows_only;

use super::*;

const SEQUENCES: usize = 40;
const STEPS: usize = 30;

#[tokio::test]
async fn any_sequence_of_changes_leaves_the_document_that_the_model_says() {
    with_rows_only(async |fresh| {
        let mut runner = TestRunner::new(Config::default());
        let rng = runner.rng();
        let (mut done, mut refused) = (0, 0);
        for sequence in 0..SEQUENCES {
            let name = format!("m{sequence}");
            add(fresh, &name, "1", false).await.unwrap();
            let mut model = Value::Null;
            for _ in 0..STEPS {
                let (op, path, value) = random_change(rng, &model);
                let expected = applied(&model, op, path.steps(), &value);
                let end = update(fresh, &name, op, &path.to_string(), value.clone()).await;
                let stored = get(fresh, &name).await["result"].clone();
                let told = format!("{op} {path} {value} on {model}");
                assert_eq!(
                    end.map_err(|e| e.code()),
                    expected.clone().map(drop),
                    "{told}"
                );
                *(if expected.is_ok() {
                    &mut done
                } else {
                    &mut refused
                }) += 1;
                model = expected.unwrap_or(model);
                assert_eq!(stored, model, "{told}");
            }
        }
        assert!(
            done > 200 && refused > 200,
            "{done} applied, {refused} refused"
        );
    })
    .await;
}

/// The document after a change, or the reason why the change does not apply; `null` is no document.
fn applied(
    document: &Value,
    op: &str,
    steps: &[Step],
    value: &Value,
) -> std::result::Result<Value, ErrorCode> {
    let mut new = match (document, steps.first(), op) {
        (Value::Null, Some(Step::Key(_)), _) => json!({}),
        (Value::Null, Some(_), _) | (Value::Null, None, "append") => json!([]),
        (Value::Null, None, "increment") => json!(0),
        _ => document.clone(),
    };
    match steps.split_last() {
        None if op == "remove" => new = Value::Null,
        None => new = combined(Some(&new), op, value)?,
        Some((last, parents)) => {
            let mut parent = &mut new;
            for step in parents {
                parent = child(parent, step).ok_or(ErrorCode::PathNotFound)?;
            }
            apply_in(parent, last, op, value)?;
        }
    }
    Ok(new)
}

fn child<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Object(object), Step::Key(key)) => object.get_mut(key),
        (Value::Array(list), Step::Index(index)) => list.get_mut(*index as usize),
        (Value::Array(list), Step::Last) => list.last_mut(),
        _ => None,
    }
}

fn apply_in(
    parent: &mut Value,
    step: &Step,
    op: &str,
    value: &Value,
) -> std::result::Result<(), ErrorCode> {
    let old = child(parent, step).cloned();
    match (parent, step) {
        (Value::Object(object), Step::Key(key)) => match op {
            "remove" => object
                .remove(key)
                .map(drop)
                .ok_or(ErrorCode::PathNotFound)?,
            _ => drop(object.insert(key.clone(), combined(old.as_ref(), op, value)?)),
        },
        (Value::Array(list), Step::Index(_) | Step::Last) => {
            let at = match step {
                Step::Index(index) => (*index as usize).min(list.len()),
                _ => list.len().saturating_sub(1),
            };
            match (op, at < list.len()) {
                ("remove", true) => drop(list.remove(at)),
                ("remove", false) => return Err(ErrorCode::PathNotFound),
                (_, true) => list[at] = combined(old.as_ref(), op, value)?,
                (_, false) => list.push(combined(None, op, value)?),
            }
        }
        _ => return Err(ErrorCode::PathNotFound),
    }
    Ok(())
}

/// The value of a place after a change.
fn combined(old: Option<&Value>, op: &str, value: &Value) -> std::result::Result<Value, ErrorCode> {
    match (op, old) {
        ("append", None) => Ok(json!([value])),
        ("append", Some(Value::Array(list))) => {
            Ok(json!([&list[..], std::slice::from_ref(value)].concat()))
        }
        ("increment", None) => Ok(value.clone()),
        ("increment", Some(Value::Number(number))) => {
            let sum = number.as_f64().unwrap() + value.as_f64().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
            let whole = json!(sum as i64);
            Ok(if sum.fract() == 0.0 {
                whole
            } else {
                json!(sum)
            })
        }
        ("append" | "increment", _) => Err(ErrorCode::ParamInvalid),
        _ => Ok(value.clone()),
    }
}

fn pick<'a, T>(rng: &mut TestRng, all: &'a [T]) -> &'a T {
    &all[rng.next_u32() as usize % all.len()]
}

/// A change at a place that is there, one step beyond, or anywhere.
fn random_change(rng: &mut TestRng, document: &Value) -> (&'static str, ResultPath, Value) {
    let mut places = vec![String::new()];
    collect_places(document, "", &mut places);
    let mut path = match rng.next_u32() % 4 {
        0 => random_step(rng),
        _ => pick(rng, &places).clone(),
    };
    for _ in 0..*pick(rng, &[0, 0, 1, 1, 2]) {
        path += &random_step(rng);
    }
    let path = ResultPath::parse(&format!("${path}")).unwrap();
    let op = *pick(
        rng,
        &[
            "set",
            "set",
            "set",
            "append",
            "append",
            "increment",
            "increment",
            "remove",
        ],
    );
    let value = match op {
        "increment" => pick(rng, &["1", "-3", "0.25", "-1.5", "100000"]),
        _ => pick(rng, &VALUES),
    };
    (op, path, serde_json::from_str(value).unwrap())
}

const VALUES: [&str; 10] = [
    "null",
    "7",
    "-0.75",
    r#""é\"\\""#,
    "true",
    "{}",
    "[]",
    r#"{"a": [1, {"b": null}]}"#,
    r#"[[], {"é \"q": "x"}]"#,
    r#"{"a": {"b": {}}}"#,
];

fn random_step(rng: &mut TestRng) -> String {
    let steps = [".a", ".b", r#"."é \"q""#, "[0]", "[1]", "[5]", "[last]"];
    (*pick(rng, &steps)).to_owned()
}

fn collect_places(value: &Value, path: &str, places: &mut Vec<String>) {
    let mut visit = |step: String, value: &Value| {
        let path = format!("{path}{step}");
        // Far enough from the depth limit, which the model does not know.
        if path.matches(['.', '[']).count() < 6 {
            places.push(path.clone());
            collect_places(value, &path, places);
        }
    };
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(key, value)| visit(format!(".{}", json!(key)), value)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(n, value)| visit(format!("[{n}]"), value)),
        _ => {}
    }
}
