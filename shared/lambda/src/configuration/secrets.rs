//! Users of the database whose passwords stand in Secrets Manager, not in the function's environment.

use task_service::secrets::{Role, SecretRequest, Version, login};

use super::{ConfigurationError, Environment, FromEnvironment};
use crate::targets::endpoint;
use crate::variables::{
    DATABASE_ROWS_SECRET, DATABASE_ROWS_SECRET_VERSION, DATABASE_ROWS_URL, DATABASE_SECRET,
    DATABASE_SECRET_VERSION, DATABASE_URL, Variable,
};

/// A URL of the database, the ARN of the secret that names its user, and the version of it.
const LOGINS: [[Variable; 3]; 2] = [
    [DATABASE_URL, DATABASE_SECRET, DATABASE_SECRET_VERSION],
    [
        DATABASE_ROWS_URL,
        DATABASE_ROWS_SECRET,
        DATABASE_ROWS_SECRET_VERSION,
    ],
];

impl Environment {
    /// Puts user and password into each URL that has a secret; asks nobody where there is none.
    pub(crate) async fn with_logins(mut self) -> Result<Self, ConfigurationError> {
        for login in LOGINS {
            let [url, secret, version] = login.map(|variable| variable.name);
            if let Some(arn) = self.text(secret) {
                let complete = self.complete(url, secret, arn, self.text(version)).await?;
                self.variables.insert(url.to_owned(), complete);
            }
        }
        Ok(self)
    }

    async fn complete(
        &self,
        url: &str,
        secret: &str,
        arn: &str,
        version: Option<&str>,
    ) -> Result<String, ConfigurationError> {
        let address = self.required(url)?;
        let role = Role::from_environment(self)?;
        let request = SecretRequest {
            id: arn,
            version: version.map_or(Version::Current, Version::Id),
            region: None,
            endpoint: endpoint(self, "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            credentials: role.credentials(),
        };
        let login = login(&request)
            .await
            .map_err(|error| ConfigurationError::new(secret, error.to_string()))?;
        let complete = login.put_into(address);
        complete.map_err(|wrong| ConfigurationError::new(url, wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: [(&str, &str); 4]) -> Environment {
        Environment::from(variables)
    }

    #[tokio::test]
    async fn a_url_without_a_secret_stays_as_it_is() {
        let url = "mysql://u:p@h/d";
        let environment = Environment::from([("DATABASE_URL", url)]);
        let environment = environment.with_logins().await.unwrap();
        assert_eq!(environment.required("DATABASE_URL"), Ok(url));
    }

    #[tokio::test]
    async fn a_secret_that_cannot_be_read_is_named_by_its_variable() {
        let environment = of([
            ("DATABASE_URL", "mysql://h/d"),
            ("DATABASE_SECRET", "long-tasks"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ]);
        let error = environment.with_logins().await.unwrap_err().to_string();
        assert!(error.contains("DATABASE_SECRET is no ARN"), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }
}
