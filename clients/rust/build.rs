//! Compiles the protos with protox, so that building needs no protoc.

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../proto");
    let mut compiler = protox::Compiler::new(["../../proto", "../../proto/third_party"])?;
    compiler.include_imports(true).include_source_info(true).open_files([
        "causerie/v1/server.proto",
        "causerie/v1/auth.proto",
        "causerie/v1/users.proto",
        "causerie/v1/rooms.proto",
        "causerie/v1/chat.proto",
        "causerie/v1/files.proto",
        "causerie/v1/admin.proto",
    ])?;
    let encoded = compiler.encode_file_descriptor_set();
    let set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(set)?;
    Ok(())
}
