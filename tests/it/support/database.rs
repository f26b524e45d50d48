//! A database for each test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, MySqlConnection, Row as _,
    SqliteConnection, sqlite::SqliteConnectOptions,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    MySql,
}

/// A database of a MySQL server, made for one test.
pub struct MySqlDatabase {
    server: String,
    name: String,
}

impl MySqlDatabase {
    pub async fn create() -> Self {
        Self::create_on(&server_url()).await
    }

    pub async fn create_on(server: &str) -> Self {
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let database = Self { server: server.to_owned(), name };
        database.admin(format!("create database {}", database.name)).await;
        database
    }

    pub fn url(&self) -> String {
        self.server.replacen("/?", &format!("/{}?", self.name), 1)
    }

    /// Makes a user without any right beyond this database, as a server should
    /// have it, and returns the URL with it.
    pub async fn url_of_ordinary_user(&self) -> String {
        let user = &self.name[..20];
        self.admin(format!("create user {user}@localhost")).await;
        self.admin(format!("grant all on {}.* to {user}@localhost", self.name)).await;
        self.url().replacen("root@", &format!("{user}@"), 1)
    }

    pub async fn drop(self) {
        self.admin(format!("drop database {}", self.name)).await;
    }

    /// Runs a statement as an administrator of the server.
    pub async fn admin(&self, sql: String) {
        let mut connection =
            MySqlConnection::connect(&self.server).await.expect("the test's MySQL server answers");
        connection.execute(sqlx::AssertSqlSafe(sql)).await.expect("an administrator's statement");
    }
}

/// A connection past the server: to put in what would take too long through it,
/// and to look at what is really stored.
pub enum Raw {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

impl Raw {
    /// Connects to a server's database by its option `store.url`.
    pub async fn connect(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                Self::Sqlite(options.connect().await.expect("the server's file"))
            }
            None => Self::MySql(MySqlConnection::connect(url).await.expect("the database")),
        }
    }

    pub async fn execute(&mut self, sql: String) {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::MySql(connection) => connection.execute(sql).await.map(drop),
        }
        .expect("a statement");
    }

    /// The tables that the database would walk through from end to end to carry
    /// out a statement, as it says itself.
    pub async fn walks(&mut self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let sql = sqlx::AssertSqlSafe(format!("explain query plan {sql}"));
                let rows = sqlx::query(sql).fetch_all(connection).await.expect("a plan");
                let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                // What a statement has made itself has no index.
                let made = |name: &str| {
                    steps.iter().any(|step| {
                        ["CO-ROUTINE ", "MATERIALIZE "]
                            .iter()
                            .any(|how| step.strip_prefix(how) == Some(name))
                    })
                };
                let walks = |step: &&String| {
                    step.strip_prefix("SCAN ").is_some_and(|table| {
                        !["INDEX", "CONSTANT ROW", "VALUES CLAUSE"]
                            .iter()
                            .any(|it| table.contains(it))
                            && !made(table)
                    })
                };
                steps.iter().filter(walks).cloned().collect()
            }
            Self::MySql(connection) => {
                let sql = sqlx::AssertSqlSafe(format!("explain {sql}"));
                let rows = sqlx::query(sql).fetch_all(connection).await.expect("a plan");
                let step = |row: &sqlx::mysql::MySqlRow| {
                    let how: Option<String> = row.get("type");
                    let table: Option<String> = row.get("table");
                    let key: Option<String> = row.get("key");
                    let walks = how.as_deref() == Some("ALL") || (how.is_some() && key.is_none());
                    // A constant row, and what a statement has made itself, have no index.
                    let read = !matches!(how.as_deref(), Some("system" | "const"));
                    let stored = table.as_deref().is_some_and(|table| !table.starts_with('<'));
                    (walks && read && stored).then(|| format!("{table:?} {how:?}"))
                };
                rows.iter().filter_map(step).collect()
            }
        }
    }

    /// How many rows a MySQL server touches for a statement.
    pub async fn row_reads(&mut self, sql: String) -> i64 {
        let read =
            "select cast(sum(variable_value) as signed) from information_schema.session_status
                    where variable_name like 'HANDLER_READ%'";
        let before = self.count(read).await;
        self.execute(sql).await;
        self.count(read).await - before
    }

    /// The tables of a MySQL database.
    pub async fn tables(&mut self) -> Vec<String> {
        let Self::MySql(connection) = self else { panic!("only of MySQL") };
        let sql = "select table_name from information_schema.tables
                   where table_schema = database()";
        sqlx::query_scalar(sql).fetch_all(connection).await.expect("the tables")
    }

    /// Every value of every table, with the names of its table and column.
    pub async fn values(&mut self) -> Vec<(String, Vec<u8>)> {
        let columns = match self {
            Self::Sqlite(_) => {
                "select m.name || '.' || c.name from sqlite_schema m, pragma_table_info(m.name) c
                 where m.type = 'table'"
            }
            Self::MySql(_) => {
                "select concat(table_name, '.', column_name) from information_schema.columns
                 where table_schema = database()"
            }
        };
        let mut values = Vec::new();
        for name in self.texts(columns.into()).await {
            let (table, column) = name.split_once('.').expect("a table and a column");
            let hex = match self {
                Self::Sqlite(_) => format!("hex({column})"),
                Self::MySql(_) => format!("hex(cast(`{column}` as binary))"),
            };
            let sql = format!("select {hex} from {table} where {hex} is not null");
            for text in self.texts(sql).await {
                let digits = text.as_bytes().chunks(2);
                let byte =
                    |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).expect("digits"), 16);
                let bytes = digits.map(byte).collect::<Result<_, _>>().expect("bytes");
                values.push((name.clone(), bytes));
            }
        }
        values
    }

    async fn texts(&mut self, sql: String) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::MySql(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .expect("texts")
    }

    pub async fn count(&mut self, sql: impl Into<String>) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Self::MySql(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        }
        .expect("a count")
    }
}

