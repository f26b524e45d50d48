//! Commands that are printed for people, run as they stand: the README's first
//! conversation, and what the server says at its start.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

use crate::support::{Database, Server, within};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a script in the checkout. The scripts of the checkout would install
/// buf, but a test downloads nothing.
async fn run(script: &str) -> Output {
    let buf = Path::new(ROOT).join("tools/buf/node_modules/.bin/buf");
    assert!(buf.exists(), "buf is missing; run `make buf`");
    let output = Command::new("bash").arg("-c").arg(script).current_dir(ROOT).output();
    within("a script to end", output).await.expect("bash runs")
}

/// The commands of the README's transcript: from each line that begins with `$ `
/// to the last one that ends with a backslash.
fn commands(readme: &str) -> Vec<String> {
    let begin = readme.find("<!-- transcript -->").expect("a transcript");
    let block = readme[begin..].split("```").nth(1).expect("a code block");
    let mut commands = Vec::new();
    let mut lines = block.lines();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("$ ") else { continue };
        let mut command = first.to_owned();
        while command.ends_with('\\') {
            command.push('\n');
            command.push_str(lines.next().expect("a line follows a backslash"));
        }
        commands.push(command);
    }
    commands
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_first_conversation_is_true() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("a README");
    let commands = commands(&readme);
    assert!(commands.len() >= 5, "the transcript is too short: {commands:?}");

    let server = Server::start(Database::Sqlite).await;
    let commands = commands.join("\n").replace("http://127.0.0.1:8080", &server.url);
    let script = format!("set -eu\n{commands}");
    let output = run(&script).await;
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    // What it must have shown: the message that was sent, in the history and resumed.
    assert!(out.matches("Hello, world").count() >= 3, "{out}");
    assert!(out.contains("\"ready\""), "{out}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_that_a_server_prints_at_its_start_can_be_run_as_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (cwd, program) in [(Path::new(ROOT), "scripts/buf"), (folder.path(), "buf")] {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut server = Command::new(env!("CARGO_BIN_EXE_causerie"))
            .current_dir(cwd)
            .env("CAUSERIE_SERVER__LISTEN", "127.0.0.1:0")
            .env("CAUSERIE_SERVER__DATA", data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the server can be started");
        let mut lines = BufReader::new(server.stdout.take().expect("a pipe")).lines();
        let command = within("the command to be printed", async {
            loop {
                let line = lines.next_line().await.expect("output").expect("a command with buf");
                if line.contains("buf curl") {
                    return line.trim().to_owned();
                }
            }
        })
        .await;
        assert!(command.starts_with(&format!("{program} curl ")), "{command}");
        if cwd == Path::new(ROOT) {
            // The address is printed before the database is ready; the listener queues.
            let output = run(&command).await;
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("causerie.v1.ChatService/SendMessage"), "{command}: {output:?}");
        }
        server.kill().await.expect("it ends");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buf_shows_the_details_of_an_error_in_words() {
    let server = Server::start(Database::Sqlite).await;
    let call = |method: &str, request: &str| {
        let url = &server.url;
        format!(
            "scripts/buf curl --protocol grpc --http2-prior-knowledge -d '{request}' \
             {url}/causerie.v1.{method} 2>&1"
        )
    };
    let output = run(&call("UserService/GetMe", "{}")).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("\"reason\": \"TOKEN_MISSING\""), "{said}");
    let output = run(&call("AuthService/Login", "{}")).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("\"field\": \"login\""), "{said}");
    server.end().await;
}
