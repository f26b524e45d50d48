//! The terminal client of Causerie: a chat for people, and lines for scripts.

mod app;
mod commands;
mod composer;
mod directory;
mod editor;
mod effect;
mod files;
mod form;
mod keys;
mod lines;
mod names;
mod notify;
mod profile;
mod reactions;
mod rooms;
mod run;
mod script;
mod search;
mod selection;
mod tail;
#[cfg(test)]
mod testing;
mod ui;
mod updates;

use std::{path::PathBuf, process::ExitCode};

use causerie_client::{Client, endpoint::is_readable_on_the_way};
use clap::{Parser, Subcommand};

use profile::Profile;

/// Chat in the terminal. Run without a command to open the interactive client.
#[derive(Parser)]
#[command(name = "causerie-chat", version, about)]
struct Arguments {
    /// The server's address: https:// for TLS, or http:// without.
    #[arg(long, global = true, env = "CAUSERIE_SERVER", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Root certificates in PEM to trust for https://, instead of the system's.
    #[arg(long, global = true, env = "CAUSERIE_CA_FILE", value_name = "PATH")]
    ca_file: Option<PathBuf>,
    /// Profile to use. Each profile has its own session.
    #[arg(long, global = true, env = "CAUSERIE_PROFILE", default_value = "default")]
    profile: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Create an account and sign in. Prompts for the password, or reads it from standard input.
    Register {
        /// 3 to 32 characters: letters, digits, `_`, `.` and `-`.
        username: String,
        /// The name others see.
        #[arg(long, default_value = "")]
        display_name: String,
        /// An invite, as a link or its code; some servers take no one without.
        #[arg(long, default_value = "")]
        invite: String,
    },
    /// Sign in. Prompts for the password, or reads it from standard input.
    Login { username: String },
    /// Set a new password by a recovery link, and sign in. Prompts for the new password, or
    /// reads it from standard input.
    Recover {
        /// The link, or what comes after its `#`.
        link: String,
    },
    /// Sign out of this profile.
    Logout,
    /// Send a message to a room (name or ID). Without text or files, sends each line of
    /// standard input as a message.
    Send {
        room: String,
        text: Option<String>,
        /// File to attach. Repeat for several files.
        #[arg(long = "file", value_name = "PATH")]
        files: Vec<PathBuf>,
    },
    /// Save a message's attachments and print their paths. Never overwrites files.
    Save {
        room: String,
        /// The message's `seq`, as printed by `tail --json` and `search --json`.
        seq: i64,
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
    /// Print new messages from one room or all rooms until interrupted. Reconnects automatically.
    Tail {
        room: Option<String>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// List your rooms with unread counts.
    Rooms {
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Search messages in your rooms, newest first. Use words, "a phrase", from:name, in:room, and
    /// before: or after: with a date such as 2026-01-31.
    Search {
        /// Search terms and filters.
        #[arg(required = true)]
        words: Vec<String>,
        /// Maximum number of results.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Join a public room (name or ID).
    Join { room: String },
    /// Create a public room and join it.
    Create {
        name: String,
        #[arg(long, default_value = "")]
        topic: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("causerie-chat: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// A warning beside an address in the network that begins with `http://`.
pub const NOT_ENCRYPTED: &str =
    "this connection is not encrypted; whoever is on the way can read the password";

/// What went wrong, as one line for the user.
pub type Problem = String;

/// The text of an error, with every violated field.
pub fn explain(error: &causerie_client::Error) -> Problem {
    if error.reason == "SIGNED_OUT" {
        return "not signed in; run `causerie-chat login NAME`".into();
    }
    if error.violations.is_empty() {
        return error.message.clone();
    }
    let rules: Vec<_> =
        error.violations.iter().map(|(field, rule)| format!("{field} {rule}")).collect();
    rules.join("; ")
}

async fn start(arguments: Arguments) -> Result<(), Problem> {
    let Arguments { server, ca_file, profile, command } = arguments;
    let profile = Profile::named(&profile)?;
    let mut builder = Client::builder(server.clone());
    if let Some(path) = ca_file {
        builder = builder.ca_file(path).map_err(|error| explain(&error))?;
    }
    let client = builder.connect().map_err(|error| explain(&error))?;
    let sends_password = matches!(
        command,
        Some(Command::Register { .. } | Command::Login { .. } | Command::Recover { .. })
    );
    if sends_password && is_readable_on_the_way(&server) {
        eprintln!("causerie-chat: {NOT_ENCRYPTED}");
    }
    client.set_device("causerie-chat");
    client.set_tokens(profile.load(&server)?);
    let device_token = profile.load_device_token(&server)?;
    client.set_device_token(device_token.clone());
    // Each refresh spends the token before, so the newest has to be kept at once.
    let keeping = profile.keep(&server, &client);
    let outcome = match command {
        Some(command) => script::run(&client, command).await,
        None => run::window(&client, &server).await,
    };
    keeping.finish(&client).await?;
    let newest = client.device_token().borrow().clone();
    if newest != device_token {
        profile.save_device_token(&server, &newest)?;
    }
    outcome
}
