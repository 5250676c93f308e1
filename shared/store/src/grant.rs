//! The user that the functions connect as: it may read and write rows of this database, and change nothing else.

use sqlx::{Connection as _, Executor as _, Row as _};

use crate::config::DatabaseConfig;
use crate::connections::Connection;
use crate::database::Database;
use crate::error::Result;

/// A user of the database who works with rows only.
#[derive(Clone)]
pub struct RowUser {
    config: DatabaseConfig,
    name: String,
    password: String,
}

impl RowUser {
    /// Reads the URL that the functions connect by. Name and password are letters, digits and underscores.
    pub fn parse(url: &str) -> std::result::Result<Self, String> {
        let config = DatabaseConfig::parse(url, 1, std::time::Duration::from_secs(5))?;
        let address = url.split_once("://").map(|(_, address)| address);
        let user = address.and_then(|address| address.split_once('@'));
        let (name, password) = user
            .and_then(|(user, _)| user.split_once(':'))
            .ok_or("names no user and password: mysql://USER:PASSWORD@host:3306/database")?;
        let is_plain = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !is_plain(name) || !is_plain(password) {
            return Err(
                "may have letters, digits and underscores only in user and password".to_owned(),
            );
        }
        Ok(Self {
            name: name.to_owned(),
            password: password.to_owned(),
            config,
        })
    }

    /// Tells whether the server knows the user by this password.
    async fn may_log_in(&self) -> bool {
        match Connection::connect_with(&self.config.options).await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }
}

impl std::fmt::Debug for RowUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowUser")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Makes the user, or gives it its present password beside the one that instances still use, and its rights on rows. The
/// database's own user must be allowed to. Safe to call again.
pub async fn grant_rows(database: &Database, user: &RowUser) -> Result<()> {
    let RowUser { name, password, .. } = user;
    let rights = database
        .read(async |c: &mut Connection| {
            let row = c
                .fetch_one("SELECT REPLACE(DATABASE(), '_', '\\\\_') AS name, VERSION() LIKE '%MariaDB%' AS is_mariadb")
                .await?;
            let schema: String = row.try_get_unchecked("name")?;
            let is_mariadb: bool = row.try_get_unchecked("is_mariadb")?;
            Ok::<_, crate::StoreError>((schema, is_mariadb))
        })
        .await?;
    let (schema, is_mariadb) = rights;
    let create = format!("CREATE USER IF NOT EXISTS '{name}'@'%' IDENTIFIED BY '{password}'");
    let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{schema}`.* TO '{name}'@'%'");
    execute(database, &create).await?;
    execute(database, &grant).await?;
    if !user.may_log_in().await {
        // MariaDB keeps one password only.
        let retain = if is_mariadb {
            ""
        } else {
            " RETAIN CURRENT PASSWORD"
        };
        let renew = format!("ALTER USER '{name}'@'%' IDENTIFIED BY '{password}'{retain}");
        execute(database, &renew).await?;
    }
    Ok(())
}

async fn execute(database: &Database, sql: &str) -> Result<()> {
    database
        .run(async |c: &mut Connection| {
            c.execute(sql).await?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_users_password_is_plain_and_never_shown() {
        let user = RowUser::parse("mysql://rows:S3cret@h:3306/d").unwrap();
        assert!(!format!("{user:?}").contains("S3cret"));
        for bad in ["mysql://rows@h/d", "mysql://rows:a'b@h/d", "mysql://:x@h/d"] {
            let error = RowUser::parse(bad).unwrap_err();
            assert!(!error.contains("a'b"), "{error}");
        }
    }
}
