//! The configuration of a function: read from environment variables once, at cold start.
//!
//! A missing or bad variable stops the process with a message that names it. An empty variable counts as unset:
//! templates pass empty strings for omitted values.

mod secrets;

use std::{collections::HashMap, fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

use crate::variables::Variable;

/// The variable that keeps a function from starting, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {variable} {wrong}")]
pub struct ConfigurationError {
    variable: String,
    wrong: String,
}

impl ConfigurationError {
    /// Makes an error of `variable`; `wrong` continues the sentence and holds no secret.
    pub fn new(variable: impl Into<String>, wrong: impl Into<String>) -> Self {
        Self {
            variable: variable.into(),
            wrong: wrong.into(),
        }
    }
}

/// The environment variables as they were when the process started.
#[derive(Debug, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
}

/// Something a handler needs that is built from the configuration: its state, or a part of it. It lives as long as the process.
pub trait FromEnvironment: Sized + Sync + 'static {
    /// Builds it.
    ///
    /// # Errors
    /// The first variable that is missing or bad.
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError>;
}

impl FromEnvironment for () {
    fn from_environment(_: &Environment) -> Result<Self, ConfigurationError> {
        Ok(())
    }
}

/// A handler that needs several things names them as a tuple.
macro_rules! tuple_from_environment {
    ($($part:ident)+) => {
        impl<$($part: FromEnvironment),+> FromEnvironment for ($($part,)+) {
            fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
                Ok(($($part::from_environment(environment)?,)+))
            }
        }
    };
}

tuple_from_environment!(A B);
tuple_from_environment!(A B C);
tuple_from_environment!(A B C D);
tuple_from_environment!(A B C D E);

impl Environment {
    /// Returns the variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into(),
                    value.to_string_lossy().into(),
                )
            })
            .collect()
    }

    /// Returns a variable that must be set.
    pub fn required(&self, variable: &str) -> Result<&str, ConfigurationError> {
        self.text(variable)
            .ok_or_else(|| ConfigurationError::new(variable, "is not set"))
    }

    /// Returns a variable that may be unset.
    #[must_use]
    pub fn text(&self, variable: &str) -> Option<&str> {
        self.variables
            .get(variable)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// Reads a tuning value: a whole number within `range`, or the variable's default.
    pub fn integer<T>(
        &self,
        variable: Variable,
        range: RangeInclusive<T>,
    ) -> Result<T, ConfigurationError>
    where
        T: FromStr + PartialOrd + Display,
    {
        let given = self.text(variable.name);
        let text = given.unwrap_or(variable.default);
        let number = text.parse().ok();
        number
            .filter(|number| given.is_none() || range.contains(number))
            .ok_or_else(|| {
                let (start, end) = (range.start(), range.end());
                ConfigurationError::new(
                    variable.name,
                    format!("must be a whole number from {start} to {end}, not {text:?}"),
                )
            })
    }

    /// Returns a duration in whole seconds within `range`.
    pub fn seconds(
        &self,
        variable: Variable,
        range: RangeInclusive<u64>,
    ) -> Result<Duration, ConfigurationError> {
        self.integer(variable, range).map(Duration::from_secs)
    }

    /// Reads one of the words given and answers its value.
    pub fn word<T: Copy>(
        &self,
        variable: Variable,
        words: &[(&str, T)],
    ) -> Result<T, ConfigurationError> {
        let names = || {
            words
                .iter()
                .map(|(word, _)| *word)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let text = self.text(variable.name).unwrap_or(variable.default);
        let found = words.iter().find(|(word, _)| text == *word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            ConfigurationError::new(
                variable.name,
                format!("must be one of {}, not {text:?}", names()),
            )
        })
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
        }
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn variable(name: &'static str, default: &'static str) -> Variable {
        Variable { name, default }
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Environment::default().required("DATABASE_URL").unwrap_err();
        assert_eq!(error.to_string(), "configuration: DATABASE_URL is not set");
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let environment = Environment::from([("MAX_ORDERS", "")]);
        let orders = variable("MAX_ORDERS", "7");
        assert_eq!(environment.integer(orders, 1..=10), Ok(7));
        assert!(environment.required("MAX_ORDERS").is_err());
    }

    #[test]
    fn a_bad_number_is_named_with_its_range() {
        let environment = Environment::from([("A", "ten"), ("B", "11"), ("C", "10")]);
        for name in ["A", "B"] {
            let read = environment.integer(variable(name, "7"), 1..=10);
            let error = read.unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains("from 1 to 10"),
                "{error}"
            );
        }
        assert_eq!(environment.integer(variable("C", "7"), 1..=10), Ok(10));
    }

    #[test]
    fn an_unknown_word_is_named_with_the_known_ones() {
        let (words, source) = ([("claim", 1), ("trusted", 2)], variable("S", "claim"));
        let error = Environment::from([("S", "all")])
            .word(source, &words)
            .unwrap_err()
            .to_string();
        assert!(error.contains("S must be one of claim, trusted"), "{error}");
        assert_eq!(Environment::default().word(source, &words), Ok(1));
    }
}
