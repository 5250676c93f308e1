//! The text of a migration as statements.

/// Returns the table that a statement creates.
pub(super) fn created(sql: &str) -> Option<&str> {
    let name = sql.strip_prefix("CREATE TABLE ")?;
    name.split([' ', '(', '\n']).next()
}

/// Returns the statements of a migration: each ends with a semicolon at the end of a line. Comments are lines of their own.
pub(super) fn statements(sql: &str) -> Vec<String> {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    let text: Vec<&str> = lines.collect();
    text.join("\n")
        .split(";\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_a_migration_is_found() {
        let sql =
            "-- one; two\nCREATE TABLE a (\n    x INT -- a; b\n);\n\nALTER TABLE a ADD y INT;\n";
        let found = statements(sql);
        assert_eq!(found[1..], ["ALTER TABLE a ADD y INT"]);
        assert_eq!((created(&found[0]), created(&found[1])), (Some("a"), None));
    }
}
