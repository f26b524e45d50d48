//! The README's first conversation, run as it stands there.

use std::path::Path;

use tokio::process::Command;

use crate::support::{Database, Server};

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let buf = root.join("tools/buf/node_modules/.bin/buf");
    assert!(buf.exists(), "buf is missing; run `make buf`");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    let commands = commands(&readme);
    assert!(commands.len() >= 5, "the transcript is too short: {commands:?}");

    let server = Server::start(Database::Sqlite).await;
    let script = format!(
        "set -eu\nexport PATH={}:$PATH\n{}",
        buf.parent().expect("a folder").display(),
        commands.join("\n").replace("http://127.0.0.1:8080", &server.url),
    );
    let ran = Command::new("bash").arg("-c").arg(&script).current_dir(root).output();
    let output = ran.await.expect("bash runs");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    // What it must have shown: the message that was sent, in the history and resumed.
    assert!(out.matches("Hello, world").count() >= 3, "{out}");
    assert!(out.contains("\"ready\""), "{out}");
    server.end().await;
}
