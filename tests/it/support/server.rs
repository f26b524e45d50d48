//! Servers: in this process, or as a process of their own that can be killed.

use std::{process::Stdio, time::Duration};

use causerie::Config;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
};

use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    Database,
    database::{MySqlDatabase, Raw},
    disk::SmallDisk,
    within,
};

/// A server in this process.
pub struct Server {
    pub url: String,
    pub config: Config,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<Result<(), causerie::Error>>>,
    mysql: Option<MySqlDatabase>,
    _folder: Option<TempDir>,
}

impl Server {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// Starts with options that differ from those for tests.
    pub async fn start_with(database: Database, change: impl FnOnce(&mut Config)) -> Self {
        let mut server = Self::prepare(database).await;
        change(&mut server.config);
        server.run().await;
        server
    }

    /// Starts on a database that these statements have made.
    pub async fn start_on_dump(database: Database, dump: &str) -> Self {
        let mut server = Self::with_dump(database, dump).await;
        server.run().await;
        server
    }

    /// A server that is not started yet, and its database.
    pub async fn with_dump(database: Database, dump: &str) -> Self {
        let server = Self::prepare(database).await;
        if database == Database::Sqlite {
            let file = server.config.server.data.join("causerie.db");
            std::fs::write(file, "").expect("an empty file");
        }
        server.database().await.execute(dump.to_owned()).await;
        server
    }

    async fn prepare(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = test_config();
        config.server.data = folder.path().to_owned();
        let mysql = match database {
            Database::Sqlite => None,
            Database::MySql => {
                let mysql = MySqlDatabase::create().await;
                config.store.url = mysql.url();
                Some(mysql)
            }
        };
        Self { url: String::new(), config, stop: None, task: None, mysql, _folder: Some(folder) }
    }

    async fn run(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap_or("127.0.0.1:0").to_owned();
        let listener = TcpListener::bind(address).await.expect("a free port");
        self.url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        let config = self.config.clone();
        self.task = Some(tokio::spawn(async move {
            causerie::serve(config, listener, async {
                let _ = stopped.await;
            })
            .await
        }));
    }

    /// A connection to its database, past the server.
    pub async fn database(&self) -> Raw {
        Raw::connect(&self.config.store_url()).await
    }

    /// Asks the server to stop, and waits until it has.
    pub async fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take() {
            let ended = within("the server to stop", task).await;
            ended.expect("the server does not panic").expect("the server ends well");
        }
    }

    /// Waits until it ends by itself, and says why.
    pub async fn failure(&mut self) -> causerie::Error {
        let task = self.task.take().expect("it runs");
        let ended = within("the server to end by itself", task).await;
        ended.expect("the server does not panic").expect_err("it does not end well")
    }

    /// Stops, and starts again on the same port and data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// Stops and removes everything.
    pub async fn end(mut self) {
        self.stop().await;
        if let Some(mysql) = self.mysql.take() {
            mysql.drop().await;
        }
    }
}

/// Cheap passwords, no limits of speed, quick presence.
pub fn test_config() -> Config {
    let mut config = Config::default();
    config.auth.argon2_memory_kib = 64;
    config.auth.argon2_passes = 1;
    config.auth.failed_logins_before_delay = 0;
    config.auth.failed_logins_per_address_per_minute = 0;
    config.auth.failed_logins_per_name_per_hour = 0;
    config.auth.registrations_per_minute = 0;
    config.chat.messages_per_second = 0;
    config.chat.calls_per_second = 0;
    config.presence.grace_ms = 100;
    config.presence.merge_ms = 20;
    config.server.stop_within_ms = 5_000;
    config
}

/// A server as a process of its own.
pub struct Process {
    pub url: String,
    child: Child,
    environment: Vec<(String, String)>,
    mysql: Option<MySqlDatabase>,
    folder: Option<TempDir>,
    /// The program, with its arguments, that starts the server; none for the
    /// server itself.
    launcher: Vec<String>,
}

impl Process {
    pub async fn start(database: Database) -> Self {
        let mysql = match database {
            Database::Sqlite => None,
            Database::MySql => Some(MySqlDatabase::create().await),
        };
        Self::start_on(mysql).await
    }

