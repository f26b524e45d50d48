//! A server as a process of its own whose log, and whose memory, a test reads.

use std::{collections::VecDeque, process::Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::{Database, database::MySqlDatabase, within};

pub struct LoggedProcess {
    pub url: String,
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    mysql: Option<MySqlDatabase>,
    _folder: TempDir,
}

impl LoggedProcess {
    /// Starts with options such as `("AUTH__REGISTRATIONS_PER_MINUTE", "3")`; the log has
    /// warnings and errors.
    pub async fn start(database: Database, options: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mysql = match database {
            Database::Sqlite => None,
            Database::MySql => Some(MySqlDatabase::create().await),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_causerie"));
        command
            .env("CAUSERIE_SERVER__LISTEN", "127.0.0.1:0")
            .env("CAUSERIE_SERVER__DATA", folder.path())
            .env("CAUSERIE_AUTH__ARGON2_MEMORY_KIB", "64")
            .env("CAUSERIE_AUTH__ARGON2_PASSES", "1")
            .env("CAUSERIE_LOG__FILTER", "warn")
            .env("CAUSERIE_LOG__JSON", "true");
        if let Some(mysql) = &mysql {
            command.env("CAUSERIE_STORE__URL", mysql.url());
        }
        for (option, value) in options {
            command.env(format!("CAUSERIE_{option}"), value);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server can be started");
        let log = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let url = within("the server to say its address", async {
            loop {
                let line = lines.next_line().await.expect("its output").expect("its address");
                if let Some(at) = line.find("http://") {
                    return line[at..].trim().to_owned();
                }
            }
        })
        .await;
        // Its output has to go somewhere, or it would stop at a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child, log, mysql, _folder: folder }
    }

    /// The lines of the log up to one whose message begins like this, which is
    /// the last of them.
    pub async fn log_until(&mut self, message: &str) -> VecDeque<Value> {
        let mut lines = VecDeque::new();
        let last = async {
            loop {
                let line = self.log.next_line().await.expect("a log").expect("a line");
                let line: Value = serde_json::from_str(&line).expect("a line is JSON");
                let is_last = line["fields"]["message"]
                    .as_str()
                    .is_some_and(|text| text.starts_with(message));
                lines.push_back(line);
                if is_last {
                    return;
                }
            }
        };
        within(&format!("the log to say \"{message}\""), last).await;
        lines
    }

    /// What the process has of memory, and the most it has had, in KiB.
    pub fn memory_kib(&self) -> (u64, u64) {
        let pid = self.child.id().expect("it is running");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a value");
            line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
        };
        (value("VmRSS:"), value("VmHWM:"))
    }

    /// From now on the process may open no more files and connections than so many,
    /// with those that it has.
    pub async fn limit_descriptors(&self, most: usize) {
        let pid = self.child.id().expect("it is running").to_string();
        let limit = format!("--nofile={most}:");
        let limited = Command::new("prlimit").args(["--pid", &pid, &limit]).status().await;
        assert!(limited.expect("prlimit can be run").success());
    }

    /// Asks it to stop, as an operator would.
    pub async fn terminate(&self) {
        let pid = self.child.id().expect("it is running").to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(sent.expect("kill can be run").success());
    }

    pub async fn end(mut self) {
        self.child.kill().await.expect("it can be killed");
        if let Some(mysql) = self.mysql.take() {
            mysql.drop().await;
        }
    }
}
