//! Arguments, configuration, logging and signals; then `causerie::serve`.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use causerie::{
    Config, Error,
    auth::{self, recovery},
    config::Log,
    service::admin::AUDIT,
    store::{
        Store, folding::FoldingStep, lease::LeaseTimes, migrations::PendingMigrations,
        recovery::RecoveryLink,
    },
};
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Smaller at rest than the system's allocator, and gives back what is not used;
/// `.cargo/config.toml` says how soon.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A chat server whose whole API is gRPC.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Options that differ from the defaults; see `causerie config`.
    #[arg(long, global = true, env = "CAUSERIE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Clone)]
enum Command {
    /// Serve. This is what happens without a command.
    Serve,
    /// Bring the database's schema up to date and stop. On MySQL the server may be
    /// running, unless a migration takes something away that it may use.
    Migrate,
    /// Print every option with its default.
    Config,
    /// Manage the keys that sign tokens.
    Keys {
        #[command(subcommand)]
        command: Keys,
    },
    /// Help the owners of accounts.
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
    /// Manage the identity of the data.
    Epoch {
        #[command(subcommand)]
        command: Epoch,
    },
}

#[derive(Subcommand, Clone)]
enum Admin {
    /// Print a link by which whoever opens it sets a new password for an account,
    /// once and within 24 hours. The server may be running.
    Reset {
        /// The account's username.
        user: String,
        /// Where browsers reach the server; the address that it listens on if not
        /// given.
        #[arg(long)]
        url: Option<String>,
    },
}

#[derive(Subcommand, Clone, Copy)]
enum Epoch {
    /// Say that the data was restored, so that clients drop what they know and load
    /// it anew. Wants the server stopped. A server notices by itself when a SQLite
    /// file was replaced or lacks commits; after an overwrite in place of all files,
    /// a restored snapshot of a volume, or a restored MySQL database it cannot.
    Renew,
}