    /// Starts a process none of whose files can grow beyond a size.
    pub async fn start_with_file_limit(database: Database, kib: u32) -> Self {
        let mysql = match database {
            Database::Sqlite => None,
            Database::MySql => Some(MySqlDatabase::create().await),
        };
        // Units of 512 bytes, as POSIX has it. Without the trap the signal that
        // comes with the failed write would end the server.
        let limited = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\"", kib * 2);
        Self::launch(mysql, vec!["sh".into(), "-c".into(), limited]).await
    }

    /// Starts a process that may have so many files and connections open.
    pub async fn start_with_descriptors(most: u32) -> Self {
        let limited = format!("ulimit -n {most}; exec \"$0\"");
        Self::launch(None, vec!["sh".into(), "-c".into(), limited]).await
    }

    /// Starts a process with options that differ from those for tests, as
    /// environment variables without their prefix.
    pub async fn start_with(database: Database, options: &[(&str, &str)]) -> Self {
        let mysql = match database {
            Database::Sqlite => None,
            Database::MySql => Some(MySqlDatabase::create().await),
        };
        Self::launch_in(mysql, Vec::new(), None, options).await
    }

    /// Memory that the process has in use, in bytes.
    pub fn memory(&self) -> u64 {
        let id = self.child.id().expect("it is running");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// Starts a process on SQLite whose data folder is a small disk.
    pub async fn start_on_disk(disk: &SmallDisk) -> Self {
        let folder = Some(disk.folder().display().to_string());
        Self::launch_in(None, disk.launcher(), folder, &[]).await
    }

    pub async fn start_on(mysql: Option<MySqlDatabase>) -> Self {
        Self::launch(mysql, Vec::new()).await
    }

    async fn launch(mysql: Option<MySqlDatabase>, launcher: Vec<String>) -> Self {
        Self::launch_in(mysql, launcher, None, &[]).await
    }

    async fn launch_in(
        mysql: Option<MySqlDatabase>,
        launcher: Vec<String>,
        data: Option<String>,
        options: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut environment: Vec<(String, String)> = [
            ("AUTH__ARGON2_MEMORY_KIB", "64"),
            ("AUTH__ARGON2_PASSES", "1"),
            ("AUTH__FAILED_LOGINS_BEFORE_DELAY", "0"),
            ("AUTH__FAILED_LOGINS_PER_ADDRESS_PER_MINUTE", "0"),
            ("AUTH__FAILED_LOGINS_PER_NAME_PER_HOUR", "0"),
            ("AUTH__REGISTRATIONS_PER_MINUTE", "0"),
            ("CHAT__MESSAGES_PER_SECOND", "0"),
            ("CHAT__CALLS_PER_SECOND", "0"),
            // A killed one's database is soon taken over.
            ("STORE__LEASE_HEARTBEAT_MS", "500"),
            ("STORE__LEASE_EXPIRY_MS", "3000"),
            ("LOG__FILTER", "warn"),
        ]
        .map(|(name, value)| (format!("CAUSERIE_{name}"), value.to_owned()))
        .into();
        let data = data.unwrap_or_else(|| folder.path().display().to_string());
        environment.push(("CAUSERIE_SERVER__DATA".into(), data));
        if let Some(mysql) = &mysql {
            environment.push(("CAUSERIE_STORE__URL".into(), mysql.url()));
        }
        environment.extend(
            options.iter().map(|(name, value)| (format!("CAUSERIE_{name}"), (*value).to_owned())),
        );
        let (child, url) = spawn(&environment, "127.0.0.1:0", &launcher).await;
        Self { url, child, environment, mysql, folder: Some(folder), launcher }
    }

    /// Ends the process at once, as a crash would.
    pub async fn kill(&mut self) {
        self.child.start_kill().expect("it can be killed");
        self.child.wait().await.expect("it ends");
    }

    /// Starts it again on the same port and data.
    pub async fn start_again(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        (self.child, self.url) = spawn(&self.environment, &address, &self.launcher).await;
    }

    /// Starts it again, and its files may grow.
    pub async fn start_again_without_limit(&mut self) {
        self.launcher.clear();
        self.start_again().await;
    }

    /// From now on the files of the running process may grow.
    pub async fn lift_file_limit(&self) {
        let pid = self.child.id().expect("it is running").to_string();
        let lifted =
            Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status().await;
        assert!(lifted.expect("prlimit can be run").success());
    }

    /// The data folder.
    pub fn data(&self) -> &std::path::Path {
        self.folder.as_ref().expect("it lives as long as this value").path()
    }

    /// Its options, as environment variables.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The URL of its MySQL database.
    pub fn mysql_url(&self) -> String {
        self.mysql.as_ref().expect("it runs on MySQL").url()
    }

    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it is running").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await;
        assert!(sent.expect("kill can be run").success());
    }

    /// Waits until it has ended.
    pub async fn exit(&mut self) -> std::process::ExitStatus {
        self.child.wait().await.expect("it ends")
    }

    /// Asks it to stop, as an operator would, and returns its exit status.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        self.signal("TERM").await;
        within("the process to end", self.exit()).await
    }

    pub async fn end(mut self) {
        if self.child.id().is_some() {
            self.kill().await;
        }
        if let Some(mysql) = self.mysql.take() {
            mysql.drop().await;
        }
    }
}

async fn spawn(
    environment: &[(String, String)],
    listen: &str,
    launcher: &[String],
) -> (Child, String) {
    let server = env!("CARGO_BIN_EXE_causerie");
    let mut command = match launcher {
        [] => Command::new(server),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(server);
            command
        }
    };
    let mut child = command
        .envs(environment.iter().cloned())
        .env("CAUSERIE_SERVER__LISTEN", listen)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server can be started");
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
    (child, url)
}

/// Waits until the server says that it is ready.
pub async fn until_ready(url: &str) {
    until_readyz(url, 200).await;
}

/// Waits until the server says that it is not ready, and its health the same.
pub async fn until_not_ready(url: &str) {
    until_readyz(url, 503).await;
    assert!(!is_serving(url).await, "health says otherwise");
}

async fn until_readyz(url: &str, wanted: u16) {
    within(&format!("/readyz to answer with {wanted}"), async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while super::web::get(url, "/readyz").await.is_none_or(|(status, _)| status != wanted) {
            ticks.tick().await;
        }
    })
    .await;
}

/// What the gRPC health service says of the chat.
async fn is_serving(url: &str) -> bool {
    let endpoint = tonic::transport::Endpoint::from_shared(url.to_owned()).expect("a URL");
    let request = HealthCheckRequest { service: "causerie.v1.ChatService".into() };
    let health = HealthClient::new(endpoint.connect_lazy()).check(request).await;
    health.expect("health").into_inner().status == 1
}
