//! The scripts that prepare a machine for the tests: what they need, and what
//! they say when it is not there.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const NEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/need");
const WITH_MARIADB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-mariadb");

/// What `scripts/need` itself calls, besides the package manager.
const TOOLS: [&str; 8] = ["bash", "env", "mktemp", "rm", "sleep", "tail", "touch", "chmod"];

/// A machine with the programs in a folder and nothing else.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn with(programs: &[&str]) -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a folder") };
        for tool in TOOLS {
            std::os::unix::fs::symlink(find(tool), machine.path(tool)).expect("a link");
        }
        machine.program("id", "echo 0");
        for program in programs {
            machine.program(program, "exit 0");
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!{}\n{script}\n", find("bash").display())).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    /// A package manager that notes how it is called before it does `script`,
    /// in which `program NAME` installs a program.
    fn package_manager(&self, script: &str) {
        let folder = self.folder.path().display();
        self.program(
            "apt-get",
            &format!(
                "cd {folder}; echo \"$*\" >>calls\n\
                 program() {{ echo '#!/bin/sh' >$1; chmod +x $1; }}\n{script}"
            ),
        );
    }

    /// How the package manager was called.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        Command::new(script)
            .args(arguments)
            .env("PATH", self.folder.path())
            .output()
            .expect("the script runs")
    }
}

fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(program));
    found.find(|path| Path::is_file(path)).unwrap_or_else(|| panic!("{program} is not here"))
}

/// Itself, and not a script that chooses one.
fn python() -> PathBuf {
    let script = "import sys; print(sys.executable, end='')";
    let output = Command::new("python3").args(["-c", script]).output().expect("python3 runs");
    String::from_utf8(output.stdout).expect("a path").into()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nothing_is_installed_where_each_program_is_there_by_one_of_its_names() {
    let machine = Machine::with(&["one-server", "two-admin-old-name"]);
    machine.package_manager("exit 1");
    let output = machine.run(NEED, &["package", "one-server", "two-admin,two-admin-old-name"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn one_program_of_several_that_is_missing_is_installed_when_a_busy_package_manager_is_done() {
    let machine = Machine::with(&["one-server"]);
    machine.package_manager("program two-admin");
    let output = machine.run(NEED, &["package", "one-server", "two-admin,two-admin-old-name"]);
    assert!(output.status.success(), "{}", errors(&output));
    let calls = machine.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("DPkg::Lock::Timeout=600 install"), "{calls:?}");
    assert!(calls[0].ends_with(" package"), "{calls:?}");
}

#[test]
fn package_lists_that_another_process_has_locked_are_waited_for() {
    let machine = Machine::with(&[]);
    machine.package_manager(
        "case \"$*\" in\n\
         *update) [ -e busy ] || { touch busy; echo 'E: Could not get lock /lists' >&2; exit 100; }; touch lists ;;\n\
         *) [ -e lists ] || { echo 'E: Unable to locate package' >&2; exit 100; }; program only ;;\n\
         esac",
    );
    let output = machine.run(NEED, &["package", "only"]);
    assert!(output.status.success(), "{}", errors(&output));
    let verbs: Vec<_> = machine
        .calls()
        .iter()
        .filter_map(|call| call.split(' ').nth(2).map(str::to_owned))
        .collect();
    assert_eq!(verbs, ["install", "update", "update", "install"]);
}

#[test]
fn a_package_that_cannot_be_installed_is_named_with_the_reason_and_each_missing_program() {
    let machine = Machine::with(&["two"]);
    machine.package_manager("echo 'E: no network' >&2; exit 100");
    let output = machine.run(NEED, &["the-package", "one", "two", "three,three-old"]);
    let errors = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for part in ["E: no network", "one, three missing", "apt-get install the-package"] {
        assert!(errors.contains(part), "{part} is not in: {errors}");
    }
    assert!(machine.calls().len() <= 2, "a failure without a lock is not tried again");
}

#[test]
fn a_package_that_does_not_have_the_program_is_no_success() {
    let machine = Machine::with(&[]);
    machine.package_manager("exit 0");
    let output = machine.run(NEED, &["the-package", "only"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("only missing"), "{}", errors(&output));
}

#[test]
fn a_mariadb_without_one_of_its_programs_is_refused_before_anything_is_made() {
    // The server itself is looked for in the system's folders too, where a real one may be.
    for missing in ["mariadb-admin", "mariadb-install-db"] {
        let system = ["/usr/sbin", "/usr/local/sbin"].map(|folder| Path::new(folder).join(missing));
        if system.iter().any(|path| path.exists()) {
            eprintln!("not tested: {missing} is in a folder of the system");
            continue;
        }
        let machine = Machine::with(&["mariadbd", "mariadb-admin"]);
        let made = machine.path("made");
        machine.program("mariadb-install-db", &format!("touch {}", made.display()));
        fs::remove_file(machine.path(missing)).expect("it was there");
        std::os::unix::fs::symlink(python(), machine.path("python3")).expect("a link");
        let output = machine.run(WITH_MARIADB, &["true"]);
        let errors = errors(&output);
        assert!(!output.status.success(), "{missing}");
        assert!(errors.contains(&format!("{missing} is not installed")), "{missing}: {errors}");
        assert!(!made.exists(), "{missing}: no data folder is made before all is there");
    }
}
