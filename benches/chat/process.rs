//! Processes to be measured: the server, and this program's bare counterparts.

use std::{path::Path, process::Stdio, sync::LazyLock};

use sqlx::{Connection as _, Executor as _, MySqlConnection};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Database {
    MariaDb,
    Sqlite,
}

impl Database {
    pub fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
        }
    }
}

/// A place for data, gone with the value.
pub struct Place {
    pub folder: TempDir,
    pub url: String,
}

impl Place {
    pub async fn new(database: Database) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", folder.path().join("bench.db").display()),
            Database::MariaDb => {
                #[expect(clippy::disallowed_methods, reason = "said by scripts/with-mariadb")]
                let server = std::env::var("CAUSERIE_TEST_MYSQL")
                    .map_err(|_| "no MariaDB: run this by `make bench`")?;
                let name = format!("bench{}", uuid::Uuid::new_v4().simple());
                let mut admin = MySqlConnection::connect(&server).await?;
                admin.execute(sqlx::AssertSqlSafe(format!("create database {name}"))).await?;
                server.replacen("/?", &format!("/{name}?"), 1)
            }
        };
        Ok(Self { folder, url })
    }
}

/// A process on the first core.
pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub url: String,
}

impl Process {
    /// The server, without limits of speed and, unless `costly`, with cheap passwords.
    pub async fn server(place: &Place, costly: bool) -> Outcome<Self> {
        Self::server_with(place, costly, &[]).await
    }

    pub async fn server_with(
        place: &Place,
        costly: bool,
        more: &[(&'static str, &str)],
    ) -> Outcome<Self> {
        let mut options = vec![
            ("SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("SERVER__DATA", place.folder.path().display().to_string()),
            ("SERVER__MAX_STREAMS_PER_USER", "5000".into()),
            ("STORE__URL", place.url.clone()),
            ("AUTH__FAILED_LOGINS_BEFORE_DELAY", "0".into()),
            ("AUTH__FAILED_LOGINS_PER_ADDRESS_PER_MINUTE", "0".into()),
            ("AUTH__FAILED_LOGINS_PER_NAME_PER_HOUR", "0".into()),
            ("AUTH__REGISTRATIONS_PER_MINUTE", "0".into()),
            ("CHAT__MESSAGES_PER_SECOND", "0".into()),
            ("CHAT__CALLS_PER_SECOND", "0".into()),
            // None comes among what is counted.
            ("STREAM__HEARTBEAT_MS", "600000".into()),
            ("LOG__FILTER", "warn".into()),
        ];
        if !costly {
            options.push(("AUTH__ARGON2_MEMORY_KIB", "64".into()));
            options.push(("AUTH__ARGON2_PASSES", "1".into()));
        }
        options.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut command = pinned(Path::new(env!("CARGO_BIN_EXE_causerie")));
        command.envs(options.iter().map(|(name, value)| (format!("CAUSERIE_{name}"), value)));
        Self::spawn(command)?.listening().await
    }

    /// This program in one of its bare roles.
    pub fn bare(arguments: &[&str]) -> Outcome<Self> {
        let mut command = pinned(&std::env::current_exe()?);
        command.args(arguments);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Outcome<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        Ok(Self { child, lines, url: String::new() })
    }

    /// Lets it run on the second core too, beside the load.
    pub async fn use_both_cores(&self) -> Outcome {
        if *TWO_CORES {
            let id = self.child.id().ok_or("the process has ended")?.to_string();
            let moved = Command::new("taskset").args(["-apc", "0,1", &id]).output().await?;
            if !moved.status.success() {
                return Err("taskset did not move the server".into());
            }
        }
        Ok(())
    }

    /// Waits until it has said its address.
    pub async fn listening(mut self) -> Outcome<Self> {
        loop {
            let line = self.line().await?;
            if let Some(at) = line.find("http://") {
                line[at..].split_whitespace().next().unwrap_or_default().clone_into(&mut self.url);
                return Ok(self);
            }
        }
    }

    /// Its next line of output.
    pub async fn line(&mut self) -> Outcome<String> {
        Ok(self.lines.next_line().await?.ok_or("a process ended early")?)
    }

    /// Seconds of processor time so far.
    pub fn cpu(&self) -> Outcome<f64> {
        let id = self.child.id().ok_or("the process has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name, in parentheses, may contain spaces; utime and stime are
        // the 12th and 13th after it, in hundredths of a second.
        let after = stat.rsplit_once(')').ok_or("an odd stat file")?.1;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0)
    }

    /// Memory in use, in MiB.
    pub fn memory(&self) -> Outcome<f64> {
        let id = self.child.id().ok_or("the process has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kib / 1024.0)
    }

    pub async fn end(mut self) -> Outcome {
        self.child.kill().await?;
        Ok(())
    }
}

/// Asked once, at the start: a pinned process sees one core only.
static TWO_CORES: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));

/// A command on the first core.
fn pinned(program: &Path) -> Command {
    if !*TWO_CORES {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// Moves the load, which is this process, to the second core.
pub fn pin_load() {
    if !*TWO_CORES {
        println!("One core only: server and load share it.");
        return;
    }
    let id = std::process::id().to_string();
    let moved = std::process::Command::new("taskset").args(["-apc", "1", &id]).output();
    assert!(moved.is_ok_and(|moved| moved.status.success()), "taskset (util-linux) is needed");
    println!("The server has the first core, the load the second; the database has both.");
}
