//! What ARCHITECTURE.md promises of the source text: arrows point down, SQL
//! and tonic stay where they belong, and nothing public lacks its comment.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What each layer may use of the crate, besides itself.
const ARROWS: [(&str, &[&str]); 15] = [
    ("error", &[]),
    ("config", &["clock", "model", "error"]),
    ("clock", &["model"]),
    ("model", &["error"]),
    ("transport", &["config", "error"]),
    ("wire", &["model", "error"]),
    ("store", &["clock", "model", "error"]),
    ("fanout", &["transport", "wire", "model", "error"]),
    ("auth", &["config", "clock", "model", "error"]),
    ("files", &["config", "model", "error"]),
    ("service", &["store", "fanout", "auth", "files", "config", "clock", "model", "error"]),
    ("stream", &["service", "fanout", "transport", "wire", "config", "clock", "model", "error"]),
    ("web", &[]),
    ("api", &["stream", "service", "auth", "transport", "wire", "model", "error"]),
    ("routes", &["api", "web", "service", "transport", "wire", "config", "model", "error"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = fs::read_to_string(&path).expect("a text");
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{ending} file in {folder}");
    found
}

/// The layer of a file in src: its folder, or its own name.
fn layer(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("a file in src");
    let first = inside.iter().next().expect("a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of the crate that a text names, `use` groups included.
fn used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            // The first word of each element at the group's own depth.
            let (mut depth, mut begins) = (1, true);
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => begins = true,
                    c if depth == 1 && begins && (c.is_alphanumeric() || c == '_') => word.push(c),
                    ':' if depth == 1 => begins = false,
                    _ => {}
                }
                if !word.is_empty() && (!begins || depth == 0 || c == ',') {
                    used.push(std::mem::take(&mut word));
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            used.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    used
}

fn upward(layer: &str, text: &str) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == layer) else { return vec![] };
    let layers = ARROWS.iter().map(|(name, _)| *name).chain(["server"]);
    let layers: Vec<_> = layers.collect();
    used(text)
        .into_iter()
        .filter(|module| layers.contains(&module.as_str()))
        .filter(|module| module != layer && !allowed.contains(&module.as_str()))
        .collect()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs") {
        for module in upward(&layer(&path), &without_comments(&text)) {
            wrong.push(format!("{} uses {module}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_arrow_check_sees_what_it_should() {
    assert_eq!(upward("model", "use crate::store::Store;"), ["store"]);
    assert_eq!(
        upward("store", "use crate::{\n    service::{Services, x},\n    model::A,\n};"),
        ["service"]
    );
    assert_eq!(upward("store", "use crate::{model, wire};"), ["wire"]);
    assert_eq!(
        upward("api", "use crate::{service::Services, error::Error, model::{Caller, store}};"),
        [""; 0]
    );
    assert_eq!(upward("error", "crate::model::Room"), ["model"]);
}

#[test]
fn sqlx_and_tonic_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (path, text) in files("src", "rs") {
        let text = without_comments(&text);
        let layer = layer(&path);
        if text.contains("sqlx") && layer != "store" {
            wrong.push(format!("{} names sqlx", path.display()));
        }
        if text.contains("tonic") && !["api", "wire", "routes", "server"].contains(&layer.as_str())
        {
            wrong.push(format!("{} names tonic", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_migration_has_its_twin() {
    let names = |folder: &str| -> Vec<_> {
        let found = files(folder, "sql").into_iter();
        found.map(|(path, _)| path.file_name().map(std::ffi::OsStr::to_owned)).collect()
    };
    assert_eq!(names("migrations/mysql"), names("migrations/sqlite"));
    // The same tables with the same columns, in the same order.
    let columns = |folder: &str| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        let found = files(folder, "sql").into_iter().flat_map(|(_, text)| {
            text.lines()
                .filter(|line| line.starts_with("create table") || line.starts_with("    "))
                .map(|line| if line.starts_with("create") { line.to_owned() } else { words(line) })
                .filter(|word| !["key", "unique", "primary", "--"].contains(&word.as_str()))
                .collect::<Vec<_>>()
        });
        found.collect()
    };
    assert_eq!(columns("migrations/mysql"), columns("migrations/sqlite"));
}

/// A migration that takes something away stops older servers from starting, and
/// says so in its name.
#[test]
fn every_migration_expands_the_schema_or_says_that_it_contracts_it() {
    let takes_away = ["drop table", "drop column", "rename ", " modify ", " change "];
    for (path, text) in
        files("migrations/mysql", "sql").into_iter().chain(files("migrations/sqlite", "sql"))
    {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        // Older servers start on none of these.
        let number = name[..4].parse::<u32>().expect("a number");
        if number <= 21 {
            continue;
        }
        let raises = format!("update schema_compatibility set min_version = {number};");
        let is_contract = name[4..].starts_with("_contract_");
        assert_eq!(text.contains(&raises), is_contract, "{name}");
        let found = takes_away.iter().find(|words| text.contains(**words));
        assert!(is_contract || found.is_none(), "{name}: {found:?}");
    }
}

/// Lines that begin a key of a TOML text and have no comment above.
fn keys_without_comment(toml: &str) -> Vec<String> {
    let mut commented = false;
    let mut bare = Vec::new();
    for line in toml.lines() {
        if line.starts_with('#') {
            commented = true;
        } else if line.contains(" = ") {
            // Keys that stand together share a comment.
            if !commented {
                bare.push(line.to_owned());
            }
        } else {
            commented = false;
        }
    }
    bare
}

#[test]
fn every_option_has_its_comment() {
    assert_eq!(keys_without_comment(causerie::config::DEFAULTS), [""; 0]);
    assert_eq!(keys_without_comment("[a]\nb = 1\n# c\nd = 2\ne = 3"), ["b = 1"]);
}

/// Declarations of a proto text that have no comment above.
fn undocumented(proto: &str) -> Vec<String> {
    let mut bare = Vec::new();
    let mut commented = false;
    for line in proto.lines().map(str::trim) {
        let declares = ["service ", "rpc ", "message ", "enum ", "oneof "]
            .iter()
            .any(|word| line.starts_with(word))
            || (line.ends_with(';')
                && line.contains(" = ")
                && !["syntax", "option "].iter().any(|word| line.starts_with(word)));
        if declares && !commented {
            bare.push(line.to_owned());
        }
        commented = line.starts_with("//");
    }
    bare
}

#[test]
fn everything_in_the_protos_has_its_comment() {
    for (path, text) in files("proto/causerie", "proto") {
        assert_eq!(undocumented(&text), [""; 0], "{}", path.display());
    }
    let bad = "// a\nmessage M {\n  string x = 1;\n  // y\n  int64 y = 2;\n}\nservice S {";
    assert_eq!(undocumented(bad), ["string x = 1;", "service S {"]);
}

/// What the comment of an RPC says of making the call again; see proto/README.md.
const REPEATS: [&str; 4] = [
    "Safe to repeat.",
    "Repeat with the same idempotency_key.",
    "Repeat with the same client_message_id.",
    "Do not repeat.",
];

#[test]
fn every_rpc_says_whether_it_may_be_repeated() {
    let protos = files("proto/causerie", "proto");
    let requests_with = |field: &str| -> Vec<String> {
        let messages = protos.iter().flat_map(|(_, text)| text.split("\nmessage ").skip(1));
        let has = |body: &&str| {
            let fields = body.split("\n}").next().expect("a body");
            fields.contains(&format!("  string {field} = "))
        };
        messages
            .filter(has)
            .filter_map(|body| body.split_whitespace().next())
            .map(Into::into)
            .collect()
    };
    let (keyed, named) = (requests_with("idempotency_key"), requests_with("client_message_id"));
    let mut rpcs = 0;
    for (path, text) in &protos {
        let mut comment = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(more) = line.strip_prefix("//") {
                comment.push_str(more);
            } else if let Some(rpc) = line.strip_prefix("rpc ") {
                rpcs += 1;
                let said: Vec<_> =
                    REPEATS.into_iter().filter(|sentence| comment.contains(sentence)).collect();
                assert_eq!(said.len(), 1, "{}: {rpc}: {said:?}", path.display());
                let request = rpc.split(['(', ')']).nth(1).expect("a request").to_owned();
                assert_eq!(said[0] == REPEATS[1], keyed.contains(&request), "{rpc}");
                assert_eq!(said[0] == REPEATS[2], named.contains(&request), "{rpc}");
            } else {
                comment.clear();
            }
        }
    }
    assert!(rpcs > 60 && !keyed.is_empty() && !named.is_empty(), "{rpcs} RPCs were found");
}
