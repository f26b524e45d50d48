//! Compiles the protos with protox, so that building needs no protoc.

use std::{env, fs, path::PathBuf};

use prost::Message as _;

const PROTOS: [&str; 9] = [
    "causerie/v1/types.proto",
    "causerie/v1/server.proto",
    "causerie/v1/auth.proto",
    "causerie/v1/users.proto",
    "causerie/v1/rooms.proto",
    "causerie/v1/chat.proto",
    "causerie/v1/files.proto",
    "causerie/v1/admin.proto",
    // The details of errors. No message of ours refers to them, but whoever
    // decodes an error by reflection asks for them.
    "google/rpc/error_details.proto",
];

/// What the server sends on a stream is encoded once for all its receivers, so
/// there the response is a frame of ready bytes (`wire::frame`).
const FRAMES: [&str; 2] = [".causerie.v1.ChatResponse", ".causerie.v1.SubscribeResponse"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=migrations");
    // Carried in the binary; empty where only the server is built.
    fs::create_dir_all("clients/web/dist")?;
    println!("cargo:rerun-if-changed=clients/web/dist");

    let mut compiler = protox::Compiler::new(["proto", "proto/third_party"])?;
    compiler.include_imports(true).include_source_info(true).open_files(PROTOS)?;
    // Reflection serves these bytes; `file_descriptor_set()` would lose options.
    let encoded = compiler.encode_file_descriptor_set();
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo sets OUT_DIR")?;
    fs::write(out.join("causerie.bin"), &encoded)?;

    let set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    let mut config = tonic_prost_build::configure()
        .build_client(false)
        .extern_path(".google.rpc", "::tonic_types::pb");
    for message in FRAMES {
        config = config.extern_path(message, "crate::wire::frame::Frame");
    }
    config.compile_fds(set)?;
    Ok(())
}