/// The server of this run: the one that `make test` has started, or else one of
/// this process.
fn server_url() -> String {
    static OWN: OnceLock<PrivateMySql> = OnceLock::new();
    match std::env::var_os("CAUSERIE_TEST_MYSQL") {
        Some(url) => url.into_string().expect("a URL"),
        None => OWN.get_or_init(PrivateMySql::start).url.clone(),
    }
}

/// A MySQL server that ends with this value or this process, and that can be
/// made to crash and come back.
pub struct PrivateMySql {
    pub url: String,
    child: Child,
    orders: std::sync::Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl PrivateMySql {
    pub fn start() -> Self {
        let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-mariadb"))
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/with-mariadb can be run");
        let stdin = child.stdin.take().expect("a pipe");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its first line");
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("no MySQL server for this test; run `make test`, which installs MariaDB")
        });
        let url = ready["url"].as_str().expect("a URL").to_owned();
        Self { url, child, orders: std::sync::Mutex::new(Some((stdin, stdout))) }
    }

    /// `stop` (at once, like a crash) or `start`.
    pub fn order(&self, order: &str) {
        tokio::task::block_in_place(|| {
            let mut orders = self.orders.lock().expect("no test panics while it holds this");
            let (stdin, stdout) = orders.as_mut().expect("it lives as long as this value");
            writeln!(stdin, "{order}").expect("it listens");
            let mut line = String::new();
            stdout.read_line(&mut line).expect("it answers");
            assert!(line.starts_with(order), "{order} was answered by {line:?}");
        });
    }
}

impl Drop for PrivateMySql {
    fn drop(&mut self) {
        // The end of its input is its end; waited for, so that its folder goes too.
        if let Ok(mut orders) = self.orders.lock() {
            orders.take();
        }
        let _ = self.child.wait();
    }
}
