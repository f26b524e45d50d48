//! Stubs for other languages can be generated from the protos, and come under the
//! names that the protos' options give them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One language: what generates its stubs, and what has to come of it.
struct Language {
    name: &'static str,
    /// Programs beside protoc, each with its Debian package.
    plugins: &'static [(&'static str, &'static str)],
    /// Arguments to protoc; `OUT` stands for the folder.
    arguments: &'static [&'static str],
    /// A file and a line in it.
    expected: &'static [(&'static str, &'static str)],
}

const LANGUAGES: [Language; 7] = [
    Language {
        name: "Go",
        plugins: &[
            ("protoc-gen-go", "protoc-gen-go"),
            ("protoc-gen-go-grpc", "protoc-gen-go-grpc"),
        ],
        arguments: &["--go_out=OUT", "--go-grpc_out=OUT"],
        expected: &[
            ("causerie/v1/chat.pb.go", "package causeriev1"),
            ("causerie/v1/chat_grpc.pb.go", "type ChatServiceClient interface {"),
        ],
    },
    Language {
        name: "Java",
        plugins: &[("grpc_java_plugin", "protobuf-compiler-grpc-java-plugin")],
        arguments: &[
            "--java_out=OUT",
            "--plugin=protoc-gen-grpc-java=grpc_java_plugin",
            "--grpc-java_out=OUT",
        ],
        expected: &[
            ("com/causerie/v1/Message.java", "package com.causerie.v1;"),
            ("com/causerie/v1/ChatProto.java", "public final class ChatProto {"),
            ("com/causerie/v1/ChatServiceGrpc.java", "package com.causerie.v1;"),
        ],
    },
    Language {
        name: "Kotlin",
        plugins: &[],
        arguments: &["--kotlin_out=OUT"],
        expected: &[("com/causerie/v1/MessageKt.kt", "package com.causerie.v1;")],
    },
    Language {
        name: "C#",
        // The plugin for services is in NuGet alone.
        plugins: &[],
        arguments: &["--csharp_out=OUT"],
        expected: &[("Chat.cs", "namespace Causerie.V1 {")],
    },
    Language {
        name: "PHP",
        plugins: &[("grpc_php_plugin", "protobuf-compiler-grpc")],
        arguments: &[
            "--php_out=OUT",
            "--plugin=protoc-gen-grpc-php=grpc_php_plugin",
            "--grpc-php_out=OUT",
        ],
        expected: &[
            ("Causerie/V1/Message.php", "namespace Causerie\\V1;"),
            ("Causerie/V1/ChatServiceClient.php", "namespace Causerie\\V1;"),
        ],
    },
    Language {
        name: "Ruby",
        plugins: &[("grpc_ruby_plugin", "protobuf-compiler-grpc")],
        arguments: &[
            "--ruby_out=OUT",
            "--plugin=protoc-gen-grpc-ruby=grpc_ruby_plugin",
            "--grpc-ruby_out=OUT",
        ],
        expected: &[("causerie/v1/chat_services_pb.rb", "module Causerie")],
    },
    Language {
        name: "Python",
        plugins: &[("grpc_python_plugin", "protobuf-compiler-grpc")],
        arguments: &[
            "--python_out=OUT",
            "--plugin=protoc-gen-grpc-python=grpc_python_plugin",
            "--grpc-python_out=OUT",
        ],
        expected: &[("causerie/v1/chat_pb2_grpc.py", "class ChatServiceStub(object):")],
    },
];

/// What this cannot generate is only given names.
const OPTIONS: [&str; 2] =
    ["option swift_prefix = \"Causerie\";", "option objc_class_prefix = \"CSR\";"];

fn protos() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proto")
}

fn files() -> Vec<PathBuf> {
    let folder = fs::read_dir(protos().join("causerie/v1")).expect("the protos");
    folder.map(|entry| entry.expect("a proto").path()).collect()
}

/// Where a program is; `make test` installs it.
fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is missing: `make need-protoc`, or on Debian: apt-get install {package}")
    })
}

fn generate(language: &Language, out: &Path) {
    let mut command = Command::new(program("protoc", "protobuf-compiler"));
    command.arg("-I").arg(protos()).arg("-I").arg(protos().join("third_party"));
    for argument in language.arguments {
        let mut argument = argument.replace("OUT", out.to_str().expect("a path as text"));
        for (name, package) in language.plugins {
            let path = program(name, package);
            if argument.ends_with(&format!("={name}")) {
                argument = argument.replace(name, path.to_str().expect("a path as text"));
            }
        }
        command.arg(argument);
    }
    let output = command.args(files()).output().expect("protoc runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", language.name);
    for (file, line) in language.expected {
        let text = fs::read_to_string(out.join(file));
        let text = text.unwrap_or_else(|error| panic!("{}: {file}: {error}", language.name));
        let is_there = text.lines().any(|it| it.trim() == *line);
        assert!(is_there, "{}: no line {line:?} in {file}", language.name);
    }
}

#[test]
fn stubs_are_generated_in_every_language_that_protoc_knows() {
    for language in &LANGUAGES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        generate(language, folder.path());
    }
}

#[test]
fn other_languages_have_their_options() {
    for file in files() {
        let text = fs::read_to_string(&file).expect("a proto");
        for option in OPTIONS {
            assert!(text.lines().any(|line| line == option), "{option} in {}", file.display());
        }
    }
}
