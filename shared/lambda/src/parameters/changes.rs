//! Reading the changes of a task: one field with its value, or fields by their own names.

use std::borrow::Cow;

use serde_json::value::RawValue;
use task_service::tasks::{Changes, Field, Operation, ResultChange, amount, document, op_id, path};
use task_service::{Error, Result};
use task_store::tasks::{Document, ResultPath};

use super::{Parameter, Parameters, ValueType};

/// The operation that `op` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Set,
    Append,
    Increment,
    Remove,
}

const OPS: [(&str, Op); 4] = [
    ("set", Op::Set),
    ("append", Op::Append),
    ("increment", Op::Increment),
    ("remove", Op::Remove),
];

impl Parameters<'_> {
    /// Reads the one change of an update: `field` (`result` when it is empty), `value`, `value_type`, `op`, and `postion`
    /// or `position`.
    pub fn change(&self) -> Result<Changes<'_>> {
        let field = self.optional("field", |field| Field::parse(&field.scalar()?))?;
        let field = field.unwrap_or(Field::Result);
        let change = self.result_change(field)?;
        let mut changes = Changes::default();
        match field {
            Field::Result => changes.result = change,
            Field::Name => changes.name = Some(self.required("value", |name| name.text(64))?),
            Field::Input => changes.input = Some(self.required("value", Parameter::as_text)?),
            Field::MessageShow => {
                changes.message_show = Some(self.required("value", Parameter::flag)?);
            }
            Field::Repeat => changes.repeat = Some(self.required("value", Parameter::flag)?),
            Field::Type => changes.type_id = Some(self.required("value", Parameter::int)?),
            Field::Progress => {
                changes.progress = Some(self.required("value", |value| value.integer(0..=99))?);
            }
        }
        Ok(changes)
    }

    /// Reads an update: its change, the run that speaks (`run_count`) and the caller's id for it (`op_id`).
    pub fn update(&self) -> Result<Changes<'_>> {
        let op = self.optional("op_id", |id| id.text(64))?;
        Ok(Changes {
            run_count: self.run_count()?,
            op_id: op.map(|id| op_id(&id)),
            ..self.change()?
        })
    }

    /// Reads the number of the run whose worker calls.
    pub fn run_count(&self) -> Result<Option<i32>> {
        self.optional("run_count", |run| run.integer(0..=i32::MAX))
    }

    /// Reads the changes of a finish, all optional: the changes of [`Parameters::change`], and `result`,
    /// `task_name`, `message_show`, `repeat` and `type_id` by their own names; and the run that speaks.
    pub fn changes(&self) -> Result<Changes<'_>> {
        let is_change = |name: &&str| self.has(name);
        let named = ["field", "value", "op", "postion", "position"];
        let mut changes = match named.iter().any(is_change) {
            true => self.change()?,
            false => Changes::default(),
        };
        let name = self.optional("task_name", |name| name.text(64))?;
        once(&mut changes.name, "task_name", name)?;
        let shown = self.optional("message_show", Parameter::flag)?;
        once(&mut changes.message_show, "message_show", shown)?;
        let repeat = self.optional("repeat", Parameter::flag)?;
        once(&mut changes.repeat, "repeat", repeat)?;
        let type_id = self.optional("type_id", Parameter::int)?;
        once(&mut changes.type_id, "type_id", type_id)?;
        once(&mut changes.result, "result", self.whole_result()?)?;
        changes.run_count = self.run_count()?;
        Ok(changes)
    }

    /// Reads `result` by its own name.
    fn whole_result(&self) -> Result<Option<ResultChange<'_>>> {
        let result = self.has("result").then(|| self.given("result"));
        let whole = |document| ResultChange {
            path: ResultPath::default(),
            operation: Operation::Set(document),
        };
        Ok(result.transpose()?.map(whole))
    }

    /// Reads the change inside the result; `None` when another field is meant, which takes only a plain set.
    fn result_change(&self, field: Field) -> Result<Option<ResultChange<'_>>> {
        let position = self.agreeing("postion", "position")?;
        let place = self
            .optional(position, |text| path(position, &text.scalar()?))?
            .unwrap_or_default();
        let op = self
            .optional("op", |op| op.one_of(&OPS))?
            .unwrap_or(Op::Set);
        if field == Field::Result {
            let operation = self.operation(op)?;
            return Ok(Some(ResultChange {
                path: place,
                operation,
            }));
        }
        match (op, place.is_root()) {
            (Op::Set, true) => Ok(None),
            (Op::Set, false) => Err(Error::invalid(position, "is only for the field result")),
            _ => Err(Error::invalid("op", "is only for the field result")),
        }
    }

    fn operation(&self, op: Op) -> Result<Operation<'_>> {
        Ok(match op {
            Op::Set => Operation::Set(self.given("value")?),
            Op::Append => Operation::Append(self.given("value")?),
            Op::Increment => {
                Operation::Increment(self.required("value", |by| amount("value", &by.as_text()?))?)
            }
            Op::Remove => Operation::Remove,
        })
    }

    /// Reads a parameter as JSON of the type that `value_type` names.
    fn given<'p>(&'p self, name: &'p str) -> Result<Document<'p>> {
        let value_type = self.optional("value_type", |word| word.one_of(&ValueType::WORDS))?;
        let json = self.required(name, |value| value.document(value_type.unwrap_or_default()))?;
        document(name, text_of(json))
    }
}

/// Reads the text of a JSON value, borrowed where the value is.
fn text_of(json: Cow<'_, RawValue>) -> Cow<'_, str> {
    match json {
        Cow::Borrowed(json) => Cow::Borrowed(json.get()),
        Cow::Owned(json) => Cow::Owned(json.get().to_owned()),
    }
}

/// Fills a slot that nothing has filled before.
fn once<T>(slot: &mut Option<T>, name: &str, value: Option<T>) -> Result<()> {
    if slot.is_some() && value.is_some() {
        return Err(Error::invalid(
            name,
            "is given twice, by its name and by field",
        ));
    }
    *slot = value.or(slot.take());
    Ok(())
}

#[cfg(test)]
mod tests;
