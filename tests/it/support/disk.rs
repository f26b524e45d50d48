//! A disk that is soon full.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
};

use super::within;

/// A file system in memory, in a namespace of its own: this needs no root, but
/// a kernel that gives user namespaces to everybody.
pub struct SmallDisk {
    folder: TempDir,
    /// A shell in the namespace, which lasts as long as its input.
    shell: Child,
}

impl SmallDisk {
    /// `None` where the machine forbids it; the reason is printed then.
    pub async fn create(kib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().display();
        let script = format!("mount -t tmpfs -o size={kib}k none {path} && echo mounted && read _");
        let spawned = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut shell = match spawned {
            Ok(shell) => shell,
            Err(error) => return forbidden(&format!("unshare cannot be run: {error}")),
        };
        let mut lines = BufReader::new(shell.stdout.take().expect("a pipe")).lines();
        if within("the mount", lines.next_line()).await.expect("its output").is_none() {
            let mut why = String::new();
            let mut errors = shell.stderr.take().expect("a pipe");
            errors.read_to_string(&mut why).await.expect("a text");
            return forbidden(why.trim());
        }
        Some(Self { folder, shell })
    }

    /// Where the disk is, for those who are in the namespace.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What starts a program in the namespace.
    pub fn launcher(&self) -> Vec<String> {
        let pid = self.shell.id().expect("it is running").to_string();
        ["nsenter", "--target", &pid, "--user", "--mount", "--preserve-credentials"]
            .map(str::to_owned)
            .into()
    }

    /// Gives the disk another size.
    pub async fn resize(&self, kib: u32) {
        let folder = self.folder.path().display();
        self.run(&format!("mount -o remount,size={kib}k {folder}")).await;
    }

    /// Fills what is left of the disk with a file.
    pub async fn fill(&self) {
        let filler = self.filler();
        // It ends when there is no space left, which is a failure to `cat`.
        self.run(&format!("cat /dev/zero > {0} 2> /dev/null || test -s {0}", filler.display()))
            .await;
    }

    /// Removes what [`Self::fill`] has written.
    pub async fn empty(&self) {
        self.run(&format!("rm {}", self.filler().display())).await;
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    async fn run(&self, script: &str) {
        let launcher = self.launcher();
        let run =
            Command::new(&launcher[0]).args(&launcher[1..]).args(["sh", "-c", script]).status();
        assert!(within("a command", run).await.expect("nsenter").success(), "{script}");
    }
}

fn forbidden(why: &str) -> Option<SmallDisk> {
    eprintln!(
        "NOT TESTED: this machine lets no ordinary user mount a file system ({why}). A full disk \
         is tested only by a limit on the size of files."
    );
    None
}
