//! The terminal client, run as a script runs it.

use std::{path::PathBuf, process::Stdio};

use tokio::{io::AsyncWriteExt as _, process::Command};

use super::within;

/// Built by `make test` before the tests run.
fn binary() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_causerie")).with_file_name("causerie-chat");
    assert!(path.exists(), "the terminal client is not built; run `make test`");
    path
}

pub struct Terminal {
    pub folder: tempfile::TempDir,
    pub url: String,
}

impl Terminal {
    pub fn command(&self, profile: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(["--server", &self.url, "--profile", profile])
            .args(arguments)
            .env("XDG_CONFIG_HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs to the end: whether it went well, and what it said.
    pub async fn run(
        &self,
        profile: &str,
        arguments: &[&str],
        input: impl AsRef<[u8]>,
    ) -> (bool, String) {
        let mut child = self.command(profile, arguments).spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        // It may not want its input.
        let _ = stdin.write_all(input.as_ref()).await;
        drop(stdin);
        let output = within("the command to end", child.wait_with_output()).await.expect("it ends");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}