#[derive(Subcommand, Clone, Copy)]
enum Keys {
    /// Put a new key in front. The old ones go on verifying.
    Rotate,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("causerie: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let command = arguments.command.clone().unwrap_or(Command::Serve);
    if matches!(command, Command::Config) {
        print!("{}", causerie::config::DEFAULTS);
        return Ok(());
    }
    let config = Config::load(arguments.config.as_deref())?;
    start_log(&config.log)?;
    match command {
        Command::Keys { command: Keys::Rotate } => {
            let name = auth::keys::rotate(&config.server.data)?;
            println!("New tokens are signed by key {name} once the server has been restarted.");
            Ok(())
        }
        Command::Config => Ok(()),
        Command::Admin { command: Admin::Reset { user, url } } => {
            runtime()?.block_on(reset_password(&config, &user, url))
        }
        Command::Migrate => runtime()?.block_on(async {
            migrate(&config).await?;
            println!("The schema is up to date.");
            Ok(())
        }),
        Command::Epoch { command: Epoch::Renew } => runtime()?.block_on(renew_epoch(&config)),
        Command::Serve => runtime()?.block_on(serve(config)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)
}

/// Beside a server that is running, as long as nothing is taken away from it. A
/// SQLite file is locked by its server, which has applied all migrations itself.
async fn migrate(config: &Config) -> Result<(), Error> {
    let store = Store::connect(&config.store_url(), 4)?;
    let outcome = match store.pending_migrations().await {
        Ok(PendingMigrations::Expanding) => store.migrate().await,
        Ok(PendingMigrations::Contracting) => match prepare(&store).await {
            Ok(()) => with_lease(&store, config, "migrates", Store::migrate).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let outcome = match outcome {
        Ok(()) => fold_names(&store).await,
        Err(error) => Err(error),
    };
    store.close().await;
    outcome
}

/// Does what takes long before something is taken away, in short steps beside a server
/// that is running. What that server writes afterwards is left to the next run.
async fn prepare(store: &Store) -> Result<(), Error> {
    store.expand().await?;
    let Some(all) = store.count_messages_without_keys().await? else { return Ok(()) };
    let (mut done, mut said) = (0, 0);
    store
        .fill_message_keys(|positions| {
            done += positions;
            // A line for each percent.
            let percent = done * 100 / all.max(1);
            if percent > said {
                said = percent;
                println!("Messages prepared for the new schema: {done} of {all}");
            }
        })
        .await
}

/// Rewrites what a migration leaves to be rewritten, in short steps beside a server
/// that is running. The next server looks through it once more when it has started:
/// an older one may have written meanwhile.
async fn fold_names(store: &Store) -> Result<(), Error> {
    if !store.needs_folding().await? {
        return Ok(());
    }
    let all = store.count_names().await?;
    let mut folded = 0;
    let mut step = Some(FoldingStep::FIRST);
    while let Some(this) = step {
        let rows;
        (rows, step) = store.fold_some(this).await?;
        folded += rows;
        println!("Names prepared for searching: {folded} of {all}");
    }
    Ok(())
}

async fn renew_epoch(config: &Config) -> Result<(), Error> {
    let store = Store::connect(&config.store_url(), 4)?;
    let renewed = with_lease(&store, config, "renews the epoch", async |store| {
        store.migrate().await?;
        store.renew_epoch().await
    })
    .await;
    store.close().await;
    println!("The data has the epoch {} now: clients load it anew.", renewed?);
    Ok(())
}

/// Makes a link for somebody whose password is lost, perhaps the only admin's.
async fn reset_password(config: &Config, name: &str, url: Option<String>) -> Result<(), Error> {
    let store = Store::connect_beside(&config.store_url())?;
    let outcome = async {
        let account = store.credentials(name).await?.ok_or(Error::UserNotFound)?;
        let token = recovery::make_token();
        let link = RecoveryLink {
            user: account.user.id,
            token_hash: recovery::recovery_hash(&token),
            expires_at: config.clock.now().plus(recovery::LINK_LASTS),
        };
        store.save_recovery_link(&link).await?;
        tracing::info!(
            target: AUDIT,
            account = %account.user.id,
            "audit: recovery link created on the server"
        );
        Ok::<_, Error>(token)
    }
    .await;
    store.close().await;
    let token = outcome?;
    let listen = config.server.listen;
    let can_be_opened = !listen.ip().is_unspecified() && listen.port() != 0;
    let url = url.or_else(|| can_be_opened.then(|| own_url(config, listen)));
    let path = recovery::path(&token);
    match url {
        Some(url) => println!(
            "Whoever opens this within 24 hours sets a new password, once:\n  {}{path}",
            url.trim_end_matches('/')
        ),
        None => println!(
            "Whoever opens this path within 24 hours, at the address by which browsers reach the \
             server, sets a new password, once:\n  {path}"
        ),
    }
    Ok(())
}

fn own_url(config: &Config, address: SocketAddr) -> String {
    let scheme =
        if config.server.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
    format!("{scheme}://{address}")
}

/// Works on a database that no server uses meanwhile: it would not notice.
async fn with_lease<T>(
    store: &Store,
    config: &Config,
    purpose: &str,
    work: impl AsyncFnOnce(&Store) -> Result<T, Error>,
) -> Result<T, Error> {
    let name = format!("process {}, which {purpose}", std::process::id());
    let times = LeaseTimes::from_ms(config.store.lease_heartbeat_ms, config.store.lease_expiry_ms);
    let lease = store.acquire_lease(name, times).await?;
    let outcome = work(store).await;
    if let Some(lease) = lease {
        lease.release().await?;
    }
    outcome
}

async fn serve(config: Config) -> Result<(), Error> {
    // Each connection needs a descriptor.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let listener = TcpListener::bind(config.server.listen).await.map_err(|error| {
        Error::invalid(
            "server.listen",
            format!("cannot be used ({}): {error}", config.server.listen),
        )
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let url = own_url(&config, address);
    let is_checkout = std::path::Path::new("scripts/buf").exists();
    println!("{}", greeting(&url, config.server.reflection, is_checkout));
    Box::pin(causerie::serve(config, listener, stop_signal())).await
}

/// Where the server is, and how to try it: commands that can be run as they
/// stand, in the checkout through its own scripts.
fn greeting(url: &str, reflection: bool, is_checkout: bool) -> String {
    let chat = match (is_checkout, url) {
        (true, "http://127.0.0.1:8080") => "make chat".to_owned(),
        (true, _) => format!("make chat ARGS=\"--server {url}\""),
        (false, _) => format!("causerie-chat --server {url}"),
    };
    let buf = if is_checkout { "scripts/buf" } else { "buf" };
    // Over TLS the handshake agrees on HTTP/2.
    let plaintext = if url.starts_with("http://") { " --http2-prior-knowledge" } else { "" };
    let methods = format!("\n  {buf} curl --protocol grpc{plaintext} {url} --list-methods");
    let place = if is_checkout { ", in this folder" } else { "" };
    format!(
        "Causerie serves gRPC, grpc-web and its web client on {url}

Open that address in a browser, or try in another terminal{place}:
  {chat}{}
",
        if reflection { &methods } else { "" }
    )
}

/// Interrupt or terminate.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("signals cannot be heard; only killing stops this server");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn start_log(log: &Log) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| Error::invalid("log.filter", error.to_string()))?
        // What admins do is always in it.
        .add_directive("audit=info".parse().map_err(Error::internal)?);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if log.json {
        builder.json().init();
    } else {
        builder.with_target(false).init();
    }
    Ok(())
}
